"""Applying one layer to the tree below it, exactly as image-spec layer.md has it.

Order inside a layer: hard links into the tree below are found, then whiteouts act, then opaque markers, then entries in
stream order. So markers see lower layers only, wherever they stand, and the last of duplicate paths wins.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from layerscope.errors import UnsafeImage
from layerscope.filesystem.changes import Change, ChangedPath
from layerscope.filesystem.reclaim import Buried, Cause, Reclaimable
from layerscope.filesystem.tree import IMPLIED, MAX_LINKS, Node, Tree, split
from layerscope.layers.entry import AUFS_PREFIX, MARKER_PREFIX, OPAQUE_MARKER, EntryKind, is_marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from layerscope.layers.index import LayerIndex

MAX_IMPLIED_BYTES = 256 << 20
"""Paths of directories that one layer implies without listing them, added up."""
_FILE = EntryKind.FILE
_DIRECTORY = EntryKind.DIRECTORY
_HARDLINK = EntryKind.HARDLINK
_SYMLINK = EntryKind.SYMLINK
_ALONE = frozenset((EntryKind.HARDLINK, EntryKind.UNKNOWN))
"""What needs more to be placed than to know where, and may not be placed at all."""


class SkippedEntry(NamedTuple):
    """An entry that could not be placed, and why."""

    path: bytes
    reason: str


class Applied(NamedTuple):
    """What applying one layer did."""

    placed: Mapping[Change, Sequence[int]]
    """Entries to which nothing happened after they changed what stood at their path: how they did."""
    changed: Iterator[ChangedPath]
    """Every other changed path. To be taken before the next layer is applied."""
    reclaimed: list[Reclaimable]
    buried: list[Buried]
    """Empty unless it was asked for."""
    skipped: list[SkippedEntry]
    notes: list[str]


def apply_layer(
    tree: Tree, links: dict[tuple[int, int], int], index: LayerIndex, *, keep_buried: bool = False
) -> Applied:
    """Put the next layer on top of ``tree``. ``links`` counts the names of every inode that has more than one."""
    tree.indexes.append(index)
    step = _Step(tree, links, index, keep_buried=keep_buried)
    step.run()
    return Applied(step.placed(), step.changed_paths(), step.reclaimed, step.buried, step.skipped, step.notes.summary())


class _Notes:
    """Oddities, counted by kind with the first path as the example."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, bytes]] = {}

    def add(self, what: str, path: bytes) -> None:
        count, first = self._found.get(what, (0, path))
        self._found[what] = count + 1, first

    def summary(self) -> list[str]:
        return [
            f"{what}: /{first.decode('utf-8', 'backslashreplace')}" + (f" and {count - 1} more" if count > 1 else "")
            for what, (count, first) in self._found.items()
        ]


class _Step:
    """One layer going on.

    ``touched`` keeps the node that stood below at every path that something happened to, but for those of ``fresh``:
    entries that put a path where none was, which is what most do.
    """

    def __init__(self, tree: Tree, links: dict[tuple[int, int], int], index: LayerIndex, *, keep_buried: bool) -> None:
        self.tree = tree
        self.links = links
        self.index = index
        self.number = len(tree.indexes) - 1
        self.touched: dict[bytes, Node | None] = {}
        self.fresh: list[int] = []
        self._again: dict[bytes, int] = {}
        """Of paths where a file took the place of a lower layer's, that entry: what it buries is settled for all of
        them at once in the end, or before something else happens there."""
        self._modified: list[int] = []
        self._metadata: list[int] = []
        """Which of these entries differ in content, and which in all but that."""
        self.died: dict[bytes, int] = {}
        self.reclaimed: list[Reclaimable] = []
        self.buried: list[Buried] = []
        self.keep_buried = keep_buried
        self.skipped: list[SkippedEntry] = []
        self.notes = _Notes()
        self._parents: dict[bytes, tuple[Node, bytes]] = {}
        self._own_directories: set[bytes] | None = None
        self._implied_bytes = 0

    def run(self) -> None:
        index_paths = self.index.paths
        whiteouts, opaques, entries = self._sort_out()
        held = self._hold_lower_links(entries)
        for position in whiteouts:
            self._whiteout(index_paths[position])
        for path in opaques:
            self._opaque(path)
        self._parents.clear()
        self._place_all(entries, held)
        self._let_go(held)
        self._settle_all()

    def _sort_out(self) -> tuple[list[int], list[bytes], Sequence[int]]:
        """Whiteouts, opaque markers (their directories), and all other entries."""
        markers = self.index.markers()
        if not markers:
            return [], [], range(len(self.index))
        whiteouts: list[int] = []
        opaques: list[bytes] = []
        for position in markers:
            path = self.index.paths[position]
            directory, _, name = path.rpartition(b"/")
            if is_marker(directory):
                continue  # below AUFS metadata
            if name == OPAQUE_MARKER:
                opaques.append(directory)
            elif name == MARKER_PREFIX or name[len(MARKER_PREFIX) :] in (b".", b".."):
                self.notes.add("a whiteout that names nothing is ignored", path)
            elif not name.startswith(AUFS_PREFIX):
                whiteouts.append(position)
        others = set(markers)
        return whiteouts, opaques, [position for position in range(len(self.index)) if position not in others]

    # -- hard links ----------------------------------------------------------------------------------------------

    def _hold_lower_links(self, entries: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Inodes of lower layers that this layer links to, held so that no marker buries them first."""
        kinds = self.index.kinds
        if _HARDLINK not in kinds:
            return {}
        held: dict[int, tuple[int, int]] = {}
        seen: set[bytes] = set()
        for position in entries:
            if kinds[position] == _HARDLINK and (target := self.index.link(position)) not in seen:
                node = self.tree.find(target, follow=False)
                if node is not None and node.children is None:
                    held[position] = key = (node.layer, node.entry)
                    self.links[key] = self.links.get(key, 1) + 1
            seen.add(self.index.paths[position])
        return held

    def _let_go(self, held: dict[int, tuple[int, int]]) -> None:
        """Release what was held for links that found an entry of their own layer after all."""
        for key in held.values():
            self._drop_link(key, Cause.OVERWRITTEN, b"")

    def _link_target(self, position: int, held: dict[int, tuple[int, int]]) -> tuple[int, int] | None:
        """The inode a hard link names: an earlier entry of its layer, else what was held of the tree below."""
        node = self.tree.find(self.index.link(position), follow=False)
        if node is not None and node.children is None and node.brought == self.number:
            return (node.layer, node.entry)
        return held.get(position)

    # -- markers -------------------------------------------------------------------------------------------------

    def _whiteout(self, marker: bytes) -> None:
        directory, _, name = marker.rpartition(b"/")
        name = name[len(MARKER_PREFIX) :]
        found = self._lower_directory(directory)
        if found is None:
            return
        node, real = found
        assert node.children is not None
        if name in node.children:
            self._remove(node, name, real + b"/" + name if real else name, Cause.DELETED)

    def _opaque(self, path: bytes) -> None:
        found = self._lower_directory(path)
        if found is None:
            return
        node, real = found
        assert node.children is not None
        for name in list(node.children):
            self._remove(node, name, real + b"/" + name if real else name, Cause.OPAQUE)

    def _lower_directory(self, path: bytes) -> tuple[Node, bytes] | None:
        """The directory a marker stands in, as the tree below has it; None where there is none to hide anything of."""
        return self._parent(path, create=False)

    # -- entries -------------------------------------------------------------------------------------------------

    def _place_all(self, entries: Sequence[int], held: dict[int, tuple[int, int]]) -> None:
        """Place each entry; those that come where nothing was, beside the one before, by no more than that takes."""
        paths, kinds, number = self.index.paths, self.index.kinds, self.number
        touched, parents, fresh = self.touched, self._parents, self.fresh
        last: bytes | None = None
        siblings: dict[bytes, Node] = {}
        for position in entries:
            path = paths[position]
            kind = kinds[position]
            directory, _, name = path.rpartition(b"/")
            plain = kind not in _ALONE and name != b""
            if plain and directory != last:
                found = parents.get(directory) or self._parent(directory)
                assert found is not None and found[0].children is not None
                last = directory if found[1] == directory else None
                siblings = found[0].children
            fits = plain and last is not None and path not in touched
            existing = siblings.get(name) if fits else None
            if not fits or (existing is not None and not self._write_again(path, position, existing)):
                self._place(position, held)
                if not parents:  # what was removed may have been on the way
                    last = None
                continue
            siblings[name] = node = Node({} if kind == _DIRECTORY else None, number, position)
            if kind == _DIRECTORY:
                parents[path] = node, path
            if existing is None:
                fresh.append(position)

    def _write_again(self, path: bytes, position: int, existing: Node) -> bool:
        """Let a file take the place of one of a layer below that has no other name; False of all else."""
        layer, entry = existing.layer, existing.entry
        if existing.children is not None or existing.brought == self.number or (layer, entry) in self.links:
            return False
        if self.index.kinds[position] != _FILE or self.tree.indexes[layer].kinds[entry] != _FILE:
            return False
        self.touched[path] = existing
        self._again[path] = position
        return True

    def _settle(self, path: bytes) -> None:
        """Bury the file whose place another took at a path, if one did."""
        position, below = self._again.pop(path, None), self.touched[path]
        if position is not None and below is not None:
            same = self.tree.indexes[below.layer].same_content(below.entry, self.index, position)
            self._lose(below.layer, below.entry, Cause.REWRITTEN if same else Cause.OVERWRITTEN, path)

    def _settle_all(self) -> None:
        """Bury the files whose places others took, and tell those apart that changed: a lower layer's all at once."""
        index = self.index
        lower: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for path, position in self._again.items():
            below = self.touched[path]
            assert below is not None
            lower[below.layer].append((below.entry, position))
        for layer, pairs in lower.items():
            old = self.tree.indexes[layer]
            same: list[int] = []
            others: list[int] = []
            for entry, position in pairs:
                if not old.same_content(entry, index, position):
                    others.append(entry)
                    self._modified.append(position)
                else:
                    same.append(entry)
                    if not old.same_attributes(entry, index, position):
                        self._metadata.append(position)
            self._lose_all(layer, same, Cause.REWRITTEN)
            self._lose_all(layer, others, Cause.OVERWRITTEN)

    def _place(self, position: int, held: dict[int, tuple[int, int]]) -> None:
        index = self.index
        path = index.paths[position]
        kind = index.kinds[position]
        if not path:
            if kind == _DIRECTORY:
                self.tree.root.layer, self.tree.root.entry = self.number, position
            else:
                self.skipped.append(SkippedEntry(path, "would replace the root directory"))
            return
        if kind == EntryKind.UNKNOWN:
            self.skipped.append(SkippedEntry(path, "unknown entry type"))
            return
        layer, entry = self.number, position
        if kind == _HARDLINK:
            target = self._link_target(position, held)
            if target is None:
                link = index.link(position).decode("utf-8", "backslashreplace")
                self.skipped.append(SkippedEntry(path, f"dangling hard link to /{link}"))
                return
            layer, entry = target
            if held.get(position) == target:
                del held[position]
            else:
                self.links[target] = self.links.get(target, 1) + 1
        directory, _, name = path.rpartition(b"/")
        found = self._parents.get(directory) or self._parent(directory)
        assert found is not None and found[0].children is not None
        parent, real = found
        if real != directory:
            path = real + b"/" + name if real else name
        siblings = found[0].children
        existing = siblings.get(name)
        if kind == _DIRECTORY:
            if existing is not None and existing.children is not None:
                self._touch(path, existing.twin())
                existing.layer = existing.brought = layer
                existing.entry = existing.via = entry
                self._parents[path] = existing, path
                return
            if existing is not None:
                self._bury(parent, name, path, existing, Cause.REPLACED)
            elif path not in self.touched:
                self.touched[path] = None
            siblings[name] = Node({}, layer, entry)
            return
        if existing is not None:
            self._bury(parent, name, path, existing, self._cause(existing, layer, entry))
        elif path not in self.touched:
            self.touched[path] = None
        node = siblings[name] = Node(None, layer, entry)
        node.brought, node.via = self.number, position

    def _cause(self, existing: Node, layer: int, entry: int) -> Cause:
        if existing.children is not None:
            return Cause.REPLACED
        old, new = self.tree.indexes[existing.layer], self.tree.indexes[layer]
        if old.kinds[existing.entry] != new.kinds[entry]:
            return Cause.REPLACED
        return Cause.REWRITTEN if old.same_content(existing.entry, new, entry) else Cause.OVERWRITTEN

    def _bury(self, parent: Node, name: bytes, path: bytes, existing: Node, cause: Cause) -> None:
        if existing.children is None and existing.brought == self.number:
            self.notes.add("a path stands twice in one layer, the last one counts", path)
            cause = Cause.REPEATED
        self._remove(parent, name, path, cause)

    # -- parents -------------------------------------------------------------------------------------------------

    def _parent(self, path: bytes, *, create: bool = True) -> tuple[Node, bytes] | None:
        """The directory at ``path`` and its real path, symlinks of the stack followed inside the image.

        With ``create``, missing directories are made (implied) and other non-directories make way; so it is never None.
        """
        nodes, names = [self.tree.root], [b""]
        parts = split(path)
        parts.reverse()
        budget = MAX_LINKS
        followed = False
        while parts:
            name = parts.pop()
            if name == b"..":
                if len(nodes) > 1:
                    nodes.pop()
                    names.pop()
                continue
            node = nodes[-1]
            assert node.children is not None
            child = node.children.get(name)
            if child is not None and child.children is None:
                here = b"/".join([*names[1:], name])
                if self.tree.kind(child) is _SYMLINK and budget and not self._becomes_directory(child, here):
                    budget -= 1
                    followed = True
                    target = self.tree.link(child)
                    if target.startswith(b"/"):
                        del nodes[1:], names[1:]
                    parts.extend(reversed(split(target)))
                    continue
                if not create:
                    return None
                self.notes.add("an entry below something that is no directory replaces it", here)
                self._remove(node, name, here, Cause.REPLACED)
                child = None
            if child is None:
                if not create:
                    return None
                child = self._imply(node, name, b"/".join([*names[1:], name]))
            nodes.append(child)
            names.append(name)
        found = nodes[-1], b"/".join(names[1:])
        if followed and create:
            self.notes.add("an entry's parent is a symlink and is followed (overlay drivers differ)", path)
        if create:
            self._parents[path] = found
        return found

    def _imply(self, parent: Node, name: bytes, path: bytes) -> Node:
        """A directory that no entry lists but one needs."""
        self._implied_bytes += len(path)
        if self._implied_bytes > MAX_IMPLIED_BYTES:
            raise UnsafeImage(
                f"layer {self.number} implies more directories than {MAX_IMPLIED_BYTES} bytes of paths can name",
                hint="no builder leaves out so many parents; the layer is hostile",
            )
        if path not in self.touched:
            self.touched[path] = None
        assert parent.children is not None
        node = parent.children[name] = Node({}, self.number, IMPLIED)
        return node

    def _becomes_directory(self, symlink: Node, path: bytes) -> bool:
        """Whether this layer has a directory where the tree below has a symlink: then entries below it stay there."""
        if symlink.brought == self.number:
            return False
        if self._own_directories is None:
            self._own_directories = {
                path for path, kind in zip(self.index.paths, self.index.kinds, strict=True) if kind == _DIRECTORY
            }
        return path in self._own_directories

    # -- removal -------------------------------------------------------------------------------------------------

    def _touch(self, path: bytes, node: Node) -> None:
        if path not in self.touched:
            self.touched[path] = None if node.brought == self.number else node
        else:
            self._settle(path)

    def _remove(self, parent: Node, name: bytes, path: bytes, cause: Cause) -> None:
        """Take a path with its subtree out of the tree; every inode that loses its last name is recorded."""
        assert parent.children is not None
        removed = parent.children.pop(name)
        if removed.children is not None or self.tree.kind(removed) is _SYMLINK:
            self._parents.clear()
        stack = [(path, removed)]
        while stack:
            at, node = stack.pop()
            self._touch(at, node)
            if node.children is None:
                self._drop_link((node.layer, node.entry), cause, at)
            else:
                stack += [(at + b"/" + child, below) for child, below in reversed(node.children.items())]

    def _drop_link(self, key: tuple[int, int], cause: Cause, path: bytes) -> None:
        count = self.links.get(key)
        if count is not None:
            if count > 2:
                self.links[key] = count - 1
            else:
                del self.links[key]
            return
        self._lose(*key, cause, path)

    def _lose(self, layer: int, entry: int, cause: Cause, path: bytes) -> None:
        """Record an inode that has lost its last name, which stood at ``path``."""
        index = self.tree.indexes[layer]
        size = index.sizes[entry]
        if self.keep_buried:
            self.buried.append(Buried(layer, entry, cause, self.number))
        if size:
            self.reclaimed.append(Reclaimable(index.paths[entry], cause, size, layer, self.number))
            if layer != self.number:
                self.died[path] = self.died.get(path, 0) + size

    def _lose_all(self, layer: int, entries: Sequence[int], cause: Cause) -> None:
        """``_lose`` many of one layer, where something else stands now."""
        index = self.tree.indexes[layer]
        if self.keep_buried:
            self.buried += map(Buried, repeat(layer), entries, repeat(cause), repeat(self.number))
        paths, sizes = map(index.paths.__getitem__, entries), map(index.sizes.__getitem__, entries)
        lost = zip(paths, repeat(cause), sizes, repeat(layer), repeat(self.number))
        self.reclaimed += [Reclaimable._make(each) for each in lost if each[2]]

    # -- the result ----------------------------------------------------------------------------------------------

    def placed(self) -> dict[Change, Sequence[int]]:
        """Entries to which nothing happened after they changed what stood at their path: how they did."""
        touched, paths = self.touched, self.index.paths
        fresh = [position for position in self.fresh if paths[position] not in touched] if touched else self.fresh
        return {Change.ADDED: fresh, Change.MODIFIED: self._modified, Change.METADATA: self._metadata}

    def changed_paths(self) -> Iterator[ChangedPath]:
        """Every touched path whose state after the layer differs from before, but for those of ``placed``."""
        last_directory: bytes | None = None
        siblings: dict[bytes, Node] | None = None
        again = self._again
        for path, before in self.touched.items():
            if path in again:
                continue
            directory, _, name = path.rpartition(b"/")
            if directory != last_directory:
                siblings = self._children_of(directory)
                last_directory = directory
            after = siblings.get(name) if siblings is not None else None
            if after is None:
                if before is not None:
                    yield ChangedPath(path, Change.DELETED, self.died.get(path, 0))
            elif before is None:
                yield ChangedPath(path, Change.ADDED, self._shipped(after))
            elif (change := self._compare(before, after)) is not None:
                yield ChangedPath(path, change, self._shipped(after))

    def _children_of(self, directory: bytes) -> dict[bytes, Node] | None:
        children = self.tree.root.children
        for part in split(directory):
            node = children.get(part) if children is not None else None
            children = node.children if node is not None else None
        return children

    def _shipped(self, node: Node) -> int:
        if node.brought != self.number or node.via == IMPLIED or self.index.kinds[node.via] != _FILE:
            return 0
        return self.index.sizes[node.via]

    def _compare(self, before: Node, after: Node) -> Change | None:
        is_directory = before.children is not None
        if is_directory != (after.children is not None):
            return Change.MODIFIED
        if is_directory and IMPLIED in (before.entry, after.entry):
            same = self._directory_attributes(before.layer, before.entry) == self._directory_attributes(
                after.layer, after.entry
            )
            return None if same else Change.METADATA
        old, new = self.tree.indexes[before.layer], self.tree.indexes[after.layer]
        if not is_directory and not old.same_content(before.entry, new, after.entry):
            return Change.MODIFIED
        return None if old.same_attributes(before.entry, new, after.entry) else Change.METADATA

    def _directory_attributes(self, layer: int, entry: int) -> tuple[object, ...]:
        if entry == IMPLIED:
            return (0o755, 0, 0, ())
        index = self.tree.indexes[layer]
        return (index.modes[entry], index.uids[entry], index.gids[entry], index.xattrs(entry))
