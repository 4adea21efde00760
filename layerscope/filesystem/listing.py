"""Files as rows: of the merged tree, of one layer, of one layer's changes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.filesystem.changes import Change
from layerscope.filesystem.tree import IMPLIED
from layerscope.layers.entry import MARKER_PREFIX, OPAQUE_MARKER, EntryKind, is_marker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.filesystem.changes import ChangedPath
    from layerscope.filesystem.reclaim import Cause
    from layerscope.filesystem.stack import Filesystem
    from layerscope.filesystem.tree import Node, Tree
    from layerscope.layers.index import LayerIndex


@dataclass(frozen=True, slots=True)
class FileRow:
    """One path, as a listing shows it. A field that the listing cannot know is None."""

    path: bytes
    """Relative to the root, without a leading slash."""
    kind: str
    """An EntryKind's label; in the listing of one layer also ``whiteout``, ``opaque`` and ``aufs`` for markers."""
    mode: int | None
    uid: int | None
    gid: int | None
    size: int
    mtime: tuple[int, int] | None
    """(seconds, nanoseconds); None for a directory that no layer lists."""
    link: bytes
    device: tuple[int, int] | None
    xattrs: tuple[tuple[bytes, bytes], ...]
    digest: bytes
    """Raw SHA-256 of a regular file's content, else empty."""
    layer: int | None
    """The layer whose entry put the path there."""
    change: Change | None = None
    bytes_shipped: int | None = None
    """In a listing of changes: what the layer ships for the path, or, deleted, what vanished."""
    cause: Cause | None = None
    """In a listing of what is buried: why."""
    buried_by: int | None = None
    """In a listing of what is buried: the layer that removed its last name."""


def merged_rows(filesystem: Filesystem, start: bytes = b"") -> Iterator[FileRow]:
    """The merged tree below ``start``, that path itself first unless it is the root; nothing where it is absent."""
    tree = filesystem.tree
    node = tree.find(start, follow=False)
    if node is None:
        return
    if start:
        yield node_row(tree, start, node)
    for path, child in tree.walk(node, start):
        yield node_row(tree, path, child)


def layer_rows(index: LayerIndex, layer: int) -> Iterator[FileRow]:
    """The members of one layer as its tar lists them, in stream order, markers too."""
    return (_entry_row(index, position, layer) for position in range(len(index)))


def change_rows(filesystem: Filesystem, layer: int, changed: tuple[ChangedPath, ...]) -> Iterator[FileRow]:
    """What ``layer`` changed, by path. A deleted path has nothing but its name and what vanished with it."""
    index = filesystem.tree.indexes[layer]
    own = {path: position for position, path in enumerate(index.paths)}
    for item in changed:
        position = own.get(item.path)
        if item.change is Change.DELETED or position is None:
            kind = "directory" if item.change is not Change.DELETED else ""
            row = FileRow(
                item.path, kind, None, None, None, 0, None, b"", None, (), b"", layer, item.change, item.bytes
            )
        else:
            row = _entry_row(index, position, layer, item.change, item.bytes)
        yield row


def buried_rows(filesystem: Filesystem) -> Iterator[FileRow]:
    """Every file, link and device that a layer brought and the merged tree no longer has, by path and layer."""
    indexes = filesystem.tree.indexes
    buried = sorted(filesystem.buried, key=lambda item: (indexes[item.layer].paths[item.entry], item.layer, item.entry))
    for item in buried:
        row = _entry_row(indexes[item.layer], item.entry, item.layer)
        yield dataclasses.replace(row, cause=item.cause, buried_by=item.by)


def node_row(tree: Tree, path: bytes, node: Node) -> FileRow:
    """A path of the merged tree."""
    if node.entry == IMPLIED:
        return FileRow(path, "directory", 0o755, 0, 0, 0, None, b"", None, (), b"", node.brought)
    row = _entry_row(tree.indexes[node.layer], node.entry, node.brought)
    return row if row.path == path else dataclasses.replace(row, path=path)


def _entry_row(
    index: LayerIndex, position: int, layer: int, change: Change | None = None, shipped: int | None = None
) -> FileRow:
    path = index.paths[position]
    kind = EntryKind(index.kinds[position])
    return FileRow(
        path=path,
        kind=_marker_kind(path) or kind.label,
        mode=index.modes[position],
        uid=index.uids[position],
        gid=index.gids[position],
        size=index.sizes[position],
        mtime=(index.mtimes[position], index.mtimes_ns[position]),
        link=index.link(position),
        device=index.devices.get(position),
        xattrs=index.xattrs(position),
        digest=index.digest(position) if kind is EntryKind.FILE else b"",
        layer=layer,
        change=change,
        bytes_shipped=shipped,
    )


def _marker_kind(path: bytes) -> str:
    if not is_marker(path):
        return ""
    directory, _, name = path.rpartition(b"/")
    if name == OPAQUE_MARKER:
        return "opaque"
    if is_marker(directory) or name.startswith(MARKER_PREFIX * 2):
        return "aufs"
    return "whiteout"
