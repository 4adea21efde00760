"""Bytes that another way of building would not ship: facts, each byte in one of them at most.

A piece of advice is about content of one layer. What is buried is advised upon by its cause, what is still there if it
is a package manager's cache, stands below a VOLUME, or stands somewhere else too. A file with a name outside of what is
advised upon is left alone: its content would stay.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass
from heapq import nsmallest
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from layerscope.filesystem.caches import CACHES, PRIVATE_CACHES, cache_of
from layerscope.filesystem.reclaim import Cause
from layerscope.filesystem.tree import split
from layerscope.layers.entry import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from layerscope.filesystem.stack import Filesystem
    from layerscope.filesystem.tree import Node

WORTH_BYTES = 1_000_000
"""What saves more than this is worth saying ..."""
WORTH_SHARE = 0.01
"""... and what saves more than this share of the layers' content."""
SHOWN = 20
"""Paths of one piece of advice, the largest."""
Inode = tuple[int, int]
_OF_A_KIND = attrgetter("layer", "buried_by", "cause")


class AdviceKind(enum.StrEnum):
    """What could be done otherwise."""

    PACKAGE_CACHE = "package-cache"
    """A package manager's cache was left in the layer that filled it."""
    DELETED = "deleted"
    """A later layer deletes what this one brings."""
    REWRITTEN = "rewritten"
    """A later layer ships the same content again: chmod, chown, touch."""
    DUPLICATE = "duplicate"
    """The same content stands at another path of the merged tree."""
    VOLUME = "volume"
    """It was written below a VOLUME that was declared before: every mount hides it."""


_KINDS = {
    Cause.DELETED: AdviceKind.DELETED,
    Cause.OPAQUE: AdviceKind.DELETED,
    Cause.REPLACED: AdviceKind.DELETED,
    Cause.REWRITTEN: AdviceKind.REWRITTEN,
}
"""What advice there is on what a later layer buried, by why it did."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do otherwise. No byte is in two of them, so they add up."""

    kind: AdviceKind
    paths: tuple[bytes, ...]
    """Of the largest files; of a cache or volume, its directories."""
    bytes: int
    """Content bytes that the image would not ship: exact."""
    layer: int
    """The layer that ships them."""
    buried_by: int | None
    """The later layer that deletes or rewrites them; None where they are still there, and for caches."""
    files: int
    tool: str = ""
    """Whose cache it is: see ``caches``."""


class VolumeFrom(NamedTuple):
    """A declared VOLUME path, and the first layer made after its declaration."""

    path: bytes
    layer: int


def advise(
    filesystem: Filesystem, volumes: Iterable[VolumeFrom] = (), *, file_bytes: int, worth: int | None = None
) -> tuple[Advice, ...]:
    """What is worth saying, the largest first; ``worth`` replaces the threshold, in bytes that must be exceeded."""
    threshold = min(WORTH_BYTES, int(file_bytes * WORTH_SHARE)) if worth is None else worth
    found = _Found(filesystem)
    found.buried()
    found.caches()
    for volume in volumes:
        found.volume(volume)
    if filesystem.duplicate_bytes > threshold:
        found.duplicates()
    advice = found.advice(threshold)
    return tuple(sorted(advice, key=lambda item: (-item.bytes, item.kind, item.layer, item.buried_by or 0, item.paths)))


def _largest(items: Iterable[tuple[int, bytes]]) -> list[bytes]:
    """The paths to show of (minus size, path), each once."""
    sizes: dict[bytes, int] = {}
    for negative, path in items:
        if negative < sizes.get(path, 1):
            sizes[path] = negative
    return [path for _, path in nsmallest(SHOWN, ((negative, path) for path, negative in sizes.items()))]


class _Group(NamedTuple):
    """What one piece of advice is about."""

    kind: AdviceKind
    layer: int
    buried_by: int | None = None
    tool: str = ""
    place: bytes = b""


class _Found:
    """Content by the advice it belongs to."""

    def __init__(self, filesystem: Filesystem) -> None:
        self._filesystem = filesystem
        self._tree = filesystem.tree
        self._groups: dict[_Group, list[tuple[int, bytes]]] = defaultdict(list)
        """(minus size, path) of each file. A group is looked up once for many: that takes longer than all else."""
        self._taken: set[Inode] = set()
        self._linked: dict[int, frozenset[bytes]] = {}

    def advice(self, threshold: int) -> Iterator[Advice]:
        """All that is about more bytes."""
        merged: dict[_Group, list[tuple[int, bytes]]] = defaultdict(list)
        places: dict[_Group, set[bytes]] = defaultdict(set)
        for group, items in self._groups.items():
            one = group._replace(place=b"", buried_by=None if group.tool else group.buried_by)
            merged[one] += items
            if group.place:
                places[one].add(group.place)
        for group, items in merged.items():
            size = -sum(negative for negative, _ in items)
            if size <= threshold:
                continue
            paths = sorted(places[group])[:SHOWN] or _largest(items)
            yield Advice(
                kind=group.kind,
                paths=tuple(paths),
                bytes=size,
                layer=group.layer,
                buried_by=group.buried_by,
                files=len(items),
                tool=group.tool,
            )

    def buried(self) -> None:
        """What a later layer deleted or wrote again; of caches, everything buried."""
        for (layer, by, cause), several in groupby(self._filesystem.reclaimable, _OF_A_KIND):
            kind = _KINDS.get(cause) if layer != by else None
            items = self._groups[_Group(kind, layer, by)] if kind is not None else []
            for path, _, size, _, _ in several:
                cache = cache_of(path)
                if cache is not None and path not in self._links_of(layer):
                    tool, place = cache
                    self._groups[_Group(AdviceKind.PACKAGE_CACHE, layer, by, tool, place)].append((-size, path))
                else:
                    items.append((-size, path))

    def caches(self) -> None:
        """Package managers' caches that are still there."""
        places = {place: tool for tool, places in CACHES.items() for place in places}
        for home in self._homes():
            places |= {home + b"/" + place: tool for tool, below in PRIVATE_CACHES.items() for place in below}
        for place, tool in places.items():
            self._take(AdviceKind.PACKAGE_CACHE, place, 0, tool)

    def volume(self, volume: VolumeFrom) -> None:
        """Content that layers after the declaration of a VOLUME brought below it."""
        place = b"/".join(split(volume.path))
        if place:
            self._take(AdviceKind.VOLUME, place, volume.layer)

    def duplicates(self) -> None:
        """Equal content of several inodes, beyond the one that came first."""
        groups = [self._groups[_Group(AdviceKind.DUPLICATE, layer)] for layer in range(len(self._tree.indexes))]
        for inodes in self._filesystem.equal:
            for layer, entry in sorted(inode for inode in inodes if inode not in self._taken)[1:]:
                index = self._tree.indexes[layer]
                groups[layer].append((-index.sizes[entry], index.paths[entry]))

    def _take(self, kind: AdviceKind, place: bytes, from_layer: int, tool: str = "") -> None:
        """The content of a directory is what one piece of advice, for each layer that brought some, is about."""
        by_layer: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for path, inode, size in self._content(place, from_layer):
            self._taken.add(inode)
            by_layer[inode[0]].append((-size, path))
        for layer, items in by_layer.items():
            self._groups[_Group(kind, layer, None, tool, place)] += items

    def _content(self, place: bytes, from_layer: int) -> list[tuple[bytes, Inode, int]]:
        """(path, inode, bytes) of files below a real directory whose every name is there, brought by late layers."""
        start = self._real_directory(place)
        if start is None:
            return []
        names: dict[Inode, list[bytes]] = defaultdict(list)
        for path, node in self._tree.walk(start, place):
            if node.children is None and self._tree.size(node):
                names[node.layer, node.entry].append(path)
        return [
            (paths[0], inode, self._tree.indexes[inode[0]].sizes[inode[1]])
            for inode, paths in names.items()
            if inode[0] >= from_layer
            and inode not in self._taken
            and len(paths) == self._filesystem.links.get(inode, 1)
        ]

    def _homes(self) -> Sequence[bytes]:
        home = self._real_directory(b"home")
        return [b"root", *(b"home/" + name for name in sorted(home.children or ()))] if home else [b"root"]

    def _real_directory(self, path: bytes) -> Node | None:
        """The directory at ``path``, no symlink followed."""
        node = self._tree.root
        for part in split(path):
            child = node.children.get(part) if node.children is not None else None
            if child is None:
                return None
            node = child
        return node if node.children is not None else None

    def _links_of(self, layer: int) -> frozenset[bytes]:
        """What the hard links of a layer lead to: such a file may have had a name elsewhere."""
        if layer not in self._linked:
            index = self._tree.indexes[layer]
            kinds = index.kinds
            has = EntryKind.HARDLINK in kinds
            self._linked[layer] = frozenset(
                index.link(at) for at in range(len(index)) if kinds[at] == EntryKind.HARDLINK
            ) if has else frozenset()  # fmt: skip
        return self._linked[layer]
