"""The entries of one layer, packed in columns: about 180 bytes an entry, and quick to load."""

from __future__ import annotations

from array import array
from itertools import repeat
from struct import iter_unpack
from typing import TYPE_CHECKING

from layerscope.layers.entry import MARKER_PREFIX, Entry, EntryKind, Xattrs, is_marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layerscope.layers.member import Member

DIGEST_BYTES = 32
NO_DIGEST = bytes(DIGEST_BYTES)
"""Of what has no content."""


class LayerIndex:
    """What one layer's tar stream holds, in stream order. Grows while the stream is read, then never changes."""

    __slots__ = (
        "_digests",
        "_links",
        "_markers",
        "_xattrs",
        "devices",
        "file_bytes",
        "gids",
        "kinds",
        "modes",
        "mtimes",
        "mtimes_ns",
        "notes",
        "paths",
        "sizes",
        "uids",
        "uncompressed_bytes",
    )

    def __init__(self) -> None:
        self.paths: list[bytes] = []
        self.kinds = bytearray()
        self.modes = array("H")
        self.uids = array("q")
        self.gids = array("q")
        self.sizes = array("q")
        self.mtimes = array("q")
        self.mtimes_ns = array("l")
        self._digests: bytes | bytearray = bytearray()
        self._links: dict[int, bytes] = {}
        self._xattrs: dict[int, Xattrs] = {}
        self._markers: list[int] | None = None
        self.devices: dict[int, tuple[int, int]] = {}
        self.file_bytes = 0
        """Content bytes of regular files; markers and AUFS metadata carry none."""
        self.uncompressed_bytes = 0
        """Length of the tar stream that the DiffID covers."""
        self.notes: tuple[str, ...] = ()
        """What was odd but legal in the stream."""

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Entry]:
        return (self.entry(position) for position in range(len(self.paths)))

    def append(self, member: Member, digest: bytes) -> None:
        """Add the next member; ``digest`` is its content's raw SHA-256, empty for what has no content."""
        path, kind, size = member.path, member.kind, member.size
        self.paths.append(path)
        self.kinds.append(kind)
        self.modes.append(member.mode)
        self.uids.append(member.uid)
        self.gids.append(member.gid)
        self.sizes.append(size)
        self.mtimes.append(member.mtime)
        self.mtimes_ns.append(member.mtime_ns)
        self._digests += digest or NO_DIGEST
        if size and not is_marker(path):
            self.file_bytes += size
        if kind is not EntryKind.FILE:
            self._append_rare(len(self.paths) - 1, member)
        if member.xattrs:
            self._xattrs[len(self.paths) - 1] = member.xattrs

    def extend(
        self,
        paths: list[bytes],
        kinds: bytearray,
        owners: list[tuple[int, int, int]],
        sizes: list[int],
        mtimes: list[int],
        fractions: list[tuple[int, int]],
        digests: list[bytes],
        links: list[tuple[int, bytes]],
    ) -> int:
        """Add many members that have no devices and no attributes; how many bytes their names have.

        ``owners`` are mode, uid and gid; ``fractions`` (of seconds, in nanoseconds) and ``links`` have positions among
        these members.
        """
        first = len(self.paths)
        modes, uids, gids = zip(*owners, strict=True)
        self.paths += paths
        self.kinds += kinds
        self.modes.extend(modes)
        self.uids.extend(uids)
        self.gids.extend(gids)
        self.sizes.extend(sizes)
        self.mtimes.extend(mtimes)
        self.mtimes_ns.extend(repeat(0, len(paths)))
        for position, nanoseconds in fractions:
            self.mtimes_ns[first + position] = nanoseconds
        self._digests += b"".join(digests)
        self._links.update((first + position, link) for position, link in links)
        names = b"\0".join(paths)
        self.file_bytes += sum(sizes)
        if MARKER_PREFIX in names:
            self.file_bytes -= sum(size for path, size in zip(paths, sizes, strict=True) if is_marker(path))
        return len(names) + 1 - len(paths) + sum(len(link) for _, link in links)  # without what joins them

    def _append_rare(self, position: int, member: Member) -> None:
        """What regular files do not have."""
        if member.link:
            self._links[position] = member.link
        if member.kind in (EntryKind.CHARACTER_DEVICE, EntryKind.BLOCK_DEVICE):
            self.devices[position] = member.device

    def seal(self) -> None:
        """It has all its members: make what is asked for most as cheap as can be."""
        self._digests = bytes(self._digests)

    def restore(self, *, digests: bytes, links: dict[int, bytes], xattrs: dict[int, Xattrs]) -> None:
        """Put back the columns that have no public name: for the cache alone."""
        self._digests, self._links, self._xattrs = digests, links, xattrs

    def markers(self) -> list[int]:
        """Positions of whiteouts, opaque markers and AUFS metadata; to be asked for when all members are there."""
        if self._markers is None:
            found = []
            names = b"\0".join(self.paths)
            position = end = 0
            while (at := names.find(MARKER_PREFIX, end)) >= 0:  # few have it: all are searched at once
                position += names.count(b"\0", end, at)
                if is_marker(self.paths[position]):
                    found.append(position)
                end = names.find(b"\0", at)
                if end < 0:
                    break
            self._markers = found
        return self._markers

    @property
    def links(self) -> Mapping[int, bytes]:
        """``link`` of those that have one, by position."""
        return self._links

    def link(self, position: int) -> bytes:
        """A symlink's or hard link's target, else empty."""
        return self._links.get(position, b"")

    def xattrs(self, position: int) -> Xattrs:
        """Extended attributes of one entry."""
        return self._xattrs.get(position, ())

    def digest(self, position: int) -> bytes:
        """Raw SHA-256 of a regular file's content, else 32 zero bytes."""
        return bytes(self._digests[position * DIGEST_BYTES : (position + 1) * DIGEST_BYTES])

    def digests(self) -> list[bytes]:
        """``digest`` of every entry."""
        return [digest for (digest,) in iter_unpack(f"{DIGEST_BYTES}s", self._digests)]

    def entry(self, position: int) -> Entry:
        """One entry as a value of its own."""
        kind = EntryKind(self.kinds[position])
        return Entry(
            path=self.paths[position],
            kind=kind,
            mode=self.modes[position],
            uid=self.uids[position],
            gid=self.gids[position],
            size=self.sizes[position],
            mtime=self.mtimes[position],
            mtime_ns=self.mtimes_ns[position],
            link=self.link(position),
            device=self.devices.get(position, (0, 0)),
            xattrs=self.xattrs(position),
            digest=self.digest(position) if kind is EntryKind.FILE else b"",
        )

    def same_content(self, position: int, other: LayerIndex, other_position: int) -> bool:
        """Whether two entries are the same kind with the same content, symlink target or device numbers."""
        kind = self.kinds[position]
        if kind != other.kinds[other_position]:
            return False
        if kind == EntryKind.FILE:
            start, other_start = position * DIGEST_BYTES, other_position * DIGEST_BYTES
            return (
                self._digests[start : start + DIGEST_BYTES] == other._digests[other_start : other_start + DIGEST_BYTES]
                and self.sizes[position] == other.sizes[other_position]
            )
        if kind == EntryKind.SYMLINK:
            return self.link(position) == other.link(other_position)
        return self.devices.get(position) == other.devices.get(other_position)

    def same_attributes(self, position: int, other: LayerIndex, other_position: int) -> bool:
        """Whether mode, owner, xattrs and (except for a directory) the time of two entries of one kind are equal."""
        return (
            self.modes[position] == other.modes[other_position]
            and self.uids[position] == other.uids[other_position]
            and self.gids[position] == other.gids[other_position]
            and self._xattrs.get(position) == other._xattrs.get(other_position)
            and (
                self.kinds[position] == EntryKind.DIRECTORY
                or (self.mtimes[position], self.mtimes_ns[position])
                == (other.mtimes[other_position], other.mtimes_ns[other_position])
            )
        )
