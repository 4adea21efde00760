"""From whatever a name leads to, an index or a manifest, to the one image asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from layerscope.errors import InvalidImage, PlatformNotFound, UnsupportedImage
from layerscope.layers.blob import LayerBlob
from layerscope.oci import mediatypes
from layerscope.oci.config import ImageConfig, parse_config
from layerscope.oci.digest import Digest
from layerscope.oci.manifest import MAX_MANIFESTS, Index, Manifest, parse_manifest
from layerscope.oci.platform import Platform, choose
from layerscope.sources.image import Image, require_same_count
from layerscope.sources.statements import about, read_statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from layerscope.errors import LayerscopeError
    from layerscope.layers.blob import ReadLayer
    from layerscope.oci.descriptor import Descriptor

MAX_INDEX_DEPTH = 4
"""Indexes may nest (image-index.md); deeper than this nobody means it."""
_MAY_BE_IMAGES = mediatypes.MANIFESTS | mediatypes.SCHEMA1 | {""}
"""Other media types in an index are somebody else's business (image-index.md: they must not be an error)."""


class Store(Protocol):
    """A place that holds blobs by digest: a registry's repository, a layout, an archive.

    ``manifest`` and ``config`` return bytes that the caller verifies; both raise NotFound for what is not there.
    """

    def manifest(self, descriptor: Descriptor) -> bytes:
        """The exact bytes of a manifest or index."""

    def config(self, descriptor: Descriptor) -> bytes:
        """The exact bytes of a config blob."""

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """The stored bytes of a layer blob, in chunks, from the start; each call starts anew."""

    def passed(self, descriptor: Descriptor) -> ReadLayer | LayerscopeError | None:
        """The layer, where the source is a stream and it was read as it passed; None where ``open`` delivers."""


@dataclass(frozen=True, slots=True)
class Root:
    """What a name led to: the bytes of a manifest or index, and the media type its server gave."""

    data: bytes
    media_type: str
    what: str
    """How messages name it."""


def resolve(store: Store, root: Root, wanted: Platform | None, beside: Sequence[Descriptor] = ()) -> Image:
    """The image of ``wanted`` below ``root``; of this machine's platform, or the only one there is, when None.

    Attestations are never chosen; nested indexes are followed. PlatformNotFound lists what is offered. The caller
    fills in ``reference``, ``source`` and resources; ``beside`` are what a list that is no index has next to ``root``.
    """
    top = parse_manifest(root.data, root.what, root.media_type)
    if isinstance(top, Manifest):
        return _with_statements(_image(store, top, root.what, wanted, None, ()), store, beside)
    offers = _Offers(store)
    offers.collect(top, 1)
    chosen = offers.pick(root.what, wanted)
    unproven = wanted if chosen.platform is None else None  # the index did not say, so the config must
    manifest = offers.manifest(chosen)
    image = _image(store, manifest, f"manifest {chosen.digest}", unproven, top.digest, offers.platforms())
    return _with_statements(image, store, offers.attestations)


def verified(data: bytes, descriptor: Descriptor, what: str) -> bytes:
    """``data`` if it is what the descriptor promises; InvalidImage with expected and found otherwise."""
    if len(data) != descriptor.size:
        raise InvalidImage(f"{what}: size is wrong: expected {descriptor.size} bytes, found {len(data)}")
    found = Digest.of(data, descriptor.digest.algorithm)
    if found != descriptor.digest:
        raise InvalidImage(
            f"{what}: digest is wrong: expected {descriptor.digest}, found {found}",
            hint="the document was altered or damaged where it is stored or on its way",
        )
    return data


def read_manifest(store: Store, descriptor: Descriptor) -> Manifest | Index:
    """Fetch, verify and parse the manifest or index a descriptor names."""
    kind = "index" if descriptor.media_type in mediatypes.INDEXES else "manifest"
    what = f"{kind} {descriptor.digest}"
    data = descriptor.data if descriptor.data is not None else store.manifest(descriptor)
    return parse_manifest(verified(data, descriptor, what), what, descriptor.media_type)


def read_config(store: Store, descriptor: Descriptor) -> ImageConfig:
    """Fetch, verify and parse the config a manifest names."""
    what = f"config {descriptor.digest}"
    data = descriptor.data if descriptor.data is not None else store.config(descriptor)
    return parse_config(verified(data, descriptor, what), what)


@dataclass(slots=True)
class _Offers:
    """The image manifests an index offers, nested ones included, in order."""

    store: Store
    descriptors: list[Descriptor] = field(default_factory=list)
    attestations: list[Descriptor] = field(default_factory=list)
    _seen: set[Digest] = field(default_factory=set)
    _read: dict[Digest, Manifest] = field(default_factory=dict)

    def collect(self, index: Index, depth: int) -> None:
        for descriptor in index.manifests:
            if descriptor.is_attestation:
                self.attestations.append(descriptor)
                continue
            if descriptor.digest in self._seen:
                continue
            self._seen.add(descriptor.digest)
            if len(self._seen) > MAX_MANIFESTS:
                raise InvalidImage(f"index {index.digest} leads to more than {MAX_MANIFESTS} manifests")
            if descriptor.media_type in mediatypes.INDEXES:
                if depth >= MAX_INDEX_DEPTH:
                    raise InvalidImage(f"indexes nest deeper than {MAX_INDEX_DEPTH} levels, at {descriptor.digest}")
                nested = read_manifest(self.store, descriptor)
                if isinstance(nested, Index):
                    self.collect(nested, depth + 1)
            elif descriptor.media_type in _MAY_BE_IMAGES:
                self.descriptors.append(descriptor)

    def platforms(self) -> tuple[Platform, ...]:
        return tuple(item.platform for item in self.descriptors if item.platform)

    def pick(self, what: str, wanted: Platform | None) -> Descriptor:
        if not self.descriptors:
            raise UnsupportedImage(f"{what} is an index that lists no image manifest")
        if len(self.descriptors) == 1 and (wanted is None or self.descriptors[0].platform is None):
            return self.descriptors[0]
        offered = [item.platform or self._own_platform(item) for item in self.descriptors]
        position = choose(offered, wanted or Platform.of_host())
        if position is None:
            raise no_platform(what, wanted, [item for item in offered if item])
        return self.descriptors[position]

    def _own_platform(self, descriptor: Descriptor) -> Platform | None:
        """Where the index does not say, the image's config does."""
        return read_config(self.store, self.manifest(descriptor).config).platform

    def manifest(self, descriptor: Descriptor) -> Manifest:
        """An offer's manifest, fetched once."""
        if descriptor.digest not in self._read:
            found = read_manifest(self.store, descriptor)
            if isinstance(found, Index):
                raise InvalidImage(f"{descriptor.digest} is listed as a manifest, but it is an index")
            self._read[descriptor.digest] = found
        return self._read[descriptor.digest]


def no_platform(what: str, wanted: Platform | None, offered: list[Platform]) -> PlatformNotFound:
    """The error that says what is there instead."""
    names = ", ".join(dict.fromkeys(map(str, offered))) or "no platform at all"
    asked = str(wanted) if wanted else f"{Platform.of_host()} (this machine's)"
    return PlatformNotFound(
        f"{what} offers no {asked}; it has {names}",
        hint="choose one of these with --platform OS/ARCHITECTURE[/VARIANT]",
        offered=tuple(dict.fromkeys(item.name for item in offered)),
    )


def _with_statements(image: Image, store: Store, beside: Sequence[Descriptor]) -> Image:
    """The image, and what speaks of it: nothing of that is read before somebody asks."""
    attestations = about(beside, image.manifest.digest) if image.manifest else ()
    if attestations:
        image.statements = partial(read_statements, store, attestations)
    return image


def _image(
    store: Store,
    manifest: Manifest,
    what: str,
    wanted: Platform | None,
    index_digest: Digest | None,
    platforms: tuple[Platform, ...],
) -> Image:
    config = read_config(store, manifest.config)
    if wanted is not None and config.platform is not None and choose([config.platform], wanted) is None:
        raise no_platform(what, wanted, [config.platform])
    require_same_count(len(manifest.layers), len(config.diff_ids), what)
    layers = tuple(
        LayerBlob(
            position=position,
            diff_id=diff_id,
            open=partial(store.open, descriptor),
            digest=descriptor.digest,
            size=descriptor.size,
            media_type=descriptor.media_type,
            passed=store.passed(descriptor),
        )
        for position, (descriptor, diff_id) in enumerate(zip(manifest.layers, config.diff_ids, strict=True))
    )
    own = (config.platform,) if config.platform else ()
    return Image(
        reference="",
        source="",
        config=config,
        layers=layers,
        manifest=manifest,
        index_digest=index_digest,
        platforms=platforms or own,
        annotations=manifest.annotations,
    )
