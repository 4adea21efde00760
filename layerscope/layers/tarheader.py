"""One 512-byte tar header block: the plain ustar case fast, everything unusual by ``tarfile.TarInfo``.

Layout: POSIX.1-2017 pax, "ustar Interchange Format". Where tarfile and Go's archive/tar (which every engine uses)
differ, Go's reading is taken: it decides what a container will see.
"""

from __future__ import annotations

import re
import zlib

from layerscope.errors import DamagedLayer
from layerscope.layers.member import Member

BLOCK = 512
_MAX_SIZE = 1 << 62


def decode(block: bytes) -> Member:
    """Decode a header block that is not all zeros, extended headers aside; DamagedLayer says what is wrong with it."""
    typeflag = block[156:157]
    plain = _PLAIN.match(block, 100)
    if plain is None or typeflag in b"34":
        _verify_checksum(block, block[148:156])
        return _decode_unusual(block, typeflag)
    mode, uid, gid, size, mtime, checksum = plain.groups()
    if not block.isascii() or _ascii_sum(block) != int(checksum, 8):
        _verify_checksum(block, block[148:156])
    return Member(
        name_of(block),
        typeflag,
        int(mode, 8) & 0o7777,
        int(uid, 8),
        int(gid, 8),
        int(size, 8),
        int(mtime, 8),
        _text(block[157:257]) if block[157] else b"",
    )


_PLAIN = re.compile(
    rb"([0-7]{7})[ \0]([0-7]{7})[ \0]([0-7]{7})[ \0]([0-7]{11})[ \0]([0-7]{11})[ \0]([0-7]{6})\0 ", re.DOTALL
)
"""mode, uid, gid, size, mtime and checksum as nearly every writer writes them."""


def name_of(block: bytes) -> bytes:
    """The member's name as a header alone has it."""
    if block[345] and block[257:263] == b"ustar\0":
        # star writes access and change times into the end of the prefix
        prefix = block[345:476] if block[508:512] == b"tar\0" else block[345:500]
        return _text(prefix) + b"/" + _text(block[:100])
    return _text(block[:100])  # GNU and v7 have other fields where ustar has the prefix


def _ascii_sum(block: bytes) -> int:
    """The checksum of an all-ASCII block, its own field read as spaces.

    Adler-32's low half is 1 + the sum of the bytes modulo 65521, in C; the sum of 512 ASCII bytes is below that.
    """
    return (zlib.adler32(block) & 0xFFFF) - 1 - sum(block[148:156]) + 256


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _verify_checksum(block: bytes, field: bytes) -> None:
    """The sum of the bytes, the field itself read as spaces (POSIX); signed sums are accepted, as tarfile does."""
    try:
        expected = int(field.split(b"\0")[0].strip() or b"x", 8)
    except ValueError:
        raise DamagedLayer("tar header checksum is not a number") from None
    unsigned = 256 + sum(block[:148]) + sum(block[156:])
    signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
    if expected not in (unsigned, signed):
        raise DamagedLayer(f"tar header checksum is wrong: {expected} is written, the block adds up to {unsigned}")


def _decode_unusual(block: bytes, typeflag: bytes) -> Member:
    import tarfile  # most layers do without

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
    member = Member(
        name_of(block),
        typeflag,
        info.mode & 0o7777,
        info.uid,
        info.gid,
        info.size,
        int(info.mtime),
        _text(block[157:257]),
    )
    member.device = info.devmajor, info.devminor
    return member
