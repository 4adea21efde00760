"""dive's arithmetic (v0.13.1), bit for bit: what its users compare with, and none of layerscope's own figures.

dive looks at the leaves of each layer's tree: paths with nothing below them in that layer. For each path it adds up the
sizes of all its leaves and keeps the smallest; the efficiency is the sum of the smallest over the sum of all. Paths
with two leaves or more are inefficient, and every byte of theirs is wasted, also the copy that is kept. A whiteout
counts with the size of the directory it hides, or with 0 for a file. Hiding by an opaque marker counts for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from layerscope.layers.entry import AUFS_PREFIX, MARKER_PREFIX, EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from layerscope.layers.index import LayerIndex

_NONE_YET = -1
"""dive's smallest size of a path it has looked at and not counted: it is added up like any other."""


class DiveReference(NamedTuple):
    """A path that dive calls inefficient."""

    path: bytes
    """Without a leading slash."""
    leaves: int
    """How many it has; dive's ``count``."""
    bytes: int
    """Of all its leaves, the copy that is kept included."""


@dataclass(frozen=True, slots=True)
class DiveFigures:
    """What dive says of an image."""

    efficiency: float
    wasted_bytes: int
    user_wasted_percent: float
    """Wasted bytes over the bytes of all layers but the first: a ratio, which may pass 1, be infinite, or NaN."""
    layer_bytes: tuple[int, ...]
    """Sum of the sizes in each layer's tar headers."""
    inefficient: tuple[DiveReference, ...]
    """The paths that dive calls so, in no order."""

    def references(self) -> list[DiveReference]:
        """The inefficient paths, largest first."""
        ordered = sorted(self.inefficient)  # by path, which there is once
        ordered.sort(key=attrgetter("bytes"), reverse=True)  # and equals stay in order
        return ordered

    @property
    def size_bytes(self) -> int:
        """Of all layers."""
        return sum(self.layer_bytes)


class DiveStack:
    """dive's figures in the making: push layers bottom first, then ``finish``. Linear in entries, sorting apart."""

    def __init__(self) -> None:
        self._counted = _Counted()
        self._layers: list[tuple[LayerIndex, set[bytes], bool]] = []
        """With what is in their trees without being listed, among others, and whether there are whiteouts."""

    def push(self, index: LayerIndex) -> None:
        """The next layer. It is counted at once, unless it has whiteouts: what they hide is asked for in the end."""
        nodes, directories = layer_nodes(index)
        has_whiteouts = bool(_whiteouts(index, nodes))
        if not has_whiteouts:
            self._counted.add_layer(index, _leaves(nodes, directories))
        if index.markers():
            directories.update(_unlisted(nodes))
        self._layers.append((index, directories, has_whiteouts))

    def finish(self) -> DiveFigures:
        """What dive says of all layers."""
        counted = self._counted
        indexes = [index for index, _, _ in self._layers]
        stack = _Stack(_hidden_paths(indexes))
        for number, (index, others, has_whiteouts) in enumerate(self._layers):
            if has_whiteouts:
                nodes, directories = layer_nodes(index)
                if not number:
                    stack.start(index, nodes, directories)
                _count(counted, stack, index, nodes, directories)
                stack.push(index, nodes, directories)
            elif stack.is_concerned(index.paths, others):
                stack.push(index, *layer_nodes(index, stack.relevant_entries(index, others)))
        sizes = tuple(sum(index.sizes) for index in indexes)
        inefficient = counted.inefficient()
        wasted = sum(map(attrgetter("bytes"), inefficient))
        return DiveFigures(counted.efficiency(), wasted, _over(wasted, sum(sizes[1:])), sizes, inefficient)


def dive_figures(layers: Iterable[LayerIndex]) -> DiveFigures:
    """What dive says of a stack of layers, bottom first."""
    stack = DiveStack()
    for index in layers:
        stack.push(index)
    return stack.finish()


def layer_nodes(index: LayerIndex, entries: Sequence[int] | None = None) -> tuple[dict[bytes, int | None], set[bytes]]:
    """The paths of a layer's tree as dive builds it, each with its last entry, which counts; and all they lie in.

    None stands for a directory that no entry lists. A name that starts with ``.wh..wh..`` is not put into the tree, nor
    what is below it; what is above it is. Of some ``entries`` alone the tree is what they and their parents make.
    """
    nodes: dict[bytes, int | None]
    if entries is None:
        nodes = dict(zip(index.paths, range(len(index)), strict=True))
    else:
        nodes = dict(zip(map(index.paths.__getitem__, entries), entries, strict=True))
    for path in _marker_paths(index):
        above = _above_special(path)
        if above is not None:
            nodes.pop(path, None)
            if above:
                nodes.setdefault(above, None)
    nodes.pop(b"", None)
    directories = _directories(nodes)
    for parent in list(directories):
        while parent and parent not in nodes:
            nodes[parent] = None
            parent = parent.rpartition(b"/")[0]
            directories.add(parent)
    return nodes, directories


def _directories(paths: Iterable[bytes]) -> set[bytes]:
    """What paths lie in."""
    return {path.rpartition(b"/")[0] for path in paths}


def depth_first(paths: Iterable[bytes]) -> list[bytes]:
    """Paths by name, what is below a path before it: the order in which dive goes through a tree."""
    return sorted(paths, key=lambda path: [*((0, part) for part in path.split(b"/")), (1, b"")])


def _marker_paths(index: LayerIndex) -> list[bytes]:
    """The paths of a layer that say something of others."""
    return [index.paths[position] for position in index.markers()]


def _whiteouts(index: LayerIndex, nodes: Mapping[bytes, int | None]) -> list[bytes]:
    """The paths of a layer's tree that dive takes for whiteouts."""
    if not index.markers():
        return []
    listed = (path for path in _marker_paths(index) if path in nodes)
    return [path for path in {*_unlisted(nodes), *listed} if is_whiteout(path)]


def _unlisted(nodes: Mapping[bytes, int | None]) -> Iterator[bytes]:
    return (path for path, position in nodes.items() if position is None)


def is_whiteout(path: bytes) -> bool:
    """Whether dive takes the last name of a path for a whiteout."""
    return path.rpartition(b"/")[2].startswith(MARKER_PREFIX)


def _over(part: int, whole: int) -> float:
    """Division as IEEE 754 has it."""
    if whole:
        return float(part) / float(whole)
    return math.inf if part else math.nan


class _Counted:
    """Of each path the sizes of its leaves, added up, the smallest of them, and how many there were."""

    def __init__(self) -> None:
        self._once: dict[bytes, int] = {}
        """Paths with one leaf, which most have, and its size."""
        self._others: dict[bytes, tuple[int, int, int]] = {}
        """Sum, smallest and number of every other path's."""

    def add_layer(self, index: LayerIndex, leaves: Mapping[bytes, int | None]) -> None:
        """The leaves of a layer that are no whiteouts, by path."""
        once, others, sizes = self._once, self._others, index.sizes
        first_of = once.pop
        for path, position in leaves.items():  # in their order: to go by a set's would be to jump about in memory
            size = 0 if position is None else sizes[position]
            first = first_of(path, None)
            if first is not None:
                others[path] = first + size, min(first, size), 2
            elif path in others:
                self.add(path, size)
            else:
                once[path] = size

    def add(self, path: bytes, size: int) -> None:
        """One more leaf."""
        found = self._others.get(path)
        if found is None:
            if path not in self._once:
                self._once[path] = size
                return
            first = self._once.pop(path)
            found = first, first, 1
        total, smallest, count = found
        self._others[path] = total + size, size if smallest == _NONE_YET else min(smallest, size), count + 1

    def touch(self, path: bytes) -> None:
        """A path that was looked at, and not counted."""
        if path not in self._once:
            self._others.setdefault(path, (0, _NONE_YET, 0))

    def efficiency(self) -> float:
        """Smallest over cumulated sizes."""
        once = sum(self._once.values())
        discovered = once + sum(found[0] for found in self._others.values())
        smallest = once + sum(found[1] for found in self._others.values())
        return float(smallest) / float(discovered) if discovered else 1.0

    def inefficient(self) -> tuple[DiveReference, ...]:
        """Paths with more than one leaf."""
        found = ((path, count, size) for path, (size, _, count) in self._others.items() if count > 1)
        return tuple(map(DiveReference._make, found))


def _leaves(nodes: dict[bytes, int | None], directories: set[bytes]) -> dict[bytes, int | None]:
    """Those of the paths of a layer's tree that have nothing below them."""
    leaves = nodes.copy()
    for directory in directories:
        leaves.pop(directory, None)
    return leaves


def _count(
    counted: _Counted, stack: _Stack, index: LayerIndex, nodes: dict[bytes, int | None], directories: set[bytes]
) -> None:
    """Count a layer that has whiteouts. dive goes by name, and gives up at a whiteout of what is not there."""
    leaves = _leaves(nodes, directories)
    whiteouts = sorted((path for path in _whiteouts(index, nodes) if path in leaves), key=_by_name)
    for path in whiteouts:
        del leaves[path]
    for path in whiteouts:
        hidden = _hidden(path)
        node = stack.find(hidden)
        if node is None:
            end = _by_name(path)
            counted.add_layer(index, {leaf: at for leaf, at in leaves.items() if _by_name(leaf) < end})
            counted.touch(hidden)
            return
        counted.add(hidden, node.total() if node.is_directory else 0)
    counted.add_layer(index, leaves)


def _by_name(path: bytes) -> list[bytes]:
    return path.split(b"/")


def _size(index: LayerIndex, position: int | None) -> int:
    return 0 if position is None else index.sizes[position]


def _above_special(path: bytes) -> bytes | None:
    """What is above the first name that starts with ``.wh..wh..``; None if none does."""
    if path.startswith(AUFS_PREFIX):
        return b""
    place = path.find(b"/" + AUFS_PREFIX)
    return path[:place] if place >= 0 else None


def _hidden(path: bytes) -> bytes:
    """The path that a whiteout stands for, as dive writes it: one that names nothing ends in a slash."""
    directory, _, name = path.rpartition(b"/")
    name = name.removeprefix(MARKER_PREFIX)
    return directory + b"/" + name if directory else name


def _hidden_paths(layers: Sequence[LayerIndex]) -> set[bytes]:
    """Every path that a whiteout of some layer stands for: the stack need know no others."""
    return {
        _hidden(path).rstrip(b"/")
        for index in layers
        for path in _marker_paths(index)
        if is_whiteout(path) and _above_special(path) is None
    }


class _Node:
    """A path of dive's stack. A file that takes a directory's place keeps what was below it."""

    __slots__ = ("children", "is_directory", "size")

    def __init__(self) -> None:
        self.children: dict[bytes, _Node] = {}
        self.size = 0
        self.is_directory = False

    def total(self) -> int:
        """Of itself and everything below."""
        total, pending = 0, [self]
        while pending:
            node = pending.pop()
            total += node.size
            pending += node.children.values()
        return total


class _Stack:
    """dive's tree of the layers below, as much of it as lies at or below a path that some whiteout stands for.

    The bottom layer is put on top of itself, whiteouts and all. A layer that needs a directory and does not list it
    makes dive forget that it is one.
    """

    def __init__(self, hidden: set[bytes]) -> None:
        self._hidden = hidden
        self._root = _Node()
        self._within: dict[bytes, bool] = {b"": False}
        """Of directories, whether they lie at or below a hidden path."""

    def is_concerned(self, *paths: Iterable[bytes]) -> bool:
        """Whether a layer has something at or below a hidden path; among its ``paths`` are all that others lie in."""
        return bool(self._hidden) and not all(map(self._hidden.isdisjoint, paths))

    def relevant_entries(self, index: LayerIndex, directories: set[bytes]) -> list[int]:
        """A layer's entries at or below a hidden path; ``directories`` are what its paths lie in, at least."""
        return list(compress(range(len(index)), self._relevant(index.paths, directories)))

    def start(self, index: LayerIndex, nodes: dict[bytes, int | None], directories: set[bytes]) -> None:
        """The bottom layer's own tree, in which its whiteouts are looked for."""
        for path in compress(nodes, self._relevant(nodes, directories)):
            self._add(path, index, nodes[path])

    def push(self, index: LayerIndex, nodes: dict[bytes, int | None], directories: set[bytes]) -> None:
        """Put a layer on top; ``directories`` are those of the paths of ``nodes``."""
        paths = list(compress(nodes, self._relevant(nodes, directories)))
        if whiteouts := _whiteouts(index, nodes) if self._hidden else []:
            paths = depth_first({*paths, *whiteouts})
        for path in paths:
            if is_whiteout(path):
                self._remove(_hidden(path).rstrip(b"/"))
            else:
                self._add(path, index, nodes[path])

    def find(self, path: bytes) -> _Node | None:
        """The node at a path."""
        node: _Node | None = self._root
        for part in path.split(b"/"):
            if part:
                node = node.children.get(part) if node is not None else None
        return node

    def _relevant(self, paths: Iterable[bytes], directories: set[bytes]) -> Iterable[bool]:
        """Of each path whether it is hidden or lies in what is; ``directories`` as above."""
        hidden = self._hidden
        if hidden.isdisjoint(directories):
            return map(hidden.__contains__, paths)
        within = {directory for directory in directories if self._is_within(directory)}
        return (path in hidden or path.rpartition(b"/")[0] in within for path in paths)

    def _is_within(self, directory: bytes) -> bool:
        asked = []
        while directory not in self._within:
            if directory in self._hidden:
                self._within[directory] = True
            else:
                asked.append(directory)
                directory = directory.rpartition(b"/")[0]
        found = self._within[directory]
        self._within.update(dict.fromkeys(asked, found))
        return found

    def _add(self, path: bytes, index: LayerIndex, position: int | None) -> None:
        node = self._root
        for part in path.split(b"/"):
            child = node.children.get(part)
            if child is None:
                child = node.children[part] = _Node()
            node = child
        node.size = _size(index, position)
        node.is_directory = position is not None and index.kinds[position] == EntryKind.DIRECTORY

    def _remove(self, path: bytes) -> None:
        directory, _, name = path.rpartition(b"/")
        node = self.find(directory)
        if node is not None and name:
            node.children.pop(name, None)
