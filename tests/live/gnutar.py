"""What GNU tar says of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .command import run
from .need import need

if TYPE_CHECKING:
    from pathlib import Path

MARKER = b".wh."
OPAQUE = b".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class Member:
    """A line of `tar -tv`."""

    kind: str
    """The letter in front of the mode: - d l h c b p"""
    size: int
    path: bytes
    """As written, escapes undone, without ./ and the last /"""

    @property
    def name(self) -> bytes:
        """The last component."""
        return self.path.rpartition(b"/")[2]


def count(layer: Path) -> int:
    """Lines of `tar -t`."""
    return len(run(need("tar"), "-tf", layer).splitlines())


def members(layer: Path) -> list[Member]:
    """Lines of `tar -tv`, parsed."""
    listed = run(need("tar"), "-tv", "--numeric-owner", "--quoting-style=escape", "-f", layer)
    return [parse(line) for line in listed.splitlines()]


def parse(line: bytes) -> Member:
    """One line; what follows the name is of no interest here."""
    mode, _owner, size, _day, _time, rest = line.split(maxsplit=5)
    kind = mode[:1].decode()
    name = rest.split({"l": b" -> ", "h": b" link to "}.get(kind, b"\0"))[0]
    path = name.decode("latin-1").encode("latin-1").decode("unicode_escape").encode("latin-1")
    path = path.removeprefix(b"./").removesuffix(b"/")
    return Member(kind, 0 if kind in "cb" else int(size), path)


def file_bytes(layer: Path) -> int:
    """Content of the regular files; whiteout markers carry none, hard links are no files."""
    return sum(each.size for each in members(layer) if each.kind == "-" and not each.name.startswith(MARKER))
