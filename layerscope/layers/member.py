"""A member of a tar stream: what its header says, and in the end what all of its headers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.layers.entry import EntryKind

if TYPE_CHECKING:
    from layerscope.layers.entry import Xattrs
    from layerscope.layers.tarextend import SparseMap

_KINDS = {
    b"0": EntryKind.FILE,
    b"\0": EntryKind.FILE,
    b"7": EntryKind.FILE,
    b"S": EntryKind.FILE,
    b"1": EntryKind.HARDLINK,
    b"2": EntryKind.SYMLINK,
    b"3": EntryKind.CHARACTER_DEVICE,
    b"4": EntryKind.BLOCK_DEVICE,
    b"5": EntryKind.DIRECTORY,
    b"6": EntryKind.FIFO,
}


class Member:
    """A member of the stream. Its content must be read, or passed over, before the next one is asked for.

    There is one for every file of an image, so what few of them have stands in the class.
    """

    path = b""
    """``raw_name``, cleaned: relative to the root."""
    mtime_ns = 0
    device = (0, 0)
    xattrs: Xattrs = ()
    sparse: SparseMap | None = None

    def __init__(
        self, name: bytes, typeflag: bytes, mode: int, uid: int, gid: int, size: int, mtime: int, link: bytes
    ) -> None:
        self.raw_name = name
        self.typeflag = typeflag
        self.kind = _KINDS.get(typeflag, EntryKind.UNKNOWN)
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.size = size
        """Content bytes of a regular file; as the header has it while that is all that was read."""
        self.stored = size
        """Bytes that follow in the stream, padding apart."""
        self.mtime = mtime
        self.link = link
