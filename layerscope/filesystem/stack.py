"""One cumulative stack: every layer applied once, every figure of the merged filesystem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.filesystem.apply import apply_layer
from layerscope.filesystem.changes import ChangedPath, LayerChanges, tally
from layerscope.filesystem.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.filesystem.reclaim import Reclaimable
    from layerscope.layers.index import LayerIndex


@dataclass(frozen=True, slots=True)
class UnplacedEntry:
    """An entry that is in a layer but not in the merged filesystem, because nobody could say where or as what."""

    layer: int
    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Filesystem:
    """What a stack of layers adds up to. Sizes are bytes."""

    tree: Tree
    changes: tuple[LayerChanges, ...]
    """One a layer, bottom first."""
    reclaimable: tuple[Reclaimable, ...]
    """Everything buried, in the order it happened."""
    squashed_bytes: int
    """Content bytes of the merged tree, each inode once."""
    duplicate_bytes: int
    """Equal content of different inodes in the merged tree, beyond the first."""
    unplaced: tuple[UnplacedEntry, ...]
    notes: tuple[tuple[int, str], ...]
    """(layer, what was odd but legal)."""
    changed: tuple[ChangedPath, ...] = ()
    """The changed paths of the one layer that ``stack`` was asked to keep them of."""


def stack(layers: Sequence[LayerIndex], *, keep_changes_of: int | None = None) -> Filesystem:
    """Apply ``layers`` bottom first. Time and memory are linear in their entries."""
    tree = Tree()
    links: dict[tuple[int, int], int] = {}
    changes: list[LayerChanges] = []
    reclaimable: list[Reclaimable] = []
    unplaced: list[UnplacedEntry] = []
    notes: list[tuple[int, str]] = []
    kept: tuple[ChangedPath, ...] = ()
    for number, index in enumerate(layers):
        applied = apply_layer(tree, links, index)
        if number == keep_changes_of:
            kept = tuple(applied.changed)
        changes.append(tally(kept if number == keep_changes_of else applied.changed))
        reclaimable += applied.reclaimed
        unplaced += (UnplacedEntry(number, path, reason) for path, reason in applied.skipped)
        notes += ((number, note) for note in (*index.notes, *applied.notes))
    squashed, duplicates = _content(tree)
    return Filesystem(
        tree=tree,
        changes=tuple(changes),
        reclaimable=tuple(reclaimable),
        squashed_bytes=squashed,
        duplicate_bytes=duplicates,
        unplaced=tuple(unplaced),
        notes=tuple(notes),
        changed=tuple(sorted(kept)),
    )


def _content(tree: Tree) -> tuple[int, int]:
    """(squashed, duplicate) bytes: inodes counted once, then contents counted once."""
    inodes: set[tuple[int, int]] = set()
    contents: set[bytes] = set()
    squashed = duplicates = 0
    indexes = tree.indexes
    pending = [tree.root]
    while pending:
        node = pending.pop()
        if node.children is not None:
            pending += node.children.values()
            continue
        layer, entry = node.layer, node.entry
        size = indexes[layer].sizes[entry]
        if size and (layer, entry) not in inodes:
            inodes.add((layer, entry))
            squashed += size
            digest = indexes[layer].digest(entry)
            if digest in contents:
                duplicates += size
            else:
                contents.add(digest)
    return squashed, duplicates
