"""Layer upon layer: which packages come and go, and whose bytes each layer's are."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from layerscope.layers.entry import MARKER_PREFIX, EntryKind, is_marker
from layerscope.packages.content import MAX_PATH_BYTES
from layerscope.packages.installed import Live
from layerscope.packages.managers import MANAGERS
from layerscope.packages.owners import Owners, order, rank
from layerscope.packages.package import SYSTEM, UNOWNED, LayerPackages, Package, Packages, Unread
from layerscope.packages.places import Places
from layerscope.packages.presence import Presence
from layerscope.packages.record import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.layers.index import LayerIndex
    from layerscope.packages.installed import Installed, Key
    from layerscope.packages.places import PathNode
    from layerscope.packages.record import Record


MAX_LISTED_BYTES = 256 << 20
"""Paths that the databases of one state list, added up, before packages are left without files."""


class _Database(NamedTuple):
    """A database file of the state, and the entry that has its content."""

    inode: tuple[int, int]
    live: Live


class PackageStack:
    """Packages in the making: ``push`` each layer, bottom first, when the tree has it; then ``finish``.

    An entry's bytes are the package's that owns its path in the state after its layer; where none does, the package's
    that lists it first in a later state, while the entry is still there.
    """

    def __init__(self) -> None:
        self._indexes: list[LayerIndex] = []
        self._places = Places()
        self._owners = Owners()
        self._presence = Presence()
        self._databases: dict[str, dict[bytes, _Database]] = {manager: {} for manager in MANAGERS}
        self._state: dict[str, dict[Key, Installed]] = {manager: {} for manager in MANAGERS}
        self._columns: list[array[int]] = []
        self._unowned: dict[bytes, tuple[int, int]] = {}
        """Content that nobody owns yet, by the paths it was last seen at."""
        self._unowned_bytes: list[int] = []
        self._bytes: list[dict[int, int]] = []
        """For each package, what each layer ships for it."""
        self._listed: dict[int, int] = {}
        """For each package of the state, the bytes of the paths that it claims."""
        self._listed_bytes = 0
        """Their sum."""
        self._within: dict[int, int] = {}
        self._changes: list[tuple[list[int], list[int], list[int]]] = []
        self._unread: list[Unread] = []
        self._notes: list[tuple[int, str]] = []

    def push(self, index: LayerIndex, found: bytes, root: PathNode) -> None:
        """The next layer: its index, what the probe found in it, and the root of the tree with the layer applied."""
        layer = len(self._indexes)
        self._indexes.append(index)
        self._columns.append(array("i", [UNOWNED]) * len(index))
        self._unowned_bytes.append(0)
        moved = self._places.refresh(root, self._indexes)
        records = unpack(found)
        self._unread += (Unread(layer, path, reason) for path, reason in records.failed)
        self._notes += ((layer, note) for note in records.notes)
        self._update(layer, self._changed_managers(layer, records.records), moved)
        self._share_out(layer, index)

    def finish(self, squashed_bytes: int) -> Packages:
        """What the layers add up to; ``squashed_bytes`` is the content of the merged tree, each inode once."""
        squashed = self._squashed()
        keys = self._presence.keys
        arranged = sorted(range(len(keys)), key=keys.__getitem__)
        final = [0] * len(keys) + [UNOWNED]  # so that UNOWNED, the last one, stays what it is
        for number, was in enumerate(arranged):
            final[was] = number
        packages = tuple(
            Package(
                number=number,
                kind=keys[was].kind,
                name=keys[was].name,
                version=keys[was].version,
                architecture=keys[was].architecture,
                location=keys[was].location,
                stays=self._presence.stays(was),
                first_seen=self._presence.first_seen(was),
                replaces=self._presence.replaces(was),
                layer_bytes=tuple(sorted(self._bytes[was].items())),
                squashed_bytes=squashed[was],
                within=final[self._within[was]] if was in self._within else None,
            )
            for number, was in enumerate(arranged)
        )
        layers = tuple(
            LayerPackages(index.file_bytes, unowned, *(tuple(sorted(final[was] for was in each)) for each in changes))
            for index, unowned, changes in zip(self._indexes, self._unowned_bytes, self._changes, strict=True)
        )
        return Packages(
            all=packages,
            layers=layers,
            squashed_unowned_bytes=squashed_bytes - sum(squashed),
            owners=tuple(array("i", map(final.__getitem__, column)) for column in self._columns),
            unread=tuple(self._unread),
            notes=tuple(self._notes),
        )

    # -- what is installed -----------------------------------------------------------------------------------------

    def _changed_managers(self, layer: int, records: Sequence[Record]) -> list[str]:
        """Bring the databases up to this layer; returns the managers that have others now."""
        places = self._places
        changed = set()
        for manager, databases in self._databases.items():
            gone = [path for path, database in databases.items() if self._places.inode(path) != database.inode]
            for path in gone:
                del databases[path]
                changed.add(manager)
        for record in records:
            manager = record.reader.partition("-")[0]
            real = places.real(record.path)
            if self._places.inode(real) == (layer, record.position):
                live = Live(record.reader, record.path, real, record.data)
                self._databases[manager][real] = _Database((layer, record.position), live)
                changed.add(manager)
        return [manager for manager in MANAGERS if manager in changed]

    def _update(self, layer: int, managers: list[str], moved: bool) -> None:
        """Bring the state and everybody's claims up to this layer."""
        went: list[Installed] = []
        came: list[Installed] = []
        arrived: list[Key] = []
        left: list[Key] = []
        for manager in managers:
            old = self._state[manager]
            live = (database.live for database in self._databases[manager].values())
            new = self._state[manager] = {each.key: each for each in MANAGERS[manager](live)}
            went += (each for key, each in old.items() if new.get(key) != each)
            came += (each for key, each in new.items() if old.get(key) != each)
            left += (key for key in old if key not in new)
            arrived += (key for key in new if key not in old)
        self._changes.append(self._presence.layer(layer, sorted(arrived), sorted(left)))
        self._bytes += ({} for _ in range(len(self._presence.keys) - len(self._bytes)))
        if moved:
            self._owners = Owners()
            self._listed, self._listed_bytes = {}, 0
            came = [each for state in self._state.values() for each in state.values()]
        else:
            for each in went:
                self._release(each)
        came.sort(key=lambda each: order(each.key))
        for each in came:
            self._claim(layer, each)
        for each in came:
            self._find_outer(each)

    def _paths(self, package: Installed) -> Iterator[bytes]:
        return self._places.real_paths(
            path for files in package.files for path in files.paths() if len(path) <= MAX_PATH_BYTES
        )

    def _release(self, package: Installed) -> None:
        number = self._presence.number(package.key)
        if listed := self._listed.pop(number, 0):
            self._listed_bytes -= listed
            self._owners.release(number, self._paths(package))
        if package.directory is not None:
            self._owners.release_directory(number, self._places.real(package.directory + b"/."))

    def _claim(self, layer: int, package: Installed) -> None:
        number = self._presence.number(package.key)
        paths = self._list(layer, number, package)
        self._owners.claim(number, rank(package.key), paths)
        if package.directory is not None:
            self._owners.claim_directory(number, self._places.real(package.directory + b"/."))
        for path in self._unowned.keys() & paths if self._unowned else ():
            inode = self._unowned[path]
            if self._places.inode(path) == inode and self._columns[inode[0]][inode[1]] == UNOWNED:
                self._give(inode, number)
                self._unowned_bytes[inode[0]] -= self._indexes[inode[0]].sizes[inode[1]]
                del self._unowned[path]

    def _list(self, layer: int, number: int, package: Installed) -> list[bytes]:
        """Every path that the package lists; none where that would be more than memory should hold."""
        room = MAX_LISTED_BYTES - self._listed_bytes
        paths: list[bytes] = []
        for path in self._paths(package):
            room -= len(path) + 1
            if room < 0:
                unread = Unread(layer, package.proof, f"more than {MAX_LISTED_BYTES} bytes of paths are listed")
                self._unread += [] if unread in self._unread[-1:] else [unread]
                return []
            paths.append(path)
        self._listed[number] = MAX_LISTED_BYTES - self._listed_bytes - room
        self._listed_bytes += self._listed[number]
        return paths

    def _find_outer(self, package: Installed) -> None:
        """A package whose own record belongs to another one came with that one."""
        number = self._presence.number(package.key)
        outer = UNOWNED if package.key.kind in SYSTEM else self._owners.of(package.proof)
        if outer in (UNOWNED, number):
            self._within.pop(number, None)
        else:
            self._within[number] = outer

    # -- whose bytes -----------------------------------------------------------------------------------------------

    def _share_out(self, layer: int, index: LayerIndex) -> None:
        """Find the owner of everything that the layer ships."""
        real, owner = self._places.real, self._owners.of
        shipped = [
            position
            for position, size in enumerate(index.sizes)
            if size and not (MARKER_PREFIX in index.paths[position] and is_marker(index.paths[position]))
        ]
        paths = self._places.real_paths(index.paths[position] for position in shipped)
        column, sizes = self._columns[layer], index.sizes
        sums: dict[int, int] = {}
        for position, path in zip(shipped, paths, strict=True):
            number = column[position] = owner(path)
            sums[number] = sums.get(number, 0) + sizes[position]
            if number == UNOWNED:
                self._unowned[path] = layer, position
        self._unowned_bytes[layer] += sums.pop(UNOWNED, 0)
        for number, size in sums.items():
            self._bytes[number][layer] = size
        position = index.kinds.find(EntryKind.HARDLINK)
        while position >= 0:
            self._share_linked(real(index.paths[position]))
            position = index.kinds.find(EntryKind.HARDLINK, position + 1)

    def _share_linked(self, path: bytes) -> None:
        """Content that its first name gives to nobody may belong to the owner of another name."""
        inode = self._places.inode(path)
        if inode is None or self._columns[inode[0]][inode[1]] != UNOWNED:
            return
        size = self._indexes[inode[0]].sizes[inode[1]]
        number = self._owners.of(path)
        if number == UNOWNED:
            self._unowned[path] = inode
        elif size:
            self._give(inode, number)
            self._unowned_bytes[inode[0]] -= size

    def _give(self, inode: tuple[int, int], number: int) -> None:
        layer, position = inode
        self._columns[layer][position] = number
        shipped = self._bytes[number]
        shipped[layer] = shipped.get(layer, 0) + self._indexes[layer].sizes[position]

    def _squashed(self) -> list[int]:
        """For each package, its bytes in the merged tree."""
        sums = [0] * len(self._presence.keys)
        seen: set[tuple[int, int]] = set()
        find, indexes = self._places.inode, self._indexes
        for path, number in self._owned_paths():
            inode = find(path)
            if inode is not None and inode not in seen:
                seen.add(inode)
                sums[number] += indexes[inode[0]].sizes[inode[1]]
        return sums

    def _owned_paths(self) -> Iterator[tuple[bytes, int]]:
        """Every owned path of the state: those that are listed, then those in directories that are owned whole."""
        yield from self._owners.held()
        claimed = dict(self._owners.directories())
        for top, number in claimed.items():
            pending = [(top, self._places.node(top))]
            while pending:
                path, node = pending.pop()
                if node is None or node.children is None:
                    continue
                for name, child in node.children.items():
                    below = path + b"/" + name
                    if child.children is None:
                        if self._owners.of(below) == number:
                            yield below, number
                    elif below not in claimed:
                        pending.append((below, child))
