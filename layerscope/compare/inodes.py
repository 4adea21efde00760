"""Which name of a hard-linked file carries its bytes.

An inode's content counts once, so one of its names carries the bytes and the others carry none. Which one is free to
choose, and is chosen so that a file both images have weighs nothing in their difference wherever that is possible: the
bytes of a change are then those that came or went with it, and still all of them add up exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.filesystem.stack import Filesystem
    from layerscope.filesystem.tree import Node

Inode = tuple[int, int]


class Named(NamedTuple):
    """One path of each image that belong together, or a path of one of them."""

    old_path: bytes
    before: Node | None
    path: bytes
    after: Node | None


@dataclass(frozen=True, slots=True)
class Carried:
    """The bytes that each name in one image carries."""

    filesystem: Filesystem
    carriers: dict[Inode, bytes]

    def __call__(self, path: bytes, node: Node | None) -> int:
        """Content bytes that the name ``path`` of ``node`` stands for."""
        if node is None or node.children is not None:
            return 0
        size = self.filesystem.tree.indexes[node.layer].sizes[node.entry]
        return size if self.carriers.get((node.layer, node.entry), path) == path else 0


def choose_carriers(
    before: Filesystem, after: Filesystem, same: Iterable[Named], others: Iterable[Named]
) -> tuple[Carried, Carried]:
    """Who carries the bytes of hard-linked files in either image.

    ``same`` are names whose content both images have, ``others`` all other names that differ. Of ``same``, a pair that
    is the only name of its file on one side has no choice, so these choose first, then the rest by path. A file that
    is left over is carried by a name among ``others``, if it has one.
    """
    left: dict[Inode, bytes] = {}
    right: dict[Inode, bytes] = {}

    def order(names: Named) -> tuple[bool, bytes, bytes]:
        both = _inode(names.before) in before.links and _inode(names.after) in after.links
        return both, min(names.old_path, names.path), max(names.old_path, names.path)

    pairs = sorted((names for names in same if _is_linked(names, before, after)), key=order)
    for names in pairs:
        here, there = _inode(names.before), _inode(names.after)
        if here not in left and there not in right:
            left[here], right[there] = names.old_path, names.path
    alone = [names for names in others if _is_linked(names, before, after)]
    for names in (*sorted(alone, key=lambda names: (names.old_path, names.path)), *pairs):
        if names.before is not None:
            left.setdefault(_inode(names.before), names.old_path)
        if names.after is not None:
            right.setdefault(_inode(names.after), names.path)
    return Carried(before, left), Carried(after, right)


def _is_linked(names: Named, before: Filesystem, after: Filesystem) -> bool:
    return _inode(names.before) in before.links or _inode(names.after) in after.links


def _inode(node: Node | None) -> Inode:
    return (-1, -1) if node is None else (node.layer, node.entry)
