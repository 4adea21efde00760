"""What one layer changed against the stack below it, counted in paths of the merged tree."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Change(enum.StrEnum):
    """How a path differs before and after a layer. A path equal in everything is no change."""

    ADDED = "added"
    MODIFIED = "modified"
    """Content, symlink target, device numbers, or another kind."""
    METADATA = "metadata"
    """Same content; mode, owner, time or extended attributes differ (for a directory the time does not count)."""
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of paths and their bytes: what the layer ships for them, or, for deleted paths, what vanished."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class LayerChanges:
    """The four kinds of change of one layer."""

    added: Tally
    modified: Tally
    metadata: Tally
    deleted: Tally


class ChangedPath(NamedTuple):
    """One path that a layer changed. ``bytes`` as in Tally."""

    path: bytes
    change: Change
    bytes: int


def tally(changed: Iterable[ChangedPath], more: Mapping[Change, Tally]) -> LayerChanges:
    """Add up a layer's changed paths; ``more`` are others, added up already."""
    none = Tally()
    sums = [[more.get(change, none).count, more.get(change, none).bytes] for change in Change]
    slots = {id(change): slot for change, slot in zip(Change, sums, strict=True)}  # an enum's own hash is slow
    for _, change, size in changed:
        slot = slots[id(change)]
        slot[0] += 1
        slot[1] += size
    return LayerChanges(*(Tally(count, size) for count, size in sums))
