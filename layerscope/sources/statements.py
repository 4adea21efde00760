"""In-toto statements that hang beside an image in its index: BuildKit's attestation manifests.

moby/buildkit docs/attestations/attestation-storage.md: an entry of the index for no platform, whose annotations say
which manifest it speaks of; its layers are the statements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.errors import UnsafeImage
from layerscope.oci.descriptor import Descriptor
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES, get_list, parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.oci.digest import Digest
    from layerscope.sources.resolve import Store

_TYPE, _ABOUT = "vnd.docker.reference.type", "vnd.docker.reference.digest"
_PREDICATE = "in-toto.io/predicate-type"
_PROVENANCE = "https://slsa.dev/provenance/"
MAX_STATEMENT_BYTES = MAX_DOCUMENT_BYTES
"""It is read as JSON, whole."""


def about(beside: Sequence[Descriptor], manifest: Digest) -> tuple[Descriptor, ...]:
    """Those attestation manifests that speak of an image's manifest."""
    return tuple(
        each
        for each in beside
        if each.annotations.get(_TYPE) == "attestation-manifest" and each.annotations.get(_ABOUT) == str(manifest)
    )


def read_statements(store: Store, attestations: Sequence[Descriptor]) -> Iterator[bytes]:
    """The provenance statements of these manifests, verified. Raises what the store raises, and for what is damaged."""
    from layerscope.sources.resolve import verified

    for descriptor in attestations:
        what = f"attestation manifest {descriptor.digest}"
        document = parse_object(verified(store.manifest(descriptor), descriptor, what), what)
        for number, item in enumerate(get_list(document, "layers", what)):
            layer = Descriptor.from_json(item, f"{what}: layers[{number}]")
            if layer.annotations.get(_PREDICATE, "").startswith(_PROVENANCE):
                yield verified(_read(store, layer), layer, f"statement {layer.digest}")


def _read(store: Store, layer: Descriptor) -> bytes:
    if layer.size > MAX_STATEMENT_BYTES:
        raise UnsafeImage(f"statement {layer.digest} has {layer.size} bytes; the limit is {MAX_STATEMENT_BYTES}")
    data = bytearray()
    with store.open(layer) as chunks:
        for chunk in chunks:
            data += chunk
            if len(data) > MAX_STATEMENT_BYTES:
                raise UnsafeImage(f"statement {layer.digest} goes on past {MAX_STATEMENT_BYTES} bytes")
    return bytes(data)
