"""The merged tree: nodes that point into layer indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.layers.entry import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.layers.index import LayerIndex

IMPLIED = -1
"""``entry`` of a directory that no layer lists: a parent that an entry implies (0755, 0:0)."""
MAX_LINKS = 255
"""Symlinks followed on the way to one path, as Linux and Go's RootPath allow."""


class Node:
    """A path of the merged tree.

    ``layer`` and ``entry`` say where content and attributes stand: for hard links, the entry they share. ``brought``
    and ``via`` say which entry put the path there.
    """

    __slots__ = ("brought", "children", "entry", "layer", "via")

    def __init__(self, children: dict[bytes, Node] | None, layer: int, entry: int) -> None:
        self.children = children
        self.layer = layer
        self.entry = entry
        self.brought = layer
        self.via = entry

    def twin(self) -> Node:
        """The node as it is now, with the same children."""
        twin = Node(self.children, self.layer, self.entry)
        twin.brought, twin.via = self.brought, self.via
        return twin

    @property
    def is_directory(self) -> bool:
        """Directories alone have children."""
        return self.children is not None


class Tree:
    """The merged filesystem of a stack of layers, and how to find one's way in it."""

    def __init__(self) -> None:
        self.root = Node({}, 0, IMPLIED)
        self.indexes: list[LayerIndex] = []

    def kind(self, node: Node) -> EntryKind:
        """What a node is; never HARDLINK, which is only another name."""
        if node.children is not None:
            return EntryKind.DIRECTORY
        return EntryKind(self.indexes[node.layer].kinds[node.entry])

    def size(self, node: Node) -> int:
        """Content bytes: of regular files, else 0."""
        return 0 if node.children is not None else self.indexes[node.layer].sizes[node.entry]

    def link(self, node: Node) -> bytes:
        """A symlink's target, else empty."""
        return b"" if node.children is not None else self.indexes[node.layer].link(node.entry)

    def find(self, path: bytes, *, follow: bool = True) -> Node | None:
        """The node at ``path`` (relative to the root), symlinks on the way followed inside the image; None if absent.

        A symlink at the very end is followed only with ``follow``. Loops count as absent.
        """
        budget = MAX_LINKS
        trail = [self.root]
        parts = split(path)
        parts.reverse()
        while parts:
            name = parts.pop()
            if name == b"..":
                if len(trail) > 1:
                    trail.pop()
                continue
            children = trail[-1].children
            node = children.get(name) if children is not None else None
            if node is None:
                return None
            if self.kind(node) is EntryKind.SYMLINK and (parts or follow):
                budget -= 1
                if budget < 0:
                    return None
                target = self.link(node)
                if target.startswith(b"/"):
                    del trail[1:]
                parts.extend(reversed(split(target)))
                continue
            trail.append(node)
        return trail[-1]

    def walk(self, start: Node | None = None, prefix: bytes = b"") -> Iterator[tuple[bytes, Node]]:
        """Every path below ``start`` (the root), itself excluded, sorted: parents first, siblings by name."""
        stack = [(prefix, start or self.root)]
        pending: list[tuple[bytes, Node]] = []
        while stack or pending:
            if stack:
                path, node = stack.pop()
                if node.children:
                    base = path + b"/" if path else b""
                    pending += [(base + name, node.children[name]) for name in sorted(node.children, reverse=True)]
            if pending:
                path, node = pending.pop()
                yield path, node
                stack.append((path, node))


def split(path: bytes) -> list[bytes]:
    """Components of a path or symlink target, without empty ones and ``.``."""
    return [part for part in path.split(b"/") if part not in (b"", b".")]
