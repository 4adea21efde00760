"""An engine's image out of its save: one stream, indexed as it passes, whichever store wrote it."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage, LayerscopeError, NotFound, PlatformNotFound
from layerscope.oci.digest import Digest
from layerscope.sources.dockerarchive import open_docker_archive, saved_images
from layerscope.sources.known import is_config
from layerscope.sources.layout import LayoutStore, open_layout
from layerscope.sources.resolve import Root, resolve
from layerscope.sources.stream import Stream

if TYPE_CHECKING:
    from layerscope.engines.images import EngineImage
    from layerscope.engines.saving import Save
    from layerscope.layers.cache import IndexCache
    from layerscope.layers.reader import LayerReader
    from layerscope.sources.image import Image
    from layerscope.sources.members import Members


_LAST_CHUNKS = 4
"""How much is read on for a reason, of an archive that is no good."""


def saved_image(save: Save, found: EngineImage, reader: LayerReader) -> Image:
    """Save the image, reading its layers on the way, and keep its documents in the reader's cache.

    The ID tells the stores apart. With containerd's it names a manifest or index, which the save then holds: layers are
    the stored blobs. Otherwise it names the config, and whatever manifest a save may hold was made up to hold it.
    """
    with closing(save.chunks()) as chunks:
        try:
            stream = Stream(chunks, save.what, reader)
            image = _image(stream, found)
        except LayerscopeError as error:
            with suppress(LayerscopeError):  # the engine's own words, if it wrote any, are at the end
                for _ in islice(chunks, _LAST_CHUNKS):
                    pass
            if save.failure is not None and error is not save.failure:
                raise save.failure from error  # a stream that broke looks like a damaged archive
            raise
    if reader.cache is not None:
        _remember(stream, image, found, reader.cache)
    return image


def _image(members: Members, found: EngineImage) -> Image:
    name = _blob(found.root)
    if members.has(name):
        data = members.document(name)
        if Digest.of(data, found.root.algorithm) != found.root:
            raise InvalidImage(f"{members.what}: {name} is not what its name says", hint="save it again")
        if not is_config(data, f"{members.what}: {name}"):
            return _resolved(members, data, found)
    elif found.manifest is not None:  # the engine chose another manifest of that platform
        return open_layout(members, "", found.platform)
    try:
        image = open_docker_archive(members, "", None)
    except NotFound as error:
        raise InvalidImage(f"{members.what} is incomplete: {error.message}", hint="run it again") from error
    if image.config.digest != found.id:
        raise InvalidImage(f"{members.what}: holds {image.config.digest} instead", hint="run it again")
    # What a save calls its layers is of this save alone: an image that needs none must be told of in the same words.
    image.layers = tuple(replace(layer, member="") for layer in image.layers)
    return image


def _resolved(members: Members, data: bytes, found: EngineImage) -> Image:
    what = f"{members.what}: {found.root}"
    try:
        return resolve(LayoutStore(members), Root(data, "", what), found.platform)
    except InvalidImage as error:
        if found.manifest is None and isinstance(error.__cause__, NotFound):  # the whole index, of what is here
            raise PlatformNotFound(
                f"{what}: the engine does not have {found.platform}",
                hint=f"leave --platform out, or pull it first: docker pull --platform {found.platform}",
            ) from error
        raise


def _remember(members: Members, image: Image, found: EngineImage, cache: IndexCache) -> None:
    """Keep the documents that lead from the ID to the layers: next time they need no save."""
    digest = image.config.digest
    if image.manifest is None:
        for saved in saved_images(members):
            data = members.document(saved.config)
            if digest is not None and Digest.of(data) == digest:
                cache.put_document(digest, data)
        return
    for wanted in (found.root, image.index_digest, image.manifest.digest, image.manifest.config.digest):
        if wanted is not None and members.has(_blob(wanted)):
            cache.put_document(wanted, members.document(_blob(wanted)))


def _blob(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"
