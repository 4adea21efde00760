"""An rpm header as databases keep it: a table of tags, and the data they point into (rpm's ``headerImport``)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from layerscope.packages.content import MAX_PATH_BYTES, MAX_TEXT_BYTES, MAX_WORD, Unreadable
from layerscope.packages.record import shown, text

_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH = 1000, 1001, 1002, 1003, 1022
_OLD_FILES, _DIRECTORY_NUMBERS, _BASE_NAMES, _DIRECTORIES = 1027, 1116, 1117, 1118
_INT32, _STRING, _STRINGS, _I18N = 4, 6, 8, 9
_ENTRY = struct.Struct(">iIiI")
_MAX_TAGS = 1 << 16
"""rpm's own limit."""


class RpmPackage(NamedTuple):
    """What layerscope needs of a header."""

    name: str
    version: str
    """``[EPOCH:]VERSION-RELEASE``, as ``rpm -q --qf '%{EVR}'`` has it."""
    architecture: str
    files: str
    """Paths, one a line and without their leading slash."""


def read_header(blob: bytes) -> RpmPackage | None:
    """The package of a header; None for an imported key (``gpg-pubkey``). Unreadable for what is no header."""
    try:
        header = _Header(blob)
        name, version, release = (header.word(tag) for tag in (_NAME, _VERSION, _RELEASE))
        epoch = header.numbers(_EPOCH)
        architecture = header.word(_ARCH)
        files = _files(header)
    except (struct.error, ValueError, IndexError) as error:
        raise Unreadable("a header in it is damaged") from error
    if name == b"gpg-pubkey":
        return None
    if not name or not version:
        raise Unreadable("a header in it has no name or no version")
    evr = shown(version) + (f"-{shown(release)}" if release else "")
    return RpmPackage(shown(name), f"{epoch[0]}:{evr}" if epoch else evr, shown(architecture), files)


def _files(header: _Header) -> str:
    bases = header.strings(_BASE_NAMES)
    if not bases:
        return text(b"\n".join(path.lstrip(b"/") for path in header.strings(_OLD_FILES)))
    directories = [directory.lstrip(b"/")[:MAX_PATH_BYTES] for directory in header.strings(_DIRECTORIES)]
    numbers = header.numbers(_DIRECTORY_NUMBERS)
    if sum(len(directories[number]) for number in numbers) > MAX_TEXT_BYTES:
        raise Unreadable("a package in it lists too many paths")
    return text(b"\n".join(directories[number] + base for number, base in zip(numbers, bases, strict=True)))


class _Header:
    def __init__(self, blob: bytes) -> None:
        tags, length = struct.unpack_from(">II", blob)
        start = 8 + tags * _ENTRY.size
        if tags > _MAX_TAGS or start + length > len(blob):
            raise ValueError("cut")
        self._data = blob[start : start + length]
        self._tags = {
            tag: (kind, offset, count)
            for tag, kind, offset, count in _ENTRY.iter_unpack(blob[8:start])
            if 0 <= offset <= length
        }

    def word(self, tag: int) -> bytes:
        """A short string; empty where there is none."""
        found = self.strings(tag)
        return found[0][:MAX_WORD] if found else b""

    def strings(self, tag: int) -> list[bytes]:
        """Strings, each of which ends with a NUL."""
        kind, offset, count = self._tags.get(tag, (_STRINGS, 0, 0))
        if kind not in (_STRING, _STRINGS, _I18N) or not count:
            return []
        found = self._data[offset:].split(b"\0", count)
        if len(found) <= count:
            raise ValueError("cut")
        return found[:count]

    def numbers(self, tag: int) -> list[int]:
        """Unsigned numbers of 32 bits."""
        kind, offset, count = self._tags.get(tag, (_INT32, 0, 0))
        if kind != _INT32 or count > len(self._data):
            return []
        return list(struct.unpack_from(f">{count}I", self._data, offset))
