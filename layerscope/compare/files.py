"""The files that differ between two merged trees, with bytes that add up to the difference of ``squashedBytes``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from layerscope.compare.aspects import IGNORABLE, Aspect, FileChange, Ignore
from layerscope.compare.differences import differences, same_file
from layerscope.compare.inodes import Named, choose_carriers
from layerscope.compare.moves import Contents, find_moves
from layerscope.compare.walk import Found, walk_both
from layerscope.filesystem.changes import Tally
from layerscope.layers.entry import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.filesystem.stack import Filesystem
    from layerscope.filesystem.tree import Node, Tree


class ChangedFile(NamedTuple):
    """One path that differs. The nodes point into the trees of their inspections, see ``listing.node_row``."""

    path: bytes
    """In the second image; of a removed file, in the first."""
    old_path: bytes
    """In the first image: another one only for what moved."""
    change: FileChange
    differences: tuple[Aspect, ...]
    """In what the two differ; empty for what one image alone has."""
    before: Node | None
    after: Node | None
    bytes: int
    """Content that came with it less content that went with it: of the names of a hard-linked file, one has them."""

    @property
    def layer(self) -> int:
        """Index of the layer that brought it: of the second image or, removed, of the first."""
        node = self.after or self.before
        assert node is not None
        return node.brought


@dataclass(frozen=True, slots=True)
class FilesCompared:
    """Every path that differs, by path. The tallies' bytes and the ignored ones add up to ``bytes`` exactly."""

    changes: tuple[ChangedFile, ...]
    tallies: dict[FileChange, Tally]
    """One a change, zeros included: paths and their bytes."""
    ignored: Tally
    """What differs and was not to count."""
    bytes: int
    """``squashedBytes`` of the second image less that of the first."""


def no_difference() -> FilesCompared:
    """What comes of comparing a tree with itself."""
    return FilesCompared((), {change: Tally() for change in FileChange}, Tally(), 0)


def compare_files(before: Filesystem, after: Filesystem, ignore: Ignore) -> FilesCompared:
    """Compare two merged trees. Linear in both; only what differs is sorted."""
    return no_difference() if before is after else _Comparison(before, after, ignore).run()


class _Comparison:
    """Walk both trees, find what moved, say who carries the bytes of hard links, then judge each path."""

    def __init__(self, before: Filesystem, after: Filesystem, ignore: Ignore) -> None:
        self.before, self.after = before, after
        self.ignore = ignore
        self.times = not ignore.directory_times
        self.passed_over = frozenset(IGNORABLE) & ignore.aspects
        self.changes: list[ChangedFile] = []
        self.tallies = {change: [0, 0] for change in FileChange}
        self.ignored = [0, 0]

    def run(self) -> FilesCompared:
        walked = walk_both(self.before, self.after, directory_times=self.times)
        counted: list[Named] = []
        ignored: list[Named] = []
        for found in walked.differing:
            (ignored if self._is_ignored(found) else counted).append(_named(found))
        counted = self._with_moves(counted)
        linked = [_named(found) for found in walked.linked]
        same, others = linked[:], list[Named]()
        for names in (*counted, *ignored):
            (same if self._same_content(names) else others).append(names)
        old_bytes, new_bytes = choose_carriers(self.before, self.after, same, others)
        for group, is_ignored in ((counted, False), (ignored, True), (linked, None)):
            for names in group:
                size = new_bytes(names.path, names.after) - old_bytes(names.old_path, names.before)
                if size or is_ignored is not None:
                    self._judge(names, size, self._is_ignored(names) if is_ignored is None else is_ignored)
        self.changes.sort(key=lambda change: (change.path, change.old_path))
        return FilesCompared(
            changes=tuple(self.changes),
            tallies={change: Tally(*tally) for change, tally in self.tallies.items()},
            ignored=Tally(*self.ignored),
            bytes=self.after.squashed_bytes - self.before.squashed_bytes,
        )

    def _judge(self, names: Named, size: int, is_ignored: bool) -> None:
        """Count one path under what became of it, or under what was ignored."""
        found = tuple(self._differences(names, size))
        counted = tuple(aspect for aspect in found if aspect not in self.passed_over)
        change = None if is_ignored else _change(names, counted)
        if change is not None:
            self.changes.append(ChangedFile(names.path, names.old_path, change, counted, names[1], names[3], size))
            tally = self.tallies[change]
        elif is_ignored or found:
            tally = self.ignored
        else:
            return  # a symlink's mode, which nothing shows
        tally[0] += 1
        tally[1] += size

    def _differences(self, names: Named, size: int) -> Iterator[Aspect]:
        _, here, _, there = names
        if here is None or there is None:
            return
        yield from differences(self.before.tree, here, self.after.tree, there, times=self.times)
        if size and self._same_content(names):
            yield Aspect.LINKS

    def _same_content(self, names: Named) -> bool:
        _, here, _, there = names
        return here is not None and there is not None and same_file(self.before.tree, here, self.after.tree, there)

    def _is_ignored(self, found: Found | Named) -> bool:
        if self.ignore.paths is None:
            return False
        nodes = (found.before, found.after)
        return self.ignore.paths(found.path, any(node is not None and node.is_directory for node in nodes))

    def _with_moves(self, counted: list[Named]) -> list[Named]:
        """``counted``, with each file that moved in place of the one that went and the one that came."""
        went = {names.path: names.before for names in counted if names.after is None and names.before is not None}
        came = {names.path: names.after for names in counted if names.before is None and names.after is not None}
        moves = find_moves(_contents(went, self.before.tree), _contents(came, self.after.tree))
        if not moves:
            return counted
        old, new = {pair[0] for pair in moves}, {pair[1] for pair in moves}
        kept = [
            names
            for names in counted
            if not (names.after is None and names.path in old) and not (names.before is None and names.path in new)
        ]
        return [*kept, *(Named(source, went[source], path, came[path]) for source, path in moves)]


def _change(names: Named, differences: tuple[Aspect, ...]) -> FileChange | None:
    if names.before is None:
        return FileChange.ADDED
    if names.after is None:
        return FileChange.REMOVED
    if names.old_path != names.path:
        return FileChange.MOVED
    if Aspect.KIND in differences:
        return FileChange.KIND
    if Aspect.CONTENT in differences:
        return FileChange.MODIFIED
    return FileChange.METADATA if differences else None


def _contents(nodes: dict[bytes, Node], tree: Tree) -> Contents:
    """Regular files that hold something, by what they hold."""
    found: Contents = {}
    for path, node in nodes.items():
        if tree.size(node) and tree.kind(node) is EntryKind.FILE:
            found.setdefault(tree.indexes[node.layer].digest(node.entry), []).append(path)
    return found


def _named(found: Found) -> Named:
    return Named(found.path, found.before, found.path, found.after)
