"""Two merged trees side by side: every path that is not the same in both.

Linear in the two trees, and quick where they are alike: what one layer brought to both is the same entry, and a path
is put together only for what differs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from layerscope.compare.differences import same_directory, same_leaf

if TYPE_CHECKING:
    from layerscope.filesystem.stack import Filesystem
    from layerscope.filesystem.tree import Node


class Found(NamedTuple):
    """A path of two trees; the node is None where a tree does not have it."""

    path: bytes
    before: Node | None
    after: Node | None


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk found, in no particular order."""

    differing: list[Found] = field(default_factory=list)
    linked: list[Found] = field(default_factory=list)
    """Paths that do not differ and are hard links in one of the trees at least."""


def walk_both(before: Filesystem, after: Filesystem, *, directory_times: bool) -> Walked:
    """Every path that differs in anything; the time of directories counts with ``directory_times``."""
    walked = Walked()
    differing, linked = walked.differing, walked.linked
    left, right = before.tree.indexes, after.tree.indexes
    left_links, right_links = before.links, after.links
    pending = [(b"", before.tree.root, after.tree.root)]
    while pending:
        path, here, there = pending.pop()
        if not same_directory(before.tree, here, after.tree, there, times=directory_times):
            differing.append(Found(path, here, there))
        mine, theirs = here.children or {}, there.children or {}
        base = path + b"/" if path else b""
        for name, new in theirs.items():
            old = mine.get(name)
            if old is None:
                _one_sided(base + name, new, differing, added=True)
            elif old.children is None and new.children is None:
                one, other = left[old.layer], right[new.layer]
                if (one is not other or old.entry != new.entry) and not same_leaf(one, old.entry, other, new.entry):
                    differing.append(Found(base + name, old, new))
                elif (old.layer, old.entry) in left_links or (new.layer, new.entry) in right_links:
                    linked.append(Found(base + name, old, new))
            elif old.children is None or new.children is None:
                _other_kind(base + name, old, new, differing)
            else:
                pending.append((base + name, old, new))
        if mine.keys() != theirs.keys():
            for name in mine.keys() - theirs.keys():
                _one_sided(base + name, mine[name], differing, added=False)
    return walked


def _other_kind(path: bytes, old: Node, new: Node, differing: list[Found]) -> None:
    """A directory on one side alone: what was or is below it, one tree alone has."""
    differing.append(Found(path, old, new))
    for children, added in ((old.children, False), (new.children, True)):
        for name, node in (children or {}).items():
            _one_sided(path + b"/" + name, node, differing, added=added)


def _one_sided(path: bytes, node: Node, differing: list[Found], *, added: bool) -> None:
    """A path and everything below it."""
    pending = [(path, node)]
    while pending:
        at, node = pending.pop()
        differing.append(Found(at, None, node) if added else Found(at, node, None))
        if node.children:
            pending += [(at + b"/" + name, child) for name, child in node.children.items()]
