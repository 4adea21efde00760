"""An OCI image layout (image-spec image-layout.md), in a directory or an archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage, NotFound, UsageError
from layerscope.oci.jsondoc import get_str, parse_object
from layerscope.oci.manifest import Index, parse_manifest
from layerscope.oci.reference import normalised
from layerscope.sources.resolve import Root, resolve, verified

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from layerscope.errors import LayerscopeError
    from layerscope.layers.blob import ReadLayer
    from layerscope.oci.descriptor import Descriptor
    from layerscope.oci.platform import Platform
    from layerscope.sources.image import Image
    from layerscope.sources.members import Members

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"


@dataclass(frozen=True, slots=True)
class LayoutStore:
    """The blobs of a layout, as a Store."""

    members: Members

    def manifest(self, descriptor: Descriptor) -> bytes:
        """A manifest or index blob."""
        return self._document(descriptor, "manifest")

    def config(self, descriptor: Descriptor) -> bytes:
        """A config blob."""
        return self._document(descriptor, "config")

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A layer blob's stored bytes."""
        packed = self.members.blob(_blob_name(descriptor))
        if packed.open is None:
            raise NotFound(f"{self.members.what}: {_blob_name(descriptor)} has passed and cannot be read again")
        return packed.open()

    def passed(self, descriptor: Descriptor) -> ReadLayer | LayerscopeError | None:
        """The layer, if it was read as a stream passed."""
        name = _blob_name(descriptor)
        return self.members.blob(name).passed if self.members.has(name) else None

    def _document(self, descriptor: Descriptor, kind: str) -> bytes:
        try:
            return self.members.document(_blob_name(descriptor))
        except NotFound as error:
            raise InvalidImage(
                f"{self.members.what}: the {kind} {descriptor.digest} is missing",
                hint="the layout is incomplete; copy or export the image again",
            ) from error


def _blob_name(descriptor: Descriptor) -> str:
    return f"blobs/{descriptor.digest.algorithm}/{descriptor.digest.hex}"


def is_layout(members: Members) -> bool:
    """Whether this is an OCI layout."""
    return members.has("oci-layout") and members.has("index.json")


def open_layout(members: Members, name: str, wanted: Platform | None) -> Image:
    """The image called ``name`` (a tag or a whole reference; empty when there is but one) of a layout."""
    version = get_str(
        parse_object(members.document("oci-layout"), f"{members.what}: oci-layout"), "imageLayoutVersion", ""
    )
    if not version.startswith("1."):
        raise InvalidImage(f"{members.what}: OCI layout version {version[:40]!r} is not known", hint="1.0.0 is")
    what = f"{members.what}: index.json"
    data = members.document("index.json")
    index = parse_manifest(data, what)
    if not isinstance(index, Index):
        raise InvalidImage(f"{what} is no index")
    store = LayoutStore(members)
    chosen = _named(index, name, members.what)
    if chosen is None:
        image = resolve(store, Root(data, index.media_type, what), wanted)
    else:
        manifest_what = f"{members.what}: {chosen.digest}"
        manifest = verified(store.manifest(chosen), chosen, manifest_what)
        image = resolve(store, Root(manifest, chosen.media_type, manifest_what), wanted, index.manifests)
    if chosen is None:
        image.index_digest = None  # index.json is the layout's table of contents, not an index anybody pushed
    image.reference = f"{members.what}:{name}" if name else members.what
    return image


def _named(index: Index, name: str, what: str) -> Descriptor | None:
    """The descriptor that ``name`` means. None: no name was given and the whole index is one image."""
    names = {position: _names_of(descriptor) for position, descriptor in enumerate(index.manifests)}
    if name:
        for position, descriptor in enumerate(index.manifests):
            if name in names[position] or normalised(name) in map(normalised, names[position]):
                return descriptor
        known = ", ".join(sorted(names[0] for names in names.values() if names)) or "none that has a name"
        raise NotFound(f"{what} has no image called {name!r}; it has {known}")
    candidates = [descriptor for descriptor in index.manifests if not descriptor.is_attestation]
    if len(candidates) == 1:
        return candidates[0]
    distinct = sorted({found[0] for found in names.values() if found})
    if len(distinct) > 1:
        raise UsageError(
            f"{what} holds {len(distinct)} images; say which",
            hint="one of: " + ", ".join(f"{what}:{n}" for n in distinct),
        )
    return None


def _names_of(descriptor: Descriptor) -> list[str]:
    found = [descriptor.annotations.get(key, "") for key in (REF_NAME, CONTAINERD_NAME)]
    return [name for name in found if name]
