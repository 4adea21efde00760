"""In what two nodes of two trees differ, aspect by aspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.compare.aspects import Aspect
from layerscope.filesystem.tree import IMPLIED, Node
from layerscope.layers.entry import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.filesystem.tree import Tree
    from layerscope.layers.entry import Xattrs
    from layerscope.layers.index import LayerIndex


def same_directory(one: Tree, here: Node, other: Tree, there: Node, *, times: bool) -> bool:
    """Whether two directories have the same mode, owner and attributes and, with ``times``, the same time."""
    if here.entry == there.entry and (here.entry == IMPLIED or one.indexes[here.layer] is other.indexes[there.layer]):
        return True
    return (
        _mode(one, here) == _mode(other, there)
        and _owner(one, here) == _owner(other, there)
        and _xattrs(one, here) == _xattrs(other, there)
        and (not times or _time(one, here) == _time(other, there))
    )


def same_leaf(one: LayerIndex, here: int, other: LayerIndex, there: int) -> bool:
    """Whether two entries that are no directories are the same in everything."""
    return one.same_content(here, other, there) and one.same_attributes(here, other, there)


def same_file(one: Tree, here: Node, other: Tree, there: Node) -> bool:
    """Whether two nodes are regular files with the same content."""
    if one.kind(here) is not EntryKind.FILE or other.kind(there) is not EntryKind.FILE:
        return False
    return one.indexes[here.layer].same_content(here.entry, other.indexes[there.layer], there.entry)


def differences(one: Tree, here: Node, other: Tree, there: Node, *, times: bool) -> Iterator[Aspect]:
    """Everything in which two nodes differ. The time of a directory counts with ``times``; a symlink has no mode."""
    kind, other_kind = one.kind(here), other.kind(there)
    if kind is not other_kind:
        yield Aspect.KIND
    elif kind is not EntryKind.DIRECTORY:
        old, new = one.indexes[here.layer], other.indexes[there.layer]
        if not old.same_content(here.entry, new, there.entry):
            yield _CONTENT_OF.get(kind, Aspect.DEVICE)
    if EntryKind.SYMLINK not in (kind, other_kind) and _mode(one, here) != _mode(other, there):
        yield Aspect.MODE
    if _owner(one, here) != _owner(other, there):
        yield Aspect.OWNER
    if (times or EntryKind.DIRECTORY not in (kind, other_kind)) and _time(one, here) != _time(other, there):
        yield Aspect.MTIME
    if _xattrs(one, here) != _xattrs(other, there):
        yield Aspect.XATTRS


_CONTENT_OF = {EntryKind.FILE: Aspect.CONTENT, EntryKind.SYMLINK: Aspect.TARGET}


def _mode(tree: Tree, node: Node) -> int:
    return 0o755 if node.entry == IMPLIED else tree.indexes[node.layer].modes[node.entry]


def _owner(tree: Tree, node: Node) -> tuple[int, int]:
    if node.entry == IMPLIED:
        return 0, 0
    index = tree.indexes[node.layer]
    return index.uids[node.entry], index.gids[node.entry]


def _time(tree: Tree, node: Node) -> tuple[int, int] | None:
    if node.entry == IMPLIED:
        return None
    index = tree.indexes[node.layer]
    return index.mtimes[node.entry], index.mtimes_ns[node.entry]


def _xattrs(tree: Tree, node: Node) -> Xattrs:
    return () if node.entry == IMPLIED else tree.indexes[node.layer].xattrs(node.entry)
