"""Go binaries: the module list that the linker leaves in them (``go version -m``).

Format: Go's ``debug/buildinfo`` and ``runtime/debug.ParseBuildInfo``, as Go 1.18 and later write it: two strings, each
behind its length, in an ELF binary's first writable segment. Binaries of older versions, which only point to the
strings, and binaries that are no ELF, say nothing.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from layerscope.packages.content import Content, Said
from layerscope.packages.installed import FileList, Installed, Key, Live
from layerscope.packages.record import shown, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.layers.member import Member

MAGIC = b"\xff Go buildinf:"
_ALIGN = 16
_HEADER = 32
_INLINE = 2
"""The flag that says that the strings follow."""
_MAX_LIST = 1 << 20
"""Bytes of one module list: 10 000 modules."""
_SENTINEL = 16
"""Bytes that Go puts before and behind the list."""
_HEAD = 4096
"""Bytes of a binary that must hold its program headers; they follow the ELF header at once."""
LEAST = 64 << 10
"""Bytes below which no Go binary is: an empty program takes a megabyte."""
_LINE = re.compile(r"^(path|mod|dep|=>)\t([^\t\n]+)(?:\t([^\t\n]*))?", re.MULTILINE)


def reader_of(member: Member) -> tuple[str, Content] | None:
    """How to look into what may be a Go binary; None for what is not executable, or too small."""
    return ("go-binary", _Binary()) if member.mode & 0o111 and member.size >= LEAST else None


class _Binary:
    """An executable going by: its head, then its writable segments, of which little is kept at a time."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._at = 0
        self._segments: list[tuple[int, int]] | None = None
        """(offset, end) of what may hold the list; None until the head has gone by."""
        self._tail = b""
        """The end of what was looked through, where the magic may have begun."""
        self._found: bytearray | None = None
        """From the magic on."""

    def feed(self, chunk: memoryview) -> None:
        """Look through the next bytes."""
        start, self._at = self._at, self._at + len(chunk)
        if self._segments is None:
            self._head += chunk[: _HEAD - len(self._head)]
            if len(self._head) < _HEAD:
                return
            self._segments = writable_segments(bytes(self._head))
        for begin, end in self._segments:
            if self._found is not None and len(self._found) >= _MAX_LIST:
                return
            part = chunk[max(begin - start, 0) : max(end - start, 0)]
            if part:
                self._look(bytes(part), max(begin, start), begin)

    def _look(self, part: bytes, offset: int, begin: int) -> None:
        if self._found is not None:
            self._found += part[: _MAX_LIST - len(self._found)]
            return
        if offset == begin:
            self._tail = b""
        part, offset = self._tail + part, offset - len(self._tail)
        at = part.find(MAGIC)
        while at >= 0:
            if (offset + at) % _ALIGN == 0:
                self._found = bytearray(part[at : at + _MAX_LIST])
                return
            at = part.find(MAGIC, at + 1)
        self._tail = part[-len(MAGIC) :]

    def end(self) -> Said | None:
        """[go version, [path, name, version] of the main package, [[name, version] of each dependency]]."""
        return read_list(bytes(self._found)) if self._found is not None else None


def writable_segments(head: bytes) -> list[tuple[int, int]]:
    """(offset, end) of each writable segment of an ELF binary, in the file's order; none for anything else."""
    if head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        return []
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    try:
        (table,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
        size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
        segments = []
        for number in range(count):
            at = table + number * size
            if wide:
                kind, flags, offset, _, _, length = struct.unpack_from(order + "IIQQQQ", head, at)
            else:
                kind, offset, _, _, length, _, flags = struct.unpack_from(order + "IIIIIII", head, at)
            if kind == 1 and flags & 2:
                segments.append((offset, offset + length))
    except (struct.error, OverflowError):  # beyond the head, or nowhere
        return []
    return sorted(segments)


def read_list(found: bytes) -> Said | None:
    """The strings behind the magic; None where they are not there, or no list."""
    if len(found) < _HEADER or not found[15] & _INLINE:
        return None
    go, at = _string(found, _HEADER)
    listed, _ = _string(found, at)
    if len(listed) < 2 * _SENTINEL + 1 or listed[-_SENTINEL - 1 : -_SENTINEL] != b"\n":
        return None
    main = ["", "", ""]
    modules: list[list[str]] = []
    for kind, name, version in _LINE.findall(text(listed[_SENTINEL:-_SENTINEL])):
        if kind == "path":
            main[0] = _word(name)
        elif kind == "mod":
            main[1:] = _word(name), _word(version)
        elif kind == "dep":
            modules.append([_word(name), _word(version)])
        elif modules:  # "=>": what it was replaced by; a directory is no name
            modules[-1] = [modules[-1][0] if name.startswith((".", "/")) else _word(name), _word(version)]
    return Said([shown(go[:1000]), main, modules]) if main[0] or main[1] else None


def _word(value: str) -> str:
    return shown(value.encode("utf-8", "surrogateescape"))[:1000]


def _string(found: bytes, at: int) -> tuple[bytes, int]:
    """A string behind its length (an unsigned varint), and where it ends."""
    length = shift = 0
    while at < len(found) and shift < 63:
        byte = found[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return found[at : at + length], at + length
    return b"", at


def installed(live: Iterable[Live]) -> Iterator[Installed]:
    """What live binaries say: the main module owns the file, its dependencies come in it."""
    for file in live:
        _, (path, name, version), modules = file.data
        yield Installed(
            Key("go", name or path, version, "", file.path), (FileList(b"", b"", text(file.path)),), proof=file.real
        )
        for dependency, its_version in modules:
            yield Installed(Key("go", dependency, its_version, "", file.path), proof=file.real)
