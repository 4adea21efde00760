"""A LayerIndex as bytes, and back: raw columns behind a small JSON header, sealed with a digest.

The form is private to the cache and may change with ``FORMAT``; nobody else reads it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from typing import Any

from layerscope.layers.index import DIGEST_BYTES, LayerIndex

FORMAT = f"layerscope-index 1 {sys.byteorder}\n".encode()
_SEAL = hashlib.sha256().digest_size
_COLUMNS = (("modes", "H"), ("uids", "q"), ("gids", "q"), ("sizes", "q"), ("mtimes", "q"), ("mtimes_ns", "l"))


class DamagedEntry(Exception):
    """The bytes are not what was written: cut, altered, or of another format."""


def seal(payload: bytes) -> bytes:
    """``payload`` behind the format line and its SHA-256."""
    return FORMAT + hashlib.sha256(payload).digest() + payload


def unseal(data: bytes) -> bytes:
    """The payload inside, or DamagedEntry."""
    start = len(FORMAT) + _SEAL
    payload = data[start:]
    if not data.startswith(FORMAT) or hashlib.sha256(payload).digest() != data[len(FORMAT) : start]:
        raise DamagedEntry
    return payload


def pack(index: LayerIndex) -> bytes:
    """The index as one run of bytes."""
    links = index.links
    xattrs = {
        position: [[part.decode("latin-1") for part in pair] for pair in index.xattrs(position)]
        for position in range(len(index))
        if index.xattrs(position)
    }
    columns = [
        b"\0".join(index.paths),
        bytes(index.kinds),
        *(getattr(index, name).tobytes() for name, _ in _COLUMNS),
        b"".join(index.digests()),
        array("q", links).tobytes(),
        b"\0".join(links.values()),
    ]
    header = json.dumps(
        {
            "count": len(index),
            "fileBytes": index.file_bytes,
            "uncompressedBytes": index.uncompressed_bytes,
            "notes": index.notes,
            "devices": list(index.devices.items()),
            "xattrs": list(xattrs.items()),
            "columns": [len(column) for column in columns],
        }
    ).encode()
    return seal(len(header).to_bytes(8, "little") + header + b"".join(columns))


def unpack(data: bytes) -> LayerIndex:
    """The index that ``pack`` was given; DamagedEntry when the bytes are not whole."""
    payload = unseal(data)
    try:
        header_end = 8 + int.from_bytes(payload[:8], "little")
        header: dict[str, Any] = json.loads(payload[8:header_end])
        columns = _split(memoryview(payload)[header_end:], header["columns"])
        return _restore(header, columns)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DamagedEntry from error


def _split(rest: memoryview, lengths: list[int]) -> list[memoryview]:
    columns = []
    at = 0
    for length in lengths:
        columns.append(rest[at : at + length])
        at += length
    if at != len(rest):
        raise DamagedEntry
    return columns


def _restore(header: dict[str, Any], columns: list[memoryview]) -> LayerIndex:
    count = header["count"]
    index = LayerIndex()
    index.paths = bytes(columns[0]).split(b"\0") if count else []
    index.kinds = bytearray(columns[1])
    for (name, _), column in zip(_COLUMNS, columns[2:], strict=False):
        getattr(index, name).frombytes(column)
    digests, link_positions, link_targets = columns[2 + len(_COLUMNS) :]
    positions = array("q")
    positions.frombytes(link_positions)
    index.restore(
        digests=bytes(digests),
        links=dict(zip(positions, bytes(link_targets).split(b"\0"), strict=True)) if positions else {},
        xattrs={
            position: tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs)
            for position, pairs in header["xattrs"]
        },
    )
    index.devices = {position: (major, minor) for position, (major, minor) in header["devices"]}
    index.file_bytes = header["fileBytes"]
    index.uncompressed_bytes = header["uncompressedBytes"]
    index.notes = tuple(header["notes"])
    if not len(index.paths) == len(index.kinds) == len(index.sizes) == len(digests) // DIGEST_BYTES == count:
        raise DamagedEntry
    return index
