"""An engine's image that the cache knows: nothing of it has to be saved."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from layerscope.errors import InvalidImage, NotFound, SourceUnreachable
from layerscope.layers.blob import LayerBlob
from layerscope.layers.cache import vouched_by_engine
from layerscope.oci.config import parse_config
from layerscope.oci.jsondoc import parse_object
from layerscope.oci.mediatypes import is_encrypted_layer, is_foreign_layer
from layerscope.sources.image import Image
from layerscope.sources.resolve import Root, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from layerscope.engines.images import EngineImage
    from layerscope.errors import LayerscopeError
    from layerscope.layers.blob import ReadLayer
    from layerscope.layers.cache import IndexCache
    from layerscope.layers.probe import Probe
    from layerscope.oci.descriptor import Descriptor


def known_image(found: EngineImage, cache: IndexCache, probes: Sequence[Probe] | None) -> Image | None:
    """The image from the documents in the cache; None if one of them, or a layer with these ``probes``, is not there.

    With ``probes`` None the layers are of no interest. The engine vouches for a graphdriver's layers by their DiffIDs:
    it made that tar stream or unpacked it. A manifest's layers must be known as the manifest names them.
    """
    data = cache.document(found.root)
    if data is None:
        return None
    what = f"cached {found.root}"
    try:
        image = (
            _of_config(data, found, what)
            if is_config(data, what)
            else resolve(_CachedDocuments(cache), Root(data, "", what), found.platform)
        )
    except (InvalidImage, NotFound):
        return None
    if tuple(layer.diff_id for layer in image.layers) != found.diff_ids and found.diff_ids:
        return None
    if probes is not None and not all(_is_known(layer, cache, probes) for layer in image.layers):
        return None
    return image


def is_config(data: bytes, what: str) -> bool:
    """Whether a document is an image's config, and not its manifest or index."""
    return "rootfs" in parse_object(data, what)


def _of_config(data: bytes, found: EngineImage, what: str) -> Image:
    config = parse_config(data, what)
    layers = tuple(
        LayerBlob(position, diff_id, partial(_lost, str(diff_id)), witness=vouched_by_engine(diff_id))
        for position, diff_id in enumerate(config.diff_ids)
    )
    platforms = (config.platform,) if config.platform else ()
    return Image(reference="", source="", config=config, layers=layers, platforms=platforms)


def _is_known(layer: LayerBlob, cache: IndexCache, probes: Sequence[Probe]) -> bool:
    """Whether reading the layer will not need its bytes."""
    never_read = is_foreign_layer(layer.media_type) or is_encrypted_layer(layer.media_type)
    return never_read or cache.has(layer, probes)


def _lost(what: str) -> NoReturn:
    raise SourceUnreachable(f"{what} was in the cache when the engine was asked, and no longer is", hint="run it again")


@dataclasses.dataclass(frozen=True, slots=True)
class _CachedDocuments:
    """The cache as a Store: documents by digest, and layers that need no opening."""

    cache: IndexCache

    def manifest(self, descriptor: Descriptor) -> bytes:
        return self.config(descriptor)

    def config(self, descriptor: Descriptor) -> bytes:
        data = self.cache.document(descriptor.digest)
        if data is None:
            raise NotFound(f"{descriptor.digest} is not in the cache")
        return data

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        if is_foreign_layer(descriptor.media_type):
            raise NotFound("an engine saves no foreign layers")
        _lost(str(descriptor.digest))

    def passed(self, descriptor: Descriptor) -> ReadLayer | LayerscopeError | None:
        return None
