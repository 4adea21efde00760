"""What package managers say is installed, by the database files of one state of the filesystem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from layerscope.packages.record import raw


class Key(NamedTuple):
    """What makes a package the same in two states. In the order that packages are sorted by."""

    kind: str
    name: str
    version: str
    architecture: str
    location: bytes

    @property
    def any_version(self) -> tuple[str, str, str, bytes]:
        """The same for every version of it. Python's directories are named after the version."""
        location = self.location.rpartition(b"/")[0] if self.kind == "python" else self.location
        return self.kind, self.name, self.architecture, location


class Live(NamedTuple):
    """A database file that is in the state: see ``Record``."""

    reader: str
    path: bytes
    real: bytes
    """Where it is in the tree, links followed."""
    data: Any


class FileList(NamedTuple):
    """Paths of a package, one a line; those without a leading slash are relative to ``base``, others to ``root``."""

    root: bytes
    base: bytes
    lines: str

    def paths(self) -> Iterator[bytes]:
        """Relative to the image's root; not cleaned, and perhaps not there."""
        if not self.lines:
            return
        root = self.root + b"/" if self.root else b""
        base = self.base + b"/" if self.base else b""
        for line in raw(self.lines).split(b"\n"):
            yield root + line[1:] if line.startswith(b"/") else base + line


class Installed(NamedTuple):
    """A package of the state."""

    key: Key
    files: tuple[FileList, ...] = ()
    directory: bytes | None = None
    """It owns everything below this directory that nobody else does."""
    proof: bytes = b""
    """Where the file that speaks of it is in the tree, links followed."""


Installs = Callable[[Iterable[Live]], Iterator[Installed]]
"""From the live files of one manager to what it has installed."""


def below(location: bytes, ends: Mapping[bytes, int] | Iterable[bytes]) -> bytes | None:
    """What stands before one of ``ends`` in ``location``: the root of the system that a database speaks of."""
    for end in ends:
        if location == end:
            return b""
        if location.endswith(b"/" + end):
            return location[: -len(end) - 1]
    return None
