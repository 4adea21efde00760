"""The strict reader of a tar stream: members in order, each with its content, nothing guessed.

``tarfile`` in stream mode returns no error on a cut or corrupt header; this reader does, naming the offset. See
image-spec layer.md for which entries a layer has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, LayerscopeError, UnsafeImage
from layerscope.layers import tarextend
from layerscope.layers.entry import EntryKind
from layerscope.layers.tarheader import BLOCK, Header, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.layers.chunks import ChunkReader
    from layerscope.layers.entry import Xattrs
    from layerscope.layers.limits import Limits
    from layerscope.layers.tarextend import SparseMap

_ZERO = bytes(BLOCK)
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
_WITH_DATA = frozenset({EntryKind.FILE, EntryKind.UNKNOWN})
_UNCLEAN = re.compile(rb"^[./]|//|/\.|/$")
_HOLE = memoryview(bytes(1 << 20))


class Member:
    """A member of the stream. Its content must be read, or passed over, before the next one is asked for."""

    __slots__ = (
        "device",
        "gid",
        "kind",
        "link",
        "mode",
        "mtime",
        "mtime_ns",
        "offset",
        "path",
        "raw_name",
        "size",
        "sparse",
        "stored",
        "typeflag",
        "uid",
        "xattrs",
    )

    def __init__(self, header: Header, kind: EntryKind, offset: int) -> None:
        self.kind = kind
        self.offset = offset
        self.raw_name = header.name
        self.path = b""
        self.mode = header.mode
        self.uid = header.uid
        self.gid = header.gid
        self.size = header.size if kind is EntryKind.FILE else 0
        self.stored = header.size if kind in _WITH_DATA else 0
        self.mtime = header.mtime
        self.mtime_ns = 0
        self.link = b""
        self.device = header.device
        self.typeflag = header.typeflag
        self.xattrs: Xattrs = ()
        self.sparse: SparseMap | None = None


def clean_path(name: bytes) -> bytes:
    """A member's name relative to the root: no ``.``, ``..``, doubled or outer slashes; ``..`` stops at the root."""
    if not _UNCLEAN.search(name):
        return name
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if parts:
                parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


class TarReader:
    """Walks one tar stream. ``offset`` in its errors counts bytes of the uncompressed stream."""

    def __init__(self, reader: ChunkReader, limits: Limits) -> None:
        self._reader = reader
        self._limits = limits
        self._pending = 0
        """Content bytes of the last member not yet taken."""
        self._padding = 0
        self.notes: list[str] = []
        """What was odd but legal."""

    def __iter__(self) -> Iterator[Member]:
        """Members to the end of the archive; then the rest of the stream is drained, so that it is hashed whole."""
        while True:
            offset = self._reader.offset
            try:
                member = self._next()
            except LayerscopeError as error:
                raise type(error)(f"{error.message} (at byte {offset} of the tar stream)", hint=error.hint) from error
            if member is None:
                return
            yield member

    def at_once(self, member: Member) -> memoryview | None:
        """The content of a small file in one piece, where it lies whole in the chunk at hand; else None."""
        if member.sparse is not None:
            return None
        view = self._reader.view(member.stored)
        if view is not None:
            self._pending = 0
        return view

    def content(self, member: Member) -> Iterator[memoryview]:
        """The bytes of a regular file, holes filled with zeros; each view is valid until the next is asked for."""
        if member.sparse is None:
            yield from self._stored(member.stored, member)
            return
        at = 0
        for offset, length in (*member.sparse.parts, (member.size, 0)):
            while at < offset:
                step = min(offset - at, len(_HOLE))
                yield _HOLE[:step]
                at += step
            yield from self._stored(length, member)
            at += length

    def _stored(self, count: int, member: Member) -> Iterator[memoryview]:
        for view in self._reader.spans(count):
            self._pending -= len(view)
            count -= len(view)
            yield view
        if count:
            raise DamagedLayer(
                f"tar stream is cut inside {_shown(member.raw_name)}: {count} of {member.stored} bytes are missing"
                f" (at byte {self._reader.offset} of the tar stream)",
                hint="the layer is incomplete; fetch or export the image again",
            )

    def _next(self) -> Member | None:
        self._finish_member()
        longname = longlink = None
        records: dict[bytes, bytes] = {}
        budget = self._limits.max_header_bytes
        while True:
            offset = self._reader.offset
            block = self._reader.take(BLOCK)
            if block == _ZERO or len(block) < BLOCK:
                if records or longname is not None or longlink is not None:
                    raise DamagedLayer("tar stream ends after an extended header, before the member it belongs to")
                self._end(block)
                return None
            header = decode(block)
            typeflag = header.typeflag
            if typeflag in b"xXgLK":
                data = self._metadata(header, budget)
                budget -= header.size
                if typeflag in b"xX":
                    records.update(tarextend.parse_records(data))
                elif typeflag == b"g":
                    tarextend.parse_records(data)  # must be well-formed; its values apply to no layer entry
                elif typeflag == b"L":
                    longname = data.split(b"\0", 1)[0]
                else:
                    longlink = data.split(b"\0", 1)[0]
                continue
            return self._member(header, block, offset, records, longname, longlink)

    def _metadata(self, header: Header, budget: int) -> bytes:
        if header.size > budget:
            raise UnsafeImage(
                f"extended header of {header.size} bytes; the limit for one entry is {self._limits.max_header_bytes}",
                hint="no real file needs a name or attributes this long; the layer is hostile or corrupt",
            )
        padded = -(-header.size // BLOCK) * BLOCK
        data = self._reader.take(padded)
        if len(data) < padded:
            raise DamagedLayer("tar stream is cut inside an extended header")
        return data[: header.size]

    def _member(
        self,
        header: Header,
        block: bytes,
        offset: int,
        records: dict[bytes, bytes],
        longname: bytes | None,
        longlink: bytes | None,
    ) -> Member:
        kind = _KINDS.get(header.typeflag, EntryKind.UNKNOWN)
        if records:
            _apply_records(header, records)
        name = records.get(b"path") or longname or header.name
        link = records.get(b"linkpath") or longlink or header.link
        if header.typeflag == b"\0" and name.endswith(b"/"):
            kind = EntryKind.DIRECTORY  # how v7 wrote directories
        member = Member(header, kind, offset)
        if kind is EntryKind.FILE:
            if header.typeflag == b"S":
                member.sparse = tarextend.gnu_sparse(block, header, self._reader)
            elif any(key.startswith(b"GNU.sparse.") for key in records):
                found = tarextend.pax_sparse(records, header.size, self._reader)
                if found is not None:
                    member.sparse, used = found
                    member.stored = header.size - used
                    name = records.get(b"GNU.sparse.name") or name
            if member.sparse is not None:
                member.size = member.sparse.size
        if records:
            member.xattrs = tarextend.xattrs(records)
            if (when := tarextend.time(records)) is not None:
                member.mtime, member.mtime_ns = when
        if kind is EntryKind.HARDLINK:
            member.link = clean_path(link)
        elif kind is EntryKind.SYMLINK:
            member.link = link
        member.raw_name = name
        member.path = clean_path(name)
        self._check(member)
        self._pending = member.stored
        self._padding = -header.size % BLOCK if kind in _WITH_DATA else 0
        return member

    def _check(self, member: Member) -> None:
        limits = self._limits
        if len(member.path) > limits.max_path_bytes or len(member.link) > limits.max_path_bytes:
            raise UnsafeImage(f"a path is longer than {limits.max_path_bytes} bytes: {_shown(member.path)}")
        if b"\0" in member.path or b"\0" in member.link:
            raise DamagedLayer(f"a path has a NUL in it: {_shown(member.path)}")
        if member.size > limits.max_file_bytes:
            raise _over(member, member.size, limits.max_file_bytes, "--max-file-size")
        if member.stored > limits.max_uncompressed_bytes:
            raise _over(member, member.stored, limits.max_uncompressed_bytes, "--max-layer-size")

    def _finish_member(self) -> None:
        """Pass over what was not read of the last member, and its padding."""
        if self._pending:
            missing = self._pending - self._reader.skip(self._pending)
            self._pending = 0
            if missing:
                raise DamagedLayer(
                    f"tar stream is cut inside the last member: {missing} bytes are missing",
                    hint="the layer is incomplete; fetch or export the image again",
                )
        if self._padding:
            self._reader.skip(self._padding)
            self._padding = 0

    def _end(self, block: bytes) -> None:
        """The stream's end: two zero blocks, or nothing at all after a whole entry (noted); all else is damage."""
        if block and len(block) < BLOCK:
            raise DamagedLayer(f"tar stream is cut inside a header: {len(block)} of {BLOCK} bytes")
        if not block:
            self.notes.append("no end-of-archive blocks")
            return
        second = self._reader.take(BLOCK)
        if second != _ZERO:
            if second.strip(b"\0"):
                raise DamagedLayer("a lone zero block stands between members")
            self.notes.append("end-of-archive is one block instead of two")
        after = sum(len(view) for view in self._reader.rest() if bytes(view).strip(b"\0"))
        if after:
            self.notes.append("bytes after the end-of-archive blocks (hashed, not parsed)")


def _over(member: Member, claimed: int, limit: int, option: str) -> UnsafeImage:
    return UnsafeImage(
        f"{_shown(member.path)} claims {claimed} bytes; the limit is {limit}",
        hint=f"raise {option} if you trust this image",
    )


def _apply_records(header: Header, records: dict[bytes, bytes]) -> None:
    for key, name in ((b"size", "size"), (b"uid", "uid"), (b"gid", "gid")):
        value = tarextend.number(records, key)
        if value is not None:
            if value >= 1 << 62:
                raise DamagedLayer(f"PAX record {name} is impossible: {value}")
            setattr(header, name, value)


def _shown(path: bytes) -> str:
    text = path[:120].decode("utf-8", "backslashreplace")
    return repr(text) if len(path) <= 120 else f"{text!r}..."
