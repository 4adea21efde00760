"""One database file as the probe keeps it: what it says, in values that JSON has."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple


class Record(NamedTuple):
    """What one file of a layer says. Paths in ``data`` are text, bytes that are no UTF-8 as lone surrogates."""

    reader: str
    """Which reader took it in; the same that understands ``data``."""
    position: int
    """The entry that has the content, in its layer's index."""
    path: bytes
    """As the layer names the file."""
    data: Any


class Failed(NamedTuple):
    """A file that could not be read, or not to its end."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class LayerRecords:
    """All that the probe keeps of a layer."""

    records: tuple[Record, ...] = ()
    failed: tuple[Failed, ...] = ()
    notes: tuple[str, ...] = ()


def pack(found: LayerRecords) -> bytes:
    """As bytes, for the cache. A layer without package databases takes a few."""
    document = [
        [[reader, position, text(path), data] for reader, position, path, data in found.records],
        [[text(path), reason] for path, reason in found.failed],
        list(found.notes),
    ]
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 1)


def unpack(data: bytes) -> LayerRecords:
    """What ``pack`` was given."""
    records, failed, notes = json.loads(zlib.decompress(data))
    return LayerRecords(
        tuple(Record(reader, position, raw(path), found) for reader, position, path, found in records),
        tuple(Failed(raw(path), reason) for path, reason in failed),
        tuple(notes),
    )


def text(path: bytes) -> str:
    """Bytes as text that ``raw`` turns back exactly."""
    return path.decode("utf-8", "surrogateescape")


def raw(path: str) -> bytes:
    """The bytes that ``text`` was given. Other lone surrogates, which only a hostile file can have, become ``?``."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return path.encode("utf-8", "replace")


def shown(value: bytes) -> str:
    """A name or a version as text for good: bytes that are no UTF-8 become visible."""
    return value.decode("utf-8", "backslashreplace")
