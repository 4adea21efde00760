"""How a database file's content is taken in: bounded in bytes whatever its size claims, and never believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_FILE_BYTES = 16 << 20
"""A text database, or one package's list of files. Debian's largest list is that of all of TeX, at 1 MB."""
MAX_TEXT_BYTES = 64 << 20
"""Paths that one database lists: it may name a directory once and mean a million files in it."""
MAX_PATH_BYTES = 4096
"""As Linux has it, and ``layers.limits``: a longer path is nobody's."""
MAX_WORD = 1000
"""Characters of a package's name or version."""


class Unreadable(Exception):
    """The file is not what its name promises; the message says why."""


class Said(NamedTuple):
    """What a file says, and what was odd about it."""

    data: Any
    remark: str = ""


class Content(Protocol):
    """The content of one file, chunk by chunk."""

    def feed(self, chunk: memoryview) -> None:
        """The next bytes; valid during the call only."""

    def end(self) -> Said | None:
        """What the file says; None where it turns out to be of no interest. Raises Unreadable."""


class Whole:
    """Content that a parser wants in one piece."""

    def __init__(self, parse: Callable[[bytes], Said | None], limit: int = MAX_FILE_BYTES) -> None:
        self._parse = parse
        self._limit = limit
        self._kept = bytearray()
        self._over = False

    def feed(self, chunk: memoryview) -> None:
        """Keep it, while there is room."""
        if self._over:
            return
        self._kept += chunk
        if len(self._kept) > self._limit:
            self._over = True
            self._kept = bytearray()

    def end(self) -> Said | None:
        """What the parser makes of it."""
        if self._over:
            raise Unreadable(f"it is larger than {self._limit} bytes")
        return self._parse(bytes(self._kept))


class Head:
    """Content of which a parser needs the beginning alone."""

    def __init__(self, parse: Callable[[bytes], Said | None], length: int) -> None:
        self._parse = parse
        self._length = length
        self._kept = bytearray()

    def feed(self, chunk: memoryview) -> None:
        """Keep it, up to the length."""
        room = self._length - len(self._kept)
        if room > 0:
            self._kept += chunk[:room]

    def end(self) -> Said | None:
        """What the parser makes of it."""
        return self._parse(bytes(self._kept))


def plausible(*words: bytes) -> bool:
    """Whether these may be names and versions: there, and not absurdly long."""
    return all(0 < len(word) <= MAX_WORD for word in words)
