"""What one layer changed against the stack below it, counted in paths of the merged tree."""

from __future__ import annotations

import enum
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class ChangedPath:
    """One path that a layer changed. ``bytes`` as in Tally."""

    path: bytes
    change: Change
    bytes: int


def tally(changed: list[ChangedPath]) -> LayerChanges:
    """Add up a layer's changed paths."""
    counts = dict.fromkeys(Change, 0)
    sums = dict.fromkeys(Change, 0)
    for item in changed:
        counts[item.change] += 1
        sums[item.change] += item.bytes
    return LayerChanges(**{change.value: Tally(counts[change], sums[change]) for change in Change})
