"""What the index cache holds, or gave up, for a terminal and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.layers.cache import READER_VERSION, ROOMS
from layerscope.report.display import display
from layerscope.report.document import SCHEMA_VERSION, Document
from layerscope.report.quantities import count, exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.layers.cache import CacheFile

OTHER = "other"
"""Files of other versions of the reader, and what killed processes left."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A number of cache files and their bytes."""

    count: int = 0
    bytes: int = 0


def holdings(files: Iterable[CacheFile]) -> dict[str, Holding]:
    """Files by what they hold, everything that is not of this version of the reader under ``other``."""
    found = dict.fromkeys((*ROOMS, OTHER), Holding())
    for file in files:
        parts = file.path.parts[-3:]
        current = len(parts) == 3 and parts[0] == READER_VERSION and parts[1] in ROOMS and not parts[2].startswith(".")
        room = parts[1] if current else OTHER
        found[room] = Holding(found[room].count + 1, found[room].bytes + file.size)
    return found


def storage_document(directory: str, title: str, found: dict[str, Holding]) -> Document:
    """``cache info`` (``title`` is ``held``), ``prune`` and ``clear`` (``removed``)."""
    total = _total(found)
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "cache",
        "directory": directory,
        title: {
            "count": total.count,
            "bytes": total.bytes,
            "kinds": {room: {"count": item.count, "bytes": item.bytes} for room, item in found.items()},
        },
    }


def render_storage(directory: str, title: str, found: dict[str, Holding]) -> Iterator[str]:
    """The same as lines."""
    total = _total(found)
    yield f"directory  {display(directory)}\n"
    yield f"{title:<9}  {count(total.count, 'entry', 'entries')}, {exact(total.bytes)}\n"
    for room, item in found.items():
        if item.count or room != OTHER:
            yield f"  {room:<9}  {item.count:>7,}  {item.bytes:>15,} bytes\n"


def _total(found: dict[str, Holding]) -> Holding:
    return Holding(sum(item.count for item in found.values()), sum(item.bytes for item in found.values()))
