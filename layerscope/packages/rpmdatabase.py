"""The databases that rpm keeps headers in, read as hostile: SQLite, ndb, Berkeley DB.

Formats: rpm's ``lib/backend/sqlite.c`` and ``lib/backend/ndb/rpmpkg.c``; Berkeley DB's ``dbinc/db_page.h``, of which
rpm's hash tables are a small part.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from typing import TYPE_CHECKING

from layerscope.packages.content import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_MAX_HEADER = 64 << 20
"""Bytes of one header, as in rpm since 4.16; older ones allowed more."""
_MAX_STEPS = 50_000
"""Thousands of instructions of SQLite's machine before a query is given up: reading 100 000 packages takes less."""
_SLOT_PAGE = 4096
_MAX_SLOT_PAGES = 390
"""Of 256 packages each."""
_BLOCK = 16
_HASH_MAGIC = 0x061561
_HASH_PAGES = (2, 13)
_OVERFLOW_PAGE = 7
_PAGE_HEAD = 26
_INLINE, _OFF_PAGE = 1, 3
_LEAST_HEADER = 24
"""Bytes below which nothing is a header: rpm's own record of the last number is such a value."""


def sqlite_headers(name: str, file: IO[bytes]) -> Iterator[bytes]:
    """Headers of an SQLite database: nothing in it is trusted, not its schema, and it may not run for long."""
    steps = iter(range(_MAX_STEPS))
    try:
        with contextlib.closing(sqlite3.connect(f"file:{name}?mode=ro&immutable=1", uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_HEADER)
            database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            database.set_progress_handler(lambda: next(steps, None) is None, 1000)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            kind = database.execute("SELECT type, sql FROM sqlite_schema WHERE name = 'Packages'").fetchall()
            if [row[0] for row in kind] != ["table"] or "virtual" in str(kind[0][1]).lower():
                raise Unreadable("it has no table of packages")
            for (blob,) in database.execute("SELECT blob FROM Packages ORDER BY hnum"):
                if not isinstance(blob, bytes):
                    raise Unreadable("a header in it is damaged")
                yield blob
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise Unreadable(f"it is no whole SQLite database: {error}") from error


def ndb_headers(name: str, file: IO[bytes]) -> Iterator[bytes]:
    """Headers of an ndb database: pages of slots, each naming the blocks of a blob."""
    file.seek(0)
    magic, version, _, pages = struct.unpack("<4s3I", file.read(16).ljust(16, b"\0"))
    if magic != b"RpmP" or version != 0:
        raise Unreadable("it is no ndb database")
    if not 0 < pages <= _MAX_SLOT_PAGES:
        raise Unreadable("its table of packages is damaged")
    file.seek(2 * _BLOCK)
    slots = file.read(pages * _SLOT_PAGE - 2 * _BLOCK)
    for magic, number, offset, blocks in struct.iter_unpack("<4s3I", slots[: len(slots) // _BLOCK * _BLOCK]):
        if magic != b"Slot":
            raise Unreadable("its table of packages is damaged")
        if not number or not blocks:
            continue
        file.seek(offset * _BLOCK)
        head = file.read(_BLOCK)
        if len(head) < _BLOCK:
            raise Unreadable("it is cut")
        blob_magic, blob_number, _, length = struct.unpack("<4s3I", head)
        if blob_magic != b"BlbS" or blob_number != number or length > min(blocks * _BLOCK, _MAX_HEADER):
            raise Unreadable("a package in it is damaged")
        blob = file.read(length)
        if len(blob) < length:
            raise Unreadable("it is cut")
        yield blob


def berkeley_headers(name: str, file: IO[bytes]) -> Iterator[bytes]:
    """Headers of a Berkeley DB hash table: the values of its hash pages, most of them on chains of overflow pages."""
    meta = _at(file, 0, 72)
    order = next((order for order in "<>" if struct.unpack_from(order + "I", meta, 12)[0] == _HASH_MAGIC), "")
    if not order:
        raise Unreadable("it is no hash table of Berkeley DB")
    (size,) = struct.unpack_from(order + "I", meta, 20)
    (last,) = struct.unpack_from(order + "I", meta, 32)
    if not 512 <= size <= 65536 or size & (size - 1):
        raise Unreadable("it has no page size")
    length = file.seek(0, 2)
    if (last + 1) * size > length:
        raise Unreadable("it is cut")
    for number in range(1, last + 1):
        page = _at(file, number * size, size)
        (entries,) = struct.unpack_from(order + "H", page, 20)
        if page[25] not in _HASH_PAGES:
            continue
        if _PAGE_HEAD + 2 * entries > size:
            raise Unreadable("a page of it is damaged")
        offsets = struct.unpack_from(f"{order}{entries}H", page, _PAGE_HEAD)
        for key_at, value_at in zip(offsets[0::2], offsets[1::2], strict=False):
            kind = page[value_at] if value_at < size else 0
            if kind == _INLINE and key_at - value_at > _LEAST_HEADER:
                yield page[value_at + 1 : key_at]
            elif kind == _OFF_PAGE and value_at + 12 <= size:
                start, total = struct.unpack_from(order + "II", page, value_at + 4)
                yield _overflow(file, order, size, start, total)


def _overflow(file: IO[bytes], order: str, size: int, number: int, total: int) -> bytes:
    """A value on its chain of pages, each of which says how much of it it has."""
    if total > _MAX_HEADER:
        raise Unreadable("a package in it is damaged")
    value = bytearray()
    while number and len(value) < total:
        page = _at(file, number * size, size)
        number, _, used = struct.unpack_from(order + "IHH", page, 16)
        if page[25] != _OVERFLOW_PAGE or not 0 < used <= size - _PAGE_HEAD:
            raise Unreadable("a package in it is damaged")
        value += page[_PAGE_HEAD : _PAGE_HEAD + used]
    if len(value) != total:
        raise Unreadable("a package in it is cut")
    return bytes(value)


def _at(file: IO[bytes], offset: int, length: int) -> bytes:
    file.seek(offset)
    data = file.read(length)
    if len(data) < length:
        raise Unreadable("it is cut")
    return data
