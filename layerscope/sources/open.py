"""``open_image``: from what the user wrote to an opened image, whatever kind of place it is in."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from layerscope.errors import (
    InvalidImage,
    InvalidReference,
    LayerscopeError,
    NotAuthorised,
    NotFound,
    PlatformNotFound,
    SourceUnreachable,
)
from layerscope.layers.blob import READ_CHUNK
from layerscope.layers.limits import Limits
from layerscope.layers.tarheader import BLOCK
from layerscope.oci.config import parse_config
from layerscope.oci.reference import Reference
from layerscope.sources.archive import Archive
from layerscope.sources.directory import Directory
from layerscope.sources.dockerarchive import is_docker_archive, open_docker_archive, saved_images
from layerscope.sources.layout import is_layout, open_layout
from layerscope.sources.location import (
    DOCKER_ARCHIVE,
    ENGINES,
    OCI_ARCHIVE,
    OCI_DIR,
    PATH,
    REGISTRY,
    STDIN,
    locate,
    split_path,
)
from layerscope.sources.packing import packing, unpacked
from layerscope.sources.stream import Stream

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from layerscope.layers.cache import IndexCache
    from layerscope.layers.reader import LayerReader
    from layerscope.oci.platform import Platform
    from layerscope.sources.image import Image
    from layerscope.sources.members import Members
    from layerscope.sources.registry import RegistryOptions


def open_image(
    text: str,
    *,
    platform: Platform | None = None,
    reader: LayerReader | None = None,
    registry: RegistryOptions | None = None,
    stdin: BinaryIO | None = None,
    cache: IndexCache | None = None,
) -> Image:
    """Open the image that ``text`` names: ``[SCHEME:]NAME``.

    ``reader`` reads the layers of a source that only flows (standard input, a compressed archive, an engine) as they
    pass; without it such an image has no readable layers, and an engine's config and history are those that ``cache``
    knows, or what the engine tells of them. ``platform`` chooses from an index; this machine's is preferred without.
    Raises NotFound, PlatformNotFound, SourceUnreachable, NotAuthorised, InvalidImage, UsageError.
    """
    location = locate(text)
    if location.kind in ENGINES:
        from layerscope.sources.engine import open_engine_image  # only when needed

        return open_engine_image(location.kind, location.name, platform, reader, cache)
    if location.kind == REGISTRY and location.name != text:
        return _from_registry(Reference.parse(location.name), platform, registry)
    if location.kind == REGISTRY:
        return _from_engine_or_registry(text, platform, reader, registry, cache)
    if location.name == STDIN:
        source = stdin or sys.stdin.buffer
        stream = Stream(
            unpacked(iter(partial(source.read, READ_CHUNK), b""), "standard input", _limits(reader)),
            "standard input",
            reader,
        )
        return _inside(stream, location.kind, "", platform)
    try:
        path, name = split_path(location.name)
        members = _open_path(path, reader)
    except FileNotFoundError as error:
        hint = "for an image in a registry, write registry:NAME"
        raise NotFound(f"{location.name}: no such file or directory", hint=hint) from error
    except PermissionError as error:
        raise SourceUnreachable(f"{location.name}: permission denied", hint="check who may read the file") from error
    except OSError as error:
        raise SourceUnreachable(f"{location.name}: {error.strerror}") from error
    try:
        image = _inside(members, location.kind, name, platform)
    except BaseException:
        members.close()
        raise
    image.resources.callback(members.close)
    return image


def _limits(reader: LayerReader | None) -> Limits:
    return reader.limits if reader else Limits()


def _open_path(path: Path, reader: LayerReader | None) -> Members:
    if path.is_dir():
        return Directory(path)
    if not path.is_file() and path.exists():  # a pipe, such as <(docker save x)
        return _stream(path, reader)
    with path.open("rb") as file:
        head = file.read(BLOCK)
    return Archive(path) if packing(head, str(path)) == "none" else _stream(path, reader)


def _stream(path: Path, reader: LayerReader | None) -> Stream:
    with path.open("rb") as file:
        chunks = iter(partial(file.read, READ_CHUNK), b"")
        return Stream(unpacked(chunks, str(path), _limits(reader)), str(path), reader)


def _inside(members: Members, kind: str, name: str, platform: Platform | None) -> Image:
    """The image among ``members``; ``kind`` is the scheme, or PATH where the content decides."""
    layout, saved = is_layout(members), is_docker_archive(members)
    if kind == DOCKER_ARCHIVE:
        layout = False
    elif kind in (OCI_ARCHIVE, OCI_DIR):
        saved = False
    if layout and saved:
        saved = _is_plain_save(members)
    if saved:
        return open_docker_archive(members, name, platform)
    if layout:
        image = open_layout(members, name, platform)
        image.source = OCI_DIR if isinstance(members, Directory) else OCI_ARCHIVE
        return image
    wanted = {DOCKER_ARCHIVE: "manifest.json", PATH: "manifest.json or oci-layout"}.get(
        kind, "oci-layout and index.json"
    )
    raise InvalidImage(
        f"{members.what} holds no image: there is no {wanted} in it",
        hint="an image archive comes from 'docker save', 'podman save' or 'skopeo copy'; 'docker export' writes a bare"
        " file system without layers",
    )


def _is_plain_save(members: Members) -> bool:
    """Whether ``manifest.json`` tells all there is. Since Docker 25 a save is a layout too.

    With a graphdriver store its manifest is made up on the spot, around plain layers named by DiffID. With the
    containerd store the layout holds the registry's own manifests, which tell more.
    """
    for image in saved_images(members):
        config = parse_config(members.document(image.config), f"{members.what}: {image.config}")
        if [name.rsplit("/", 1)[-1] for name in image.layers] != [diff_id.hex for diff_id in config.diff_ids]:
            return False
    return True


def _from_registry(reference: Reference, platform: Platform | None, options: RegistryOptions | None) -> Image:
    from layerscope.sources.registry import RegistryOptions, open_registry  # requests and oras: only when needed

    return open_registry(reference, platform, options or RegistryOptions())


def _from_engine_or_registry(
    text: str,
    platform: Platform | None,
    reader: LayerReader | None,
    options: RegistryOptions | None,
    cache: IndexCache | None,
) -> Image:
    """A bare name: an engine that has the image, else the registry. If neither, the error tells of every attempt."""
    try:
        reference = Reference.parse(text)
    except InvalidReference as error:
        hint = f"{error.hint}; there is no file of this name either"
        raise InvalidReference(error.message, hint=hint) from error
    from layerscope.sources.engine import find_in_engines

    image, attempts = find_in_engines(text, platform, reader, cache)
    if image is not None:
        return image
    try:
        return _from_registry(reference, platform, options)
    except LayerscopeError as error:
        if not isinstance(error, NotFound | SourceUnreachable | NotAuthorised):
            raise
        tried = [f"as a file: there is none called {text!r}", *attempts, f"the registry: {error.message}"]
        told = type(error)("; ".join(f"tried {attempt}" for attempt in tried), hint=error.hint)
        if isinstance(error, PlatformNotFound) and isinstance(told, PlatformNotFound):
            told.offered = error.offered
        raise told from error
