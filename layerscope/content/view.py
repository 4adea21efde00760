"""What stands at a path after some layer was applied, found from the top down: no layer below the answer is read.

An entry, a whiteout, an opaque directory or something that is no directory decides, in the highest layer that has one.
That holds for a layer which lists every directory above its entries, as builders write them. In any other, a symlink of
the stack below may lead an entry elsewhere; then all layers below are read and merged, as ``layerscope.filesystem``
does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.filesystem.stack import Stack
from layerscope.filesystem.tree import IMPLIED, split
from layerscope.layers.entry import AUFS_PREFIX, MARKER_PREFIX, OPAQUE_MARKER, EntryKind, is_marker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.content.layers import ImageLayers
    from layerscope.filesystem.stack import Filesystem
    from layerscope.layers.index import LayerIndex

_UNPLACED = frozenset((EntryKind.UNKNOWN,))


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at a path. For a hard link, ``layer`` and ``entry`` are those of the file it is a name of."""

    kind: EntryKind
    layer: int
    entry: int
    """Position in the layer's tar; IMPLIED for a directory that no layer lists."""
    brought: int
    """The layer whose entry put the path there."""


class View:
    """The image as it stood after layer ``top`` was applied."""

    def __init__(self, layers: ImageLayers, top: int, pages: dict[int, _Page] | None = None) -> None:
        self.layers = layers
        self.top = top
        self._pages = pages if pages is not None else {}
        self._merged: Filesystem | None = None
        self.decided_by: int | None = None
        """The layer that took away what was last asked for and is not there; None if none ever had it."""

    def at(self, path: bytes) -> Place | None:
        """What stands at ``path``, of which no directory may be a symlink. Errors as in ``ImageLayers.index``."""
        self.decided_by = None
        if not path:
            return Place(EntryKind.DIRECTORY, 0, IMPLIED, 0)
        for layer in range(self.top, -1, -1):
            page = self._page(layer)
            if page is None:
                return self._merged_at(path, layer)
            position = page.own.get(path)
            if position is not None:
                place = self._place(layer, page, position)
                return place if place is not None else self._merged_at(path, layer)
            hidden = page.hides(path)
            if hidden is None:
                return self._merged_at(path, layer)
            if hidden:
                self.decided_by = layer
                return None
        return None

    def merged(self) -> Filesystem:
        """The whole tree up to ``top``: every layer is read."""
        if self._merged is None:
            stack = Stack()
            for index in self.layers.up_to(self.top):
                stack.push(index)
            self._merged = stack.finish()
        return self._merged

    def link(self, place: Place) -> bytes:
        """Where a symlink leads, as written."""
        return self.layers.index(place.layer).link(place.entry)

    def _page(self, layer: int) -> _Page | None:
        if layer not in self._pages:
            self._pages[layer] = _Page(self.layers.index(layer))
        page = self._pages[layer]
        return page if page.is_plain else None

    def _place(self, layer: int, page: _Page, position: int) -> Place | None:
        kind = EntryKind(page.index.kinds[position])
        if kind is not EntryKind.HARDLINK:
            return Place(kind, layer, position, layer)
        target = page.index.link(position)
        earlier = page.before(target, position)
        if earlier is not None:
            found = self._place(layer, page, earlier)
        else:
            below = View(self.layers, layer - 1, self._pages)
            parents = [below.at(parent) for parent in _above(target)]
            if any(parent is None or parent.kind is not EntryKind.DIRECTORY for parent in parents):
                return None
            found = below.at(target)
        if found is None or found.kind is EntryKind.DIRECTORY:
            return None
        return Place(found.kind, found.layer, found.entry, layer)

    def _merged_at(self, path: bytes, layer: int) -> Place | None:
        """The answer for the stack up to ``layer``, where looking at paths alone cannot give it."""
        if layer != self.top:
            return View(self.layers, layer, self._pages)._merged_at(path, layer)
        node = self.merged().tree.root
        for part in split(path):
            child = node.children.get(part) if node.children is not None else None
            if child is None:
                return None
            node = child
        return Place(self.merged().tree.kind(node), node.layer, node.entry, node.brought)


class _Page:
    """One layer's entries by path, and what its markers hide."""

    def __init__(self, index: LayerIndex) -> None:
        self.index = index
        self.own: dict[bytes, int] = {}
        self._twice: set[bytes] = set()
        self._whiteouts: set[bytes] = set()
        self._opaque: set[bytes] = set()
        directories = {b""}
        parents = set()
        mixed = False
        for position, path in enumerate(index.paths):
            kind = index.kinds[position]
            parents.add(path.rpartition(b"/")[0])
            if MARKER_PREFIX in path and is_marker(path):
                self._mark(path)
            elif not path or kind in _UNPLACED:
                continue
            else:
                if path in self.own:
                    self._twice.add(path)
                    mixed |= (kind == EntryKind.DIRECTORY) != (path in directories)
                elif kind == EntryKind.DIRECTORY:
                    directories.add(path)
                self.own[path] = position
        self.is_plain = not mixed and all(
            parent in directories or (MARKER_PREFIX in parent and is_marker(parent)) for parent in parents
        )

    def before(self, path: bytes, position: int) -> int | None:
        """The last entry at ``path`` that is no directory and stands before ``position``."""
        found = self.own.get(path)
        if found is not None and path in self._twice:
            paths = self.index.paths
            found = next((at for at in range(position - 1, -1, -1) if paths[at] == path), None)
        if found is None or found >= position or self.index.kinds[found] == EntryKind.DIRECTORY:
            return None
        return found

    def hides(self, path: bytes) -> bool | None:
        """Whether what lower layers have at ``path`` does not show through this one; None if paths alone do not tell.

        They do not where a hard link stands above it: if that dangles, it is not placed at all.
        """
        if path in self._whiteouts or b"" in self._opaque:
            return True
        for above in _above(path):
            if above in self._whiteouts or above in self._opaque:
                return True
            own = self.own.get(above)
            if own is None or self.index.kinds[own] == EntryKind.DIRECTORY:
                continue
            return None if self.index.kinds[own] == EntryKind.HARDLINK else True
        return False

    def _mark(self, path: bytes) -> None:
        directory, _, name = path.rpartition(b"/")
        if is_marker(directory):
            return
        if name == OPAQUE_MARKER:
            self._opaque.add(directory)
        elif not name.startswith(AUFS_PREFIX) and name[len(MARKER_PREFIX) :] not in (b"", b".", b".."):
            hidden = name[len(MARKER_PREFIX) :]
            self._whiteouts.add(directory + b"/" + hidden if directory else hidden)


def _above(path: bytes) -> Iterator[bytes]:
    """The directories above a path, the highest first, the root excluded."""
    at = path.find(b"/")
    while at >= 0:
        yield path[:at]
        at = path.find(b"/", at + 1)
