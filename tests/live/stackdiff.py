"""What changed between two trees that the kernel showed: the plain reading of the definition in the documentation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .overlay import Tree
    from .realtree import Node


@dataclass(frozen=True, slots=True)
class Changed:
    """Paths counted by what happened to them, and the bytes that vanished."""

    added: int
    modified: int
    metadata: int
    deleted: int
    deleted_bytes: int


def changed(before: Tree, after: Tree) -> Changed:
    """The changes from one tree to the next."""
    common = before.keys() & after.keys()
    modified = {path for path in common if content(before[path]) != content(after[path])}
    metadata = {path for path in common - modified if attributes(before[path]) != attributes(after[path])}
    deleted = before.keys() - after.keys()
    return Changed(
        added=len(after.keys() - before.keys()),
        modified=len(modified),
        metadata=len(metadata),
        deleted=len(deleted),
        deleted_bytes=vanished(before, after, deleted),
    )


def content(node: Node) -> tuple[str, str, bytes, tuple[int, int]]:
    """What a path holds: its kind, and a file's content, a link's target or a device's numbers."""
    return node.kind, node.digest, node.link, node.device


def attributes(node: Node) -> Node:
    """Everything that may change while the content stays. A directory's time says nothing."""
    return replace(node, inode=0, mtime=0 if node.kind == "directory" else node.mtime)


def vanished(before: Tree, after: Tree, deleted: set[bytes]) -> int:
    """Bytes of the deleted paths, each inode once, unless another path still holds it."""
    kept = {node.inode for path, node in before.items() if path in after}
    gone = {before[path].inode: before[path].size for path in deleted if before[path].inode not in kept}
    return sum(gone.values())
