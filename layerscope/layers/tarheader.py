"""One 512-byte tar header block: the plain ustar case fast, everything unusual by ``tarfile.TarInfo``.

Layout: POSIX.1-2017 pax, "ustar Interchange Format". Where tarfile and Go's archive/tar (which every engine uses)
differ, Go's reading is taken: it decides what a container will see.
"""

from __future__ import annotations

import struct
import tarfile
import zlib
from dataclasses import dataclass

from layerscope.errors import DamagedLayer

BLOCK = 512
_FIELDS = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s")
_MAX_SIZE = 1 << 62


@dataclass(slots=True)
class Header:
    """A decoded header block, before names and sizes of extended headers are applied."""

    name: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    typeflag: bytes
    link: bytes
    device: tuple[int, int]


def decode(block: bytes) -> Header:
    """Decode a header block that is not all zeros; DamagedLayer says what is wrong with it."""
    name, mode, uid, gid, size, mtime, checksum, typeflag, link, magic, _, _, _, _, prefix, tail = _FIELDS.unpack(block)
    _verify_checksum(block, checksum)
    if magic[:6] == b"ustar\0":
        if tail[8:] == b"tar\0":  # star writes access and change times into the end of the prefix
            prefix = prefix[:131]
        if prefix[0]:
            name = _text(prefix) + b"/" + _text(name)
        else:
            name = _text(name)
    else:  # GNU and v7 have other fields where ustar has the prefix
        name = _text(name)
    plain = (
        mode[:7].isdigit()
        and uid[:7].isdigit()
        and gid[:7].isdigit()
        and size[:11].isdigit()
        and mtime[:11].isdigit()
        and typeflag not in b"34"
    )
    if plain and mode[7] in _ENDS and uid[7] in _ENDS and gid[7] in _ENDS and size[11] in _ENDS and mtime[11] in _ENDS:
        try:
            return Header(
                name,
                int(mode[:7], 8) & 0o7777,
                int(uid[:7], 8),
                int(gid[:7], 8),
                int(size[:11], 8),
                int(mtime[:11], 8),
                typeflag,
                _text(link) if link[0] else b"",
                (0, 0),
            )
        except ValueError:  # an 8 or a 9
            pass
    return _decode_unusual(block, name, typeflag, _text(link))


_ENDS = frozenset(b" \0")


def _text(field: bytes) -> bytes:
    end = field.find(b"\0")
    return field if end < 0 else field[:end]


def _verify_checksum(block: bytes, field: bytes) -> None:
    """The sum of the block's bytes with its own field read as spaces (POSIX); signed sums are accepted as tarfile does.

    Adler-32's low half is that sum modulo 65521, in C. For an all-ASCII block the sum is below 65521, so it is exact.
    """
    try:
        expected = int(field.split(b"\0")[0].strip() or b"x", 8)
    except ValueError:
        raise DamagedLayer("tar header checksum is not a number") from None
    if block.isascii():
        actual = (zlib.adler32(block) & 0xFFFF) - 1 - sum(field) + 256
        if actual == expected:
            return
        raise DamagedLayer(f"tar header checksum is wrong: {expected} is written, the block adds up to {actual}")
    unsigned = 256 + sum(block[:148]) + sum(block[156:])
    signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
    if expected not in (unsigned, signed):
        raise DamagedLayer(f"tar header checksum is wrong: {expected} is written, the block adds up to {unsigned}")


def _decode_unusual(block: bytes, name: bytes, typeflag: bytes, link: bytes) -> Header:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        raise DamagedLayer(f"tar header is malformed: {error}") from None
    for what, value in (
        ("size", info.size),
        ("uid", info.uid),
        ("gid", info.gid),
        ("device number", info.devmajor),
        ("device number", info.devminor),
    ):
        if not 0 <= value <= _MAX_SIZE:
            raise DamagedLayer(f"tar header has an impossible {what}: {value}")
    if abs(int(info.mtime)) > _MAX_SIZE:
        raise DamagedLayer(f"tar header has an impossible time: {info.mtime}")
    return Header(
        name,
        info.mode & 0o7777,
        info.uid,
        info.gid,
        info.size,
        int(info.mtime),
        typeflag,
        link,
        (info.devmajor, info.devminor),
    )
