"""What is to be extracted: the items behind the paths somebody named, of the merged tree or of one layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.content.view import View
from layerscope.errors import NotFound
from layerscope.filesystem.tree import split
from layerscope.layers.entry import EntryKind, is_marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.content.contents import Contents, Found


@dataclass(frozen=True, slots=True)
class Item:
    """One path to write."""

    path: bytes
    kind: EntryKind
    layer: int
    """Of the entry that holds content and attributes."""
    entry: int
    """Its position in the layer's tar; IMPLIED for a directory that no layer lists."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Items by path, each once."""

    items: tuple[Item, ...]
    markers: int = 0
    """Whiteouts and their kin among the entries of a layer: no files."""
    dangling: tuple[bytes, ...] = ()
    """Hard links of a layer that lead nowhere."""


def plan(contents: Contents, paths: Iterable[bytes], layer: int | None = None) -> Plan:
    """The items at and below ``paths``. A path's own directories are followed, its end only if it ends in a slash.

    NotFound where one of them is not there; errors of reading layers.
    """
    found: dict[bytes, Item] = {}
    markers = 0
    dangling: list[bytes] = []
    for path in paths:
        if layer is None:
            found.update((item.path, item) for item in _merged(contents, path))
            continue
        items, hidden, lost = _of_layer(contents, path, layer)
        markers += hidden
        dangling += lost
        found.update((item.path, item) for item in items)
    return Plan(tuple(found[path] for path in sorted(found)), markers, tuple(dict.fromkeys(dangling)))


def _merged(contents: Contents, path: bytes) -> Iterator[Item]:
    found = contents.find(path, follow=path.endswith(b"/"))
    yield _item(found)
    if found.kind is not EntryKind.DIRECTORY:
        return
    tree = View(contents.layers, len(contents.layers) - 1).merged().tree
    node = tree.root
    for part in split(found.path):
        assert node.children is not None
        node = node.children[part]
    for below, child in tree.walk(node, found.path):
        yield Item(below, tree.kind(child), child.layer, child.entry)


def _item(found: Found) -> Item:
    return Item(found.path, found.kind, found.layer, found.entry)


def _of_layer(contents: Contents, path: bytes, layer: int) -> tuple[list[Item], int, list[bytes]]:
    """(items, markers, dangling hard links) of one layer at or below ``path``."""
    contents.require_layer(layer)
    index = contents.layers.index(layer)
    start = b"/".join(split(path))
    if b".." in split(path) or not _holds(index.paths, start):
        start = contents.find(path, layer, follow=path.endswith(b"/")).path
    prefix = start + b"/" if start else b""
    last: dict[bytes, int] = {}
    markers = 0
    for position, name in enumerate(index.paths):
        if name and (name == start or name.startswith(prefix)):
            if is_marker(name):
                markers += 1
            else:
                last[name] = position
    items: dict[bytes, Item] = {}
    dangling = []
    for name in sorted(last):
        kind = EntryKind(index.kinds[last[name]])
        above = items.get(name.rpartition(b"/")[0])
        if above is not None and above.kind is not EntryKind.DIRECTORY:
            continue  # the last entry of its parent is no directory
        if kind is EntryKind.HARDLINK:
            try:
                items[name] = _item(contents.find(name, layer, follow=False))
            except NotFound:
                dangling.append(name)
            continue
        items[name] = Item(name, kind, layer, last[name])
    if start and not items and not markers and not dangling:
        raise NotFound(f"layer {layer} has nothing at /{start.decode('utf-8', 'backslashreplace')}")
    return list(items.values()), markers, dangling


def _holds(paths: list[bytes], start: bytes) -> bool:
    return not start or any(path == start or path.startswith(start + b"/") for path in paths)
