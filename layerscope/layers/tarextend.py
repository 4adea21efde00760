"""Extended headers: PAX records, GNU long names, and the maps of sparse files.

POSIX.1-2017 pax "pax Extended Header"; GNU tar manual, "Storing Sparse Files".
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, UnsafeImage

if TYPE_CHECKING:
    from layerscope.layers.chunks import ChunkReader
    from layerscope.layers.entry import Xattrs

_LENGTH = re.compile(rb"[0-9]{1,10} ")
_TIME = re.compile(rb"-?[0-9]{1,18}(?:\.[0-9]{0,40})?(?:e[-+]?[0-9]{1,3})?")  # tarfile writes small floats with an e
_USUAL_TIME = re.compile(rb"([0-9]{1,18})(?:\.([0-9]{0,9}))?")
_NEWLINE = ord("\n")
_SPARSE_PAIR = frozenset((b"GNU.sparse.offset", b"GNU.sparse.numbytes"))
_NUMBER = re.compile(rb"[0-9]{1,19}")
MAX_SPARSE_PARTS = 1 << 20
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class SparseMap:
    """Where a sparse file's stored bytes belong. ``stored`` counts what the archive holds of the content."""

    size: int
    parts: tuple[tuple[int, int], ...]
    """(offset, length) runs of data, ascending; everything between is a hole of zeros."""

    @property
    def stored(self) -> int:
        """Data bytes in the archive."""
        return sum(length for _, length in self.parts)


def parse_records(data: bytes) -> dict[bytes, bytes]:
    """The records of a PAX header (length, key, ``=``, value, newline). Sparse 0.0 pairs come joined by commas."""
    records: dict[bytes, bytes] = {}
    pairs: list[bytes] = []
    at = 0
    whole = len(data)
    while at < whole:
        match = _LENGTH.match(data, at)
        if match is None:
            if not data[at:].strip(b"\0"):
                break  # some writers pad the last record with NULs
            raise DamagedLayer("PAX header has a record without a length")
        start = match.end()
        end = at + int(match[0])
        key, equals, value = data[start : end - 1].partition(b"=")
        if end > whole or end <= start or data[end - 1] != _NEWLINE or not equals or not key:
            raise DamagedLayer("PAX header has a malformed record")
        if key in _SPARSE_PAIR:
            pairs.append(value)
        records[key] = value
        at = end
    if pairs:
        records[b"GNU.sparse.map"] = b",".join(pairs)
    return records


def number(records: dict[bytes, bytes], key: bytes) -> int | None:
    """A decimal record; None where there is none or it is empty (which means: as in the header)."""
    value = records.get(key)
    if not value:
        return None
    if not _NUMBER.fullmatch(value):
        raise DamagedLayer(f"PAX record {key.decode()} is not a number of bytes: {value[:40]!r}")
    return int(value)


def time(records: dict[bytes, bytes]) -> tuple[int, int] | None:
    """``mtime`` as (seconds, nanoseconds), rounded towards the past as a file system would store it."""
    value = records.get(b"mtime")
    if not value:
        return None
    if not _TIME.fullmatch(value):
        raise DamagedLayer(f"PAX record mtime is not a time: {value[:40]!r}")
    if (usual := _USUAL_TIME.fullmatch(value)) is not None:
        seconds, fraction = usual.groups(b"")
        return int(seconds), int(fraction.ljust(9, b"0"))
    from decimal import ROUND_FLOOR, Decimal

    exact = Decimal(value.decode("ascii"))
    if exact.adjusted() > 18:
        raise DamagedLayer(f"PAX record mtime is impossible: {value[:40]!r}")
    nanoseconds = int((exact * 1_000_000_000).to_integral_value(ROUND_FLOOR))
    return divmod(nanoseconds, 1_000_000_000)


def xattrs(records: dict[bytes, bytes]) -> Xattrs:
    """Extended attributes: ``SCHILY.xattr.NAME`` raw, ``LIBARCHIVE.xattr.NAME`` in base64 with a URL-encoded name."""
    found: dict[bytes, bytes] = {}
    for key, value in records.items():
        if b".xattr." not in key:
            continue
        if key.startswith(b"LIBARCHIVE.xattr."):
            from urllib.parse import unquote_to_bytes

            name = unquote_to_bytes(key[len(b"LIBARCHIVE.xattr.") :])
            try:
                found.setdefault(name, base64.b64decode(value + b"=" * (-len(value) % 4), validate=True))
            except binascii.Error:
                raise DamagedLayer(f"PAX record {key[:60]!r} is not base64") from None
        elif key.startswith(b"SCHILY.xattr."):
            found[key[len(b"SCHILY.xattr.") :]] = value
    return tuple(sorted(found.items()))


def gnu_sparse(block: bytes, stored: int, reader: ChunkReader) -> SparseMap:
    """The map of an old GNU sparse member: four runs in the header, then extension blocks of 21 each."""
    parts = _octal_runs(block, 386, 4)
    extended = block[482]
    while extended:
        extension = reader.take(_BLOCK)
        if len(extension) < _BLOCK:
            raise DamagedLayer("tar stream is cut inside a sparse map")
        parts += _octal_runs(extension, 0, 21)
        extended = extension[504]
        if len(parts) > MAX_SPARSE_PARTS:
            raise UnsafeImage(f"sparse file has more than {MAX_SPARSE_PARTS} runs")
    return _checked(_octal(block[483:495]), parts, stored)


def pax_sparse(records: dict[bytes, bytes], header_size: int, reader: ChunkReader) -> tuple[SparseMap, int] | None:
    """The map of a PAX sparse member (0.0, 0.1 and 1.0) and the bytes of it that stood before the content."""
    if records.get(b"GNU.sparse.major") == b"1" and records.get(b"GNU.sparse.minor") == b"0":
        size = number(records, b"GNU.sparse.realsize")
        values, used = _leading_map(reader, header_size)
    elif b"GNU.sparse.map" in records:
        size = number(records, b"GNU.sparse.size")
        values, used = _decimals(records[b"GNU.sparse.map"].split(b",")), 0
    else:
        return None
    if size is None or len(values) % 2:
        raise DamagedLayer("sparse file has no size or half a run in its map")
    return _checked(size, list(zip(values[::2], values[1::2], strict=True)), header_size - used), used


def _leading_map(reader: ChunkReader, available: int) -> tuple[list[int], int]:
    """Sparse 1.0 puts its map before the content: newline-separated decimals, padded to a block."""
    text = b""
    wanted = 1
    used = 0
    while text.count(b"\n") < wanted:
        if used + _BLOCK > available or len(text) > MAX_SPARSE_PARTS * 24:
            raise DamagedLayer("sparse map is not contained in its member")
        block = reader.take(_BLOCK)
        if len(block) < _BLOCK:
            raise DamagedLayer("tar stream is cut inside a sparse map")
        text += block
        used += _BLOCK
        if wanted == 1 and b"\n" in text:
            count = _decimals([text.split(b"\n", 1)[0]])[0]
            if count > MAX_SPARSE_PARTS:
                raise UnsafeImage(f"sparse file has more than {MAX_SPARSE_PARTS} runs")
            wanted = 1 + 2 * count
    return _decimals(text.split(b"\n")[1:wanted]), used


def _decimals(values: list[bytes]) -> list[int]:
    if values == [b""]:
        return []
    if not all(_NUMBER.fullmatch(value) for value in values):
        raise DamagedLayer("sparse map has something that is not a number")
    return [int(value) for value in values]


def _octal(field: bytes) -> int:
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    else:
        text = field.split(b"\0")[0].strip()
        if not all(48 <= digit <= 55 for digit in text):
            raise DamagedLayer("sparse map has something that is not a number")
        value = int(text or b"0", 8)
    if field[0] == 0xFF or value >= 1 << 62:
        raise DamagedLayer("sparse map has an impossible number")
    return value


def _octal_runs(block: bytes, start: int, count: int) -> list[tuple[int, int]]:
    runs = []
    for at in range(start, start + count * 24, 24):
        if not block[at : at + 12].strip(b"\0 "):
            break
        runs.append((_octal(block[at : at + 12]), _octal(block[at + 12 : at + 24])))
    return runs


def _checked(size: int, parts: list[tuple[int, int]], stored: int) -> SparseMap:
    """A map must ascend, stay inside the file, and account for exactly the bytes that the archive stores."""
    end = 0
    for offset, length in parts:
        if offset < end or offset + length > size:
            raise DamagedLayer(f"sparse map is impossible: run at {offset} of {length} bytes in a file of {size}")
        end = offset + length
    sparse = SparseMap(size, tuple(part for part in parts if part[1]))
    if sparse.stored != stored:
        raise DamagedLayer(f"sparse map names {sparse.stored} stored bytes, the member has {stored}")
    return sparse
