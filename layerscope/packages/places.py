"""Where a path of a package database really is: databases write ``/bin/sh`` where the tree has ``usr/bin/sh``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from layerscope.layers.entry import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from layerscope.layers.index import LayerIndex

_DOTS = frozenset((b"", b".", b".."))
_MAX_LINKS = 255
"""Symlinks followed on the way to one directory."""


class PathNode(Protocol):
    """A path of the merged tree, as much of it as matters here."""

    @property
    def children(self) -> Mapping[bytes, PathNode] | None:
        """Of a directory, what is in it; None for everything else."""

    @property
    def layer(self) -> int:
        """The layer that has its content."""

    @property
    def entry(self) -> int:
        """The entry of that layer's index: for hard links, the one they share."""


class Places:
    """From paths as people write them to paths without links, in the tree as it stands after the last ``refresh``."""

    def __init__(self) -> None:
        self._real: dict[bytes, bytes] = {}
        """Directories by how they were asked for."""
        self._linked: dict[bytes, bytes] = {}
        """Those of them that are elsewhere than they say."""
        self._plain: set[bytes] = set()
        """Real directories, and all above them."""
        self._nodes: dict[bytes, Mapping[bytes, PathNode] | None] = {}
        """Real directories of this state, with what is in them; None for one that is not there."""

    def refresh(self, root: PathNode, indexes: Sequence[LayerIndex]) -> bool:
        """Turn to the tree after one more layer. True when a directory asked for before is now somewhere else."""
        self._root = root
        self._indexes = indexes
        self._nodes = {}
        moved = any(self._walk(asked) != real for asked, real in self._linked.items()) or self._newly_linked()
        if moved:
            self._real, self._linked, self._plain = {}, {}, set()
        return moved

    def real(self, path: bytes) -> bytes:
        """``path`` with the links of its directory followed, not itself. What is not there stays as it is written."""
        return next(self.real_paths((path,)))

    def real_paths(self, paths: Iterable[bytes]) -> Iterator[bytes]:
        """``real`` of each of very many."""
        known = self._real
        for path in paths:
            directory, _, name = path.rpartition(b"/")
            found = known.get(directory)
            if found is None:
                found = self._remember(directory)
            if found == directory and name not in _DOTS:
                yield path
            elif name in _DOTS:
                yield self._walk(path)
            else:
                yield found + b"/" + name if found else name

    def node(self, real: bytes) -> PathNode | None:
        """What the tree has at a path that ``real`` gave."""
        directory, _, name = real.rpartition(b"/")
        children = self._children(directory)
        return children.get(name) if children is not None else None

    def inode(self, real: bytes) -> tuple[int, int] | None:
        """The (layer, entry) that has the content of what is at such a path; None for directories and for nothing."""
        directory, _, name = real.rpartition(b"/")
        if directory not in self._nodes:
            self._nodes[directory] = self._children(directory)
        children = self._nodes[directory]
        node = children.get(name) if children is not None else None
        return None if node is None or node.children is not None else (node.layer, node.entry)

    def _children(self, directory: bytes) -> Mapping[bytes, PathNode] | None:
        children = self._root.children
        for name in directory.split(b"/") if directory else ():
            node = children.get(name) if children is not None else None
            children = node.children if node is not None else None
        return children

    def _remember(self, directory: bytes) -> bytes:
        real = self._real[directory] = self._walk(directory)
        if real != directory:
            self._linked[directory] = real
        while real and real not in self._plain:
            self._plain.add(real)
            real = real.rpartition(b"/")[0]
        return self._real[directory]

    def _newly_linked(self) -> bool:
        """Whether the last layer has a symlink where a directory was thought to be."""
        index = self._indexes[-1]
        for kind in (EntryKind.SYMLINK, EntryKind.HARDLINK):  # which may be one to a symlink
            position = index.kinds.find(kind)
            while position >= 0:
                path = self.real(index.paths[position])
                if path in self._plain and self._walk(path) != path:
                    return True
                position = index.kinds.find(kind, position + 1)
        return False

    def _walk(self, path: bytes) -> bytes:
        """Follow every link, the last component's too; loops and what is not there stay as they are written.

        So does all of a path that goes up again from there: no file can be opened by it.
        """
        names: list[bytes] = []
        above: list[Mapping[bytes, PathNode] | None] = []
        children = self._root.children
        parts = path.split(b"/")
        parts.reverse()
        budget = _MAX_LINKS
        lost = False
        while parts:
            name = parts.pop()
            if name in (b"", b"."):
                continue
            if name == b"..":
                if lost:
                    return path
                if names:
                    names.pop()
                    children = above.pop()
                continue
            node = children.get(name) if children is not None else None
            if node is not None and node.children is None:
                target = self._indexes[node.layer].link(node.entry)
                if target and budget:
                    budget -= 1
                    if target.startswith(b"/"):
                        names, above, children = [], [], self._root.children
                    parts += reversed(target.split(b"/"))
                    continue
                lost = lost or bool(target)
            lost = lost or node is None
            names.append(name)
            above.append(children)
            children = node.children if node is not None else None
        return b"/".join(names)
