"""Decompression, decided by magic number: media types lie.

gzip of any number of members (estargz, pgzip write many), zstd of any number of frames, and plain tar. One output
chunk is bounded, so a bomb costs no memory; ``Limits`` stop it early.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any, Protocol

from layerscope.errors import DamagedLayer, UnsafeImage, UnsupportedImage
from layerscope.layers.tarheader import BLOCK, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.layers.limits import Limits

OUTPUT_CHUNK = 1 << 20
ZSTD_WINDOW_LOG_MAX = 27
"""128 MiB: what zstd itself accepts without ``--long``, and what containerd and Docker decode."""

_UNSUPPORTED = {
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x5d\x00\x00": "lzma",
}


def detect(head: bytes) -> str:
    """``gzip``, ``zstd`` or ``none`` from a blob's first bytes; UnsupportedImage names any other compression."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd" or (len(head) >= 4 and head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5):
        return "zstd"
    for magic, name in _UNSUPPORTED.items():
        if head.startswith(magic) and not _is_tar_header(head):  # a file may be called "BZh" or "]"
            raise UnsupportedImage(
                f"is compressed with {name}, which no image specification allows",
                hint="layers are plain tar, gzip or zstd; rebuild or recompress the image",
            )
    return "none"


def _is_tar_header(head: bytes) -> bool:
    try:
        decode(head[:BLOCK])
    except (DamagedLayer, IndexError):  # IndexError: shorter than a block
        return False
    return True


def decompress(compression: str, chunks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """The tar stream inside ``chunks``. Truncation and corruption raise DamagedLayer with the stored offset."""
    if compression == "gzip":
        return _bounded(_members(chunks, "gzip", _new_gzip), limits)
    if compression == "zstd":
        return _bounded(_members(chunks, "zstd", _new_zstd), limits)
    return (out for out, _ in _checked(((chunk, 0) for chunk in chunks), limits))


class _Decoder(Protocol):
    """One gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...
    def pending(self) -> bool: ...


class _Zlib:
    """The standard library's gzip, speaking like the others: what it could not yet take is kept inside."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        tail = self._inner.unconsumed_tail
        return self._inner.decompress(tail + data if tail else data, max_length)

    def pending(self) -> bool:
        return bool(self._inner.unconsumed_tail)


class _Buffered:
    """A decoder of isal's or zstd's."""

    def __init__(self, decoder: Any) -> None:
        self._inner = decoder

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return bytes(self._inner.decompress(data, max_length))

    def pending(self) -> bool:
        return not self._inner.needs_input and not self._inner.eof


def _new_gzip() -> _Decoder:
    try:
        from isal import igzip_lib  # twice zlib's speed
    except ImportError:  # no wheel for this machine
        return _Zlib()
    return _Buffered(igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))


def _new_zstd() -> _Decoder:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    longest: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG_MAX}
    return _Buffered(zstd.ZstdDecompressor(options=longest))


def _members(chunks: Iterator[bytes], name: str, new: Any) -> Iterator[tuple[bytes, int]]:
    """(output, stored bytes read so far) of every member or frame, one after the other."""
    stored = 0
    decoder: _Decoder = new()
    started = False
    for chunk in chunks:
        stored += len(chunk)
        data = chunk
        while data or decoder.pending():
            if not started and name == "gzip" and not data.strip(b"\0"):
                data = b""  # zero padding between or after members, which gzip(1) ignores too
                break
            try:
                out = decoder.decompress(data, OUTPUT_CHUNK)
            except Exception as error:  # each library has its own exception class, none a common base
                if isinstance(error, MemoryError):
                    raise
                raise DamagedLayer(f"{name} data is corrupt near stored byte {stored}: {error}") from error
            started = True
            data = b""
            if out:
                yield out, stored
            if decoder.eof:
                data = decoder.unused_data
                decoder = new()
                started = False
    while started and (out := decoder.decompress(b"", OUTPUT_CHUNK)):  # what a full output chunk had held back
        yield out, stored
        started = not decoder.eof
    if started and not decoder.eof:
        raise DamagedLayer(
            f"{name} stream is cut: it ends inside a member after {stored} stored bytes",
            hint="the blob is incomplete; fetch or export the image again",
        )


def _checked(parts: Iterator[tuple[bytes, int]], limits: Limits) -> Iterator[tuple[bytes, int]]:
    total = 0
    for out, stored in parts:
        total += len(out)
        if total > limits.max_uncompressed_bytes:
            raise UnsafeImage(
                f"unpacks to more than {limits.max_uncompressed_bytes} bytes",
                hint="raise --max-layer-size if you trust this image",
            )
        if stored and total > limits.ratio_applies_from and total > stored * limits.max_ratio:
            raise UnsafeImage(
                f"looks like a decompression bomb: {stored} stored bytes gave {total}, over {limits.max_ratio} to 1",
                hint="raise --max-ratio if you trust this image",
            )
        yield out, stored


def _bounded(parts: Iterator[tuple[bytes, int]], limits: Limits) -> Iterator[bytes]:
    return (out for out, _ in _checked(parts, limits))
