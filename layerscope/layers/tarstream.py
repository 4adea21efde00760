"""The strict reader of a tar stream: members in order, each with its content, nothing guessed.

``tarfile`` in stream mode returns no error on a cut or corrupt header; this reader does, naming the offset. See
image-spec layer.md for which entries a layer has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from layerscope.errors import DamagedLayer, LayerscopeError, UnsafeImage
from layerscope.layers import tarextend
from layerscope.layers.entry import EntryKind
from layerscope.layers.tarheader import BLOCK, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layerscope.layers.chunks import ChunkReader
    from layerscope.layers.limits import Limits
    from layerscope.layers.member import Member

_Step = TypeVar("_Step")
_ZERO = bytes(BLOCK)
_EXTENDED = frozenset((b"x", b"X", b"g", b"L", b"K"))
"""Type flags of headers that say more of the member after them."""
_NO_RECORDS: dict[bytes, bytes] = {}
_OUTER = (b".", b"/")
_HOLE = memoryview(bytes(1 << 20))


def clean_path(name: bytes) -> bytes:
    """A member's name relative to the root: no ``.``, ``..``, doubled or outer slashes; ``..`` stops at the root."""
    if name.startswith(b"./"):  # how tar writes every name when it was given "."
        name = name[2:]
    if not (name.startswith(_OUTER) or name.endswith(b"/") or b"//" in name or b"/." in name):
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

    def __init__(self, reader: ChunkReader, limits: Limits, shortcut: Callable[[], None] | None = None) -> None:
        """``shortcut`` is called wherever a header may stand, and may take whole members off ``reader`` itself."""
        self._reader = reader
        self._limits = limits
        self._shortcut = shortcut
        self._pending = 0
        """Content bytes of the last member not yet taken."""
        self._padding = 0
        self.notes: list[str] = []
        """What was odd but legal."""

    def __iter__(self) -> Iterator[Member]:
        """Members to the end of the archive; then the rest of the stream is drained, so that it is hashed whole."""
        while True:
            self._located(self._finish_member)
            if self._shortcut is not None:
                self._shortcut()
            member = self._located(self._next)
            if member is None:
                return
            yield member

    def _located(self, step: Callable[[], _Step]) -> _Step:
        """What ``step`` returns; its errors say where it began."""
        start = self._reader.offset
        try:
            return step()
        except LayerscopeError as error:
            raise type(error)(f"{error.message} (at byte {start} of the tar stream)", hint=error.hint) from error

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
        block = self._reader.take(BLOCK)
        if block == _ZERO or len(block) < BLOCK:
            self._end(block)
            return None
        member = decode(block)
        if member.typeflag in _EXTENDED:
            return self._extended(member)
        return self._completed(member, block, _NO_RECORDS)

    def _extended(self, header: Member) -> Member | None:
        """The member to which extended headers, of which this is the first, belong."""
        names: dict[bytes, bytes] = {}
        records: dict[bytes, bytes] = {}
        budget = self._limits.max_header_bytes
        while True:
            data = self._metadata(header, budget)
            budget -= header.size
            if header.typeflag in b"xX":
                records.update(tarextend.parse_records(data))
            elif header.typeflag == b"g":
                tarextend.parse_records(data)  # must be well-formed; its values apply to no layer entry
            else:
                names[b"path" if header.typeflag == b"L" else b"linkpath"] = data.split(b"\0", 1)[0]
            block = self._reader.take(BLOCK)
            if block == _ZERO or len(block) < BLOCK:
                if records or names:
                    raise DamagedLayer("tar stream ends after an extended header, before the member it belongs to")
                self._end(block)
                return None
            header = decode(block)
            if header.typeflag not in _EXTENDED:
                records.update((key, name) for key, name in names.items() if not records.get(key))
                return self._completed(header, block, records)

    def _metadata(self, header: Member, budget: int) -> bytes:
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

    def _completed(self, member: Member, block: bytes, records: dict[bytes, bytes]) -> Member:
        """The member with all that its headers say; ``records`` are those before ``block``, its own."""
        if records:
            _apply_records(member, records)
        if member.typeflag == b"\0" and member.raw_name.endswith(b"/"):
            member.kind = EntryKind.DIRECTORY  # how v7 wrote directories
        kind = member.kind
        if kind is EntryKind.FILE:
            member.link = b""
            self._padding = -member.stored % BLOCK
            if records or member.typeflag == b"S":
                self._apply_sparse(member, block, records)
        elif kind is EntryKind.UNKNOWN:
            member.link = b""
            self._padding = -member.stored % BLOCK
            member.size = 0
        else:
            member.size = member.stored = 0
            if kind is EntryKind.HARDLINK:
                member.link = clean_path(member.link)
            elif kind is not EntryKind.SYMLINK:
                member.link = b""
        member.path = clean_path(member.raw_name)
        self._check(member)
        self._pending = member.stored
        return member

    def _apply_sparse(self, member: Member, block: bytes, records: dict[bytes, bytes]) -> None:
        if member.typeflag == b"S":
            member.sparse = tarextend.gnu_sparse(block, member.stored, self._reader)
        elif b"GNU.sparse.map" in records or b"GNU.sparse.major" in records:
            found = tarextend.pax_sparse(records, member.stored, self._reader)
            if found is not None:
                member.sparse, used = found
                member.stored -= used
                member.raw_name = records.get(b"GNU.sparse.name") or member.raw_name
        if member.sparse is not None:
            member.size = member.sparse.size

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
        if not (self._pending or self._padding):
            return
        skipped = self._reader.skip(self._pending + self._padding)
        if skipped < self._pending:
            raise DamagedLayer(
                f"tar stream is cut inside the last member: {self._pending - skipped} bytes are missing",
                hint="the layer is incomplete; fetch or export the image again",
            )
        self._pending = self._padding = 0

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


def _apply_records(member: Member, records: dict[bytes, bytes]) -> None:
    for key, name in ((b"size", "size"), (b"uid", "uid"), (b"gid", "gid")):
        value = tarextend.number(records, key)
        if value is not None:
            if value >= 1 << 62:
                raise DamagedLayer(f"PAX record {name} is impossible: {value}")
            setattr(member, name, value)
    member.stored = member.size
    member.raw_name = records.get(b"path") or member.raw_name
    member.link = records.get(b"linkpath") or member.link
    member.xattrs = tarextend.xattrs(records)
    if (when := tarextend.time(records)) is not None:
        member.mtime, member.mtime_ns = when


def _shown(path: bytes) -> str:
    text = path[:120].decode("utf-8", "backslashreplace")
    return repr(text) if len(path) <= 120 else f"{text!r}..."
