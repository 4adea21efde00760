"""One member of a layer's tar stream."""

from __future__ import annotations

import enum
from dataclasses import dataclass

MARKER_PREFIX = b".wh."
OPAQUE_MARKER = b".wh..wh..opq"
AUFS_PREFIX = b".wh..wh."


class EntryKind(enum.IntEnum):
    """What a member is. The numbers are part of the cache's format."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    HARDLINK = 3
    CHARACTER_DEVICE = 4
    BLOCK_DEVICE = 5
    FIFO = 6
    UNKNOWN = 7

    @property
    def label(self) -> str:
        """The kind in the words every output uses."""
        return _LABELS[self]


_LABELS = {
    EntryKind.FILE: "file",
    EntryKind.DIRECTORY: "directory",
    EntryKind.SYMLINK: "symlink",
    EntryKind.HARDLINK: "hardlink",
    EntryKind.CHARACTER_DEVICE: "character-device",
    EntryKind.BLOCK_DEVICE: "block-device",
    EntryKind.FIFO: "fifo",
    EntryKind.UNKNOWN: "unknown",
}

Xattrs = tuple[tuple[bytes, bytes], ...]
"""Extended attributes: (name, value) pairs, sorted by name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as its header describes it."""

    path: bytes
    """Relative to the root, cleaned: no leading ``./`` or ``/``, no trailing ``/``; empty for the root itself."""
    kind: EntryKind
    mode: int
    """Permission bits with setuid, setgid and sticky: 0 to 0o7777."""
    uid: int
    gid: int
    size: int
    """Content bytes of a regular file (logical size of a sparse one); 0 for everything else."""
    mtime: int
    """Seconds since the epoch."""
    mtime_ns: int = 0
    """Nanoseconds beyond ``mtime``, 0 to 999 999 999."""
    link: bytes = b""
    """A symlink's target as written; a hard link's target, cleaned like ``path``."""
    device: tuple[int, int] = (0, 0)
    """(major, minor) of a device."""
    xattrs: Xattrs = ()
    digest: bytes = b""
    """Raw SHA-256 of a regular file's content (holes read as zeros); empty for everything else."""

    @property
    def is_marker(self) -> bool:
        """True for whiteouts, opaque markers and AUFS metadata: they say something of others and are no path."""
        return is_marker(self.path)


def is_marker(path: bytes) -> bool:
    """Whether any component of a cleaned path starts with ``.wh.`` (image-spec layer.md, "Whiteouts")."""
    return path.startswith(MARKER_PREFIX) or b"/.wh." in path
