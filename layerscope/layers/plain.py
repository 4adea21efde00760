"""The members of which there are most, taken with as little work as Python allows: plain headers, content at hand.

A shortcut that never judges. What is unusual, wrong, over a limit or not whole in the chunk at hand stays where it is,
for ``TarReader``, which says what there is to say of it. So both read the same index from any stream.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import TYPE_CHECKING, Generic, TypeVar

from layerscope.errors import DamagedLayer
from layerscope.layers.entry import EntryKind
from layerscope.layers.index import NO_DIGEST
from layerscope.layers.member import Member
from layerscope.layers.tarextend import parse_records, time
from layerscope.layers.tarheader import BLOCK, name_of
from layerscope.layers.tarstream import clean_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from layerscope.layers.chunks import ChunkReader
    from layerscope.layers.index import LayerIndex
    from layerscope.layers.probe import ProbeRun

_Value = TypeVar("_Value")
_OWNER = re.compile(rb"([0-7]{7})[ \0]([0-7]{7})[ \0]([0-7]{7})[ \0]", re.DOTALL)
_TIME = re.compile(rb"[ \0]([0-7]{11})[ \0]", re.DOTALL)
_KINDS = {
    ord("0"): EntryKind.FILE,
    ord("1"): EntryKind.HARDLINK,
    ord("2"): EntryKind.SYMLINK,
    ord("5"): EntryKind.DIRECTORY,
}
_PAX = ord("x")
_ODD = (b"\0/", b"\0.", b"//", b"/.", b"/\0")
"""What begins, ends or is in a path that has more to be cleaned, where NULs stand around each."""
_TIMES = frozenset((b"mtime", b"atime", b"ctime"))
"""Records of a PAX header that GNU tar writes for every member when it writes any."""
_MANY = 4096
LONGEST_NAME = 256
"""What a header without extension can say: 155 bytes of prefix, a slash, 100 bytes of name."""
EMPTY_DIGEST = hashlib.sha256().digest()


class PlainMembers:
    """Moves plain members from a reader that stands before a header into an index."""

    def __init__(self, reader: ChunkReader, index: LayerIndex, runs: Sequence[ProbeRun]) -> None:
        self._reader = reader
        self._index = index
        self._runs = runs
        # Fields that are the same in most headers of a layer are decoded once; KeyError: not as nearly all write them.
        self._owners = _Known(_owner)
        self._times = _Known(_time)
        self._sums = _Known(_expected)

    def take(self, most: int) -> int:
        """Take what can be taken of the chunk at hand, ``most`` members at most; how many bytes their names have."""
        chunk, at = self._reader.chunk, self._reader.at
        owners, times, sums, runs = self._owners, self._times, self._sums, self._runs
        sha256, adler32 = hashlib.sha256, zlib.adler32
        whole = memoryview(chunk)
        length = len(chunk)
        paths: list[bytes] = []
        kinds = bytearray()
        owned: list[tuple[int, int, int]] = []
        sizes: list[int] = []
        mtimes: list[int] = []
        fractions: list[tuple[int, int]] = []
        digests: list[bytes] = []
        links: list[tuple[int, bytes]] = []
        while len(paths) < most:
            start = at + BLOCK
            if start > length:
                break
            block = chunk[at:start]
            stamp = None
            if block[156] == _PAX:
                start, stamp = self._stamped(chunk, start, block)
                if not start or start > length:
                    break
                block = chunk[start - BLOCK : start]
            try:
                kind = _KINDS[block[156]]
                # Adler-32's low half is 1 + the sum of the bytes, in C; that of 512 ASCII bytes does not wrap round.
                if adler32(block) & 0xFFFF != sums[block[148:156]] or not block.isascii():
                    break
                owner = owners[block[100:124]]
                mtime = times[block[135:148]]
                digits = block[124:135]
                size = int(digits, 8)
            except (KeyError, ValueError):
                break
            if not digits.isdigit():
                break
            if stamp is not None:
                mtime = stamp[0]
            if block[345]:
                path = name_of(block)
            else:
                path = block[:100].partition(b"\0")[0]
            link = b""
            if kind:
                size = 0
                if kind != EntryKind.DIRECTORY:
                    link = block[157:257].partition(b"\0")[0]
                    if kind == EntryKind.HARDLINK:
                        link = clean_path(link)
            end = start + size
            after = end + -size % BLOCK
            if after > length:
                break
            wanted: Sequence[ProbeRun] = ()
            if runs:
                member = Member(path, block[156:157], *owner, size, mtime, link)
                member.path = clean_path(path)
                wanted = [run for run in runs if run.wants(member)]
            if size:
                view = whole[start:end]
                digests.append(sha256(view).digest())
                for run in wanted:
                    run.feed(view)
            else:
                digests.append(NO_DIGEST if kind else EMPTY_DIGEST)
                if link:
                    links.append((len(paths), link))
            if not kind:
                for run in wanted:
                    run.end()
            paths.append(path)
            kinds.append(kind)
            owned.append(owner)
            sizes.append(size)
            if stamp is not None:
                fractions.append((len(mtimes), stamp[1]))
            mtimes.append(mtime)
            at = after
        self._reader.at = at
        if not paths:
            return 0
        return self._index.extend(_cleaned(paths), kinds, owned, sizes, mtimes, fractions, digests, links)

    def _stamped(self, chunk: bytes, start: int, header: bytes) -> tuple[int, tuple[int, int] | None]:
        """Where the block after a PAX header ends, and the mtime; 0 if it says more than times, or is odd."""
        try:
            if zlib.adler32(header) & 0xFFFF != self._sums[header[148:156]] or not header.isascii():
                return 0, None
            digits = header[124:135]
            size = int(digits, 8)
            if not digits.isdigit() or not 0 < size <= _MANY:
                return 0, None
            after = start + size + -size % BLOCK + BLOCK
            records = parse_records(chunk[start : start + size])
            return (after, time(records)) if records.keys() <= _TIMES else (0, None)
        except (KeyError, ValueError, DamagedLayer):
            return 0, None


def _cleaned(names: list[bytes]) -> list[bytes]:
    """``clean_path`` of each: what most need, and whether any needs more, is cheaper to do for all at once."""
    joined = b"\0%b\0" % b"\0".join(names)  # a name ends at its first NUL: none has one
    joined = joined.replace(b"\0./", b"\0").replace(b"/\0", b"\0")
    paths = joined[1:-1].split(b"\0")
    return list(map(clean_path, paths)) if any(odd in joined for odd in _ODD) else paths


class _Known(dict[bytes, _Value], Generic[_Value]):
    """What a field says, decoded when it is seen first; a stranger's layer cannot make it grow without end."""

    def __init__(self, decode: Callable[[bytes], _Value]) -> None:
        super().__init__()
        self._decode = decode

    def __missing__(self, field: bytes) -> _Value:
        value = self._decode(field)
        if len(self) >= _MANY:
            self.clear()
        self[field] = value
        return value


def _owner(field: bytes) -> tuple[int, int, int]:
    """mode, uid and gid."""
    if (found := _OWNER.fullmatch(field)) is None:
        raise KeyError
    mode, uid, gid = (int(digits, 8) for digits in found.groups())
    return mode & 0o7777, uid, gid


def _time(field: bytes) -> int:
    """The mtime, between what ends the size and what ends it."""
    if (found := _TIME.fullmatch(field)) is None:
        raise KeyError
    return int(found[1], 8)


def _expected(field: bytes) -> int:
    """Adler-32's low half of a block whose checksum field is this and right: that counts the field as spaces."""
    digits = field[:6]
    if field[6:] != b"\0 " or not digits.isdigit():
        raise KeyError
    return (int(digits, 8) + zlib.adler32(field) - 8 * ord(" ")) & 0xFFFF
