"""One cumulative stack: every layer applied once, every figure of the merged filesystem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.filesystem.apply import apply_layer
from layerscope.filesystem.changes import ChangedPath, LayerChanges, Tally, tally
from layerscope.filesystem.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from layerscope.filesystem.reclaim import Buried, Reclaimable
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
    """Everything buried, by the layer that did it."""
    squashed_bytes: int
    """Content bytes of the merged tree, each inode once."""
    duplicate_bytes: int
    """Equal content of different inodes in the merged tree, beyond the first."""
    unplaced: tuple[UnplacedEntry, ...]
    notes: tuple[tuple[int, str], ...]
    """(layer, what was odd but legal)."""
    links: Mapping[tuple[int, int], int]
    """Inodes of the merged tree that have several names, as a node's (layer, entry), and how many."""
    equal: tuple[tuple[tuple[int, int], ...], ...] = ()
    """Inodes (layer, entry) of the merged tree that have the same content, where there are several, each group once."""
    changed: tuple[ChangedPath, ...] = ()
    """The changed paths of the one layer that ``stack`` was asked to keep them of."""
    buried: tuple[Buried, ...] = ()
    """Every entry without a name in the merged tree, by the layer that did it, where ``stack`` was asked to keep them;
    ``reclaimable`` are those of them that have content."""


class Stack:
    """A filesystem in the making: push layers bottom first, then ``finish``. Linear in entries, in time and memory."""

    def __init__(self, *, keep_changes_of: int | None = None, keep_buried: bool = False) -> None:
        self._tree = Tree()
        self._links: dict[tuple[int, int], int] = {}
        self._keep_changes_of = keep_changes_of
        self._keep_buried = keep_buried
        self._changes: list[LayerChanges] = []
        self._reclaimable: list[Reclaimable] = []
        self._unplaced: list[UnplacedEntry] = []
        self._notes: list[tuple[int, str]] = []
        self._kept: tuple[ChangedPath, ...] = ()
        self._buried: list[Buried] = []

    def push(self, index: LayerIndex) -> None:
        """Apply the next layer."""
        number = len(self._changes)
        applied = apply_layer(self._tree, self._links, index, keep_buried=self._keep_buried)
        changed: Iterable[ChangedPath] = applied.changed
        if number == self._keep_changes_of:
            changed = tuple(changed)
            placed = (
                ChangedPath(index.paths[entry], change, index.sizes[entry])
                for change, entries in applied.placed.items()
                for entry in entries
            )
            self._kept = (*placed, *changed)
        tallies = {
            change: Tally(len(entries), sum(map(index.sizes.__getitem__, entries)))
            for change, entries in applied.placed.items()
        }
        self._changes.append(tally(changed, tallies))
        self._reclaimable += applied.reclaimed
        self._buried += applied.buried
        self._unplaced += (UnplacedEntry(number, path, reason) for path, reason in applied.skipped)
        self._notes += ((number, note) for note in (*index.notes, *applied.notes))

    @property
    def tree(self) -> Tree:
        """The layers so far, merged; the next ``push`` changes it."""
        return self._tree

    def finish(self) -> Filesystem:
        """What the layers add up to."""
        squashed, duplicates, equal = _content(self._tree, self._links)
        return Filesystem(
            tree=self._tree,
            changes=tuple(self._changes),
            reclaimable=tuple(self._reclaimable),
            squashed_bytes=squashed,
            duplicate_bytes=duplicates,
            equal=tuple(map(tuple, equal.values())),
            unplaced=tuple(self._unplaced),
            notes=tuple(self._notes),
            links=self._links,
            changed=tuple(sorted(self._kept)),
            buried=tuple(self._buried),
        )


def stack(layers: Iterable[LayerIndex], *, keep_changes_of: int | None = None) -> Filesystem:
    """Apply ``layers`` bottom first."""
    filesystem = Stack(keep_changes_of=keep_changes_of)
    for index in layers:
        filesystem.push(index)
    return filesystem.finish()


def _content(tree: Tree, links: Mapping[tuple[int, int], int]) -> tuple[int, int, dict[bytes, list[tuple[int, int]]]]:
    """(squashed, duplicate) bytes: inodes counted once, then contents counted once; and the inodes that are equal."""
    alive: list[list[int]] = [[] for _ in tree.indexes]
    pending = [tree.root.children or {}]
    while pending:
        for node in pending.pop().values():
            if node.children is None:
                alive[node.layer].append(node.entry)
            else:
                pending.append(node.children)
    contents: dict[bytes, tuple[int, int]] = {}
    equal: dict[bytes, list[tuple[int, int]]] = {}
    squashed = duplicates = 0
    for layer, (index, entries) in enumerate(zip(tree.indexes, alive, strict=True)):
        sizes, digests = index.sizes, index.digests()
        for entry in dict.fromkeys(entries) if links else entries:
            size = sizes[entry]
            if not size:
                continue
            squashed += size
            inode = layer, entry
            digest = digests[entry]
            first = contents.setdefault(digest, inode)
            if first is not inode:
                duplicates += size
                equal.setdefault(digest, [first]).append(inode)
    return squashed, duplicates, equal
