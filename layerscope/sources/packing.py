"""How an archive file is packed as a whole: plain, or compressed so that it can only be streamed."""

from __future__ import annotations

import itertools
import lzma
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, InvalidImage, LayerscopeError, UnsafeImage, UnsupportedImage
from layerscope.layers.compression import OUTPUT_CHUNK, decompress, detect
from layerscope.layers.tarheader import BLOCK, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.layers.limits import Limits

_XZ = b"\xfd7zXZ\x00"
_XZ_MEMORY = 256 << 20


def packing(head: bytes, what: str) -> str:
    """``none``, ``gzip``, ``zstd`` or ``xz`` from an archive's first block; InvalidImage when it is none of these."""
    if not head:
        raise InvalidImage(f"{what} is empty", hint="save or export the image again")
    if head.startswith(_XZ):
        return "xz"
    try:
        found = detect(head)
        if found == "none":
            if len(head) < BLOCK:
                raise DamagedLayer("it is shorter than one tar header")
            if head.strip(b"\0"):
                decode(head)
    except UnsupportedImage as error:
        hint = "plain tar, gzip, zstd and xz can be read; recompress it"
        raise UnsupportedImage(f"{what} {error.message.split(',')[0]}", hint=hint) from error
    except DamagedLayer as error:
        raise InvalidImage(
            f"{what} is not an image archive: {error.message}",
            hint="an image archive is what 'docker save' or 'skopeo copy … oci-archive:' write, plain or compressed",
        ) from error
    return found


def unpacked(chunks: Iterator[bytes], what: str, limits: Limits) -> Iterator[bytes]:
    """The tar stream inside ``chunks``, decompressed as its first bytes demand."""
    seen: list[bytes] = []
    while sum(map(len, seen)) < BLOCK and (chunk := next(chunks, b"")):
        seen.append(chunk)
    found = packing(b"".join(seen)[:BLOCK], what)
    whole = itertools.chain(seen, chunks)
    try:
        if found == "xz":
            yield from _xz(whole, limits)
        else:
            yield from decompress(found, whole, limits)
    except LayerscopeError as error:
        raise type(error)(f"{what}: {error.message}", hint=error.hint) from error


def _xz(chunks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    total = 0
    fresh = True
    for chunk in chunks:
        data = chunk
        while data or not (decoder.needs_input or decoder.eof):
            if fresh and not data.strip(b"\0"):
                break  # stream padding
            try:
                out = decoder.decompress(data, OUTPUT_CHUNK)
            except lzma.LZMAError as error:
                raise DamagedLayer(f"xz data is corrupt: {error}") from error
            fresh = False
            total += len(out)
            if total > limits.max_uncompressed_bytes:
                raise UnsafeImage(f"unpacks to more than {limits.max_uncompressed_bytes} bytes")
            if out:
                yield out
            data = b""
            if decoder.eof:
                data = decoder.unused_data
                decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
                fresh = True
    if not fresh:
        raise DamagedLayer("xz stream is cut", hint="the archive is incomplete; save it again")
