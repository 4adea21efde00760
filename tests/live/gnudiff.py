"""Two directory trees as GNU diff and GNU find see them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .command import run
from .need import need

if TYPE_CHECKING:
    from pathlib import Path

_ONLY = re.compile(r"Only in (?P<directory>/.*?): (?P<name>.+)")
_FILES = re.compile(r"Files (?P<before>/.+) and (?P<after>/.+) differ")
_LINKS = re.compile(r"Symbolic links (?P<before>/.+) and (?P<after>/.+) differ")
_KINDS = re.compile(r"File (?P<before>/.+) is an? (?P<was>.+) while file (?P<after>/.+) is an? (?P<is>.+)")


@dataclass(frozen=True, slots=True)
class Told:
    """What ``diff -r --no-dereference`` says; a path that is in one tree alone may be a directory, named once."""

    only_before: set[str] = field(default_factory=set)
    only_after: set[str] = field(default_factory=set)
    content: set[str] = field(default_factory=set)
    target: set[str] = field(default_factory=set)
    kind: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What ``find -printf`` says of a path."""

    kind: str
    mode: str
    owner: str
    mtime: str


def gnu_diff(before: Path, after: Path) -> Told:
    """Runs diff on two trees; every line it prints is understood."""
    command = [need("diff"), "-r", "-q", "--no-dereference", str(before), str(after)]
    done = subprocess.run(command, env={**os.environ, "LC_ALL": "C"}, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode(errors="replace")
    told = Told()
    for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
        if only := _ONLY.fullmatch(line):
            is_before = f"{only['directory']}/".startswith(f"{before}/")
            root, found = (before, told.only_before) if is_before else (after, told.only_after)
            found.add(f"{only['directory'].removeprefix(str(root))}/{only['name']}")
            continue
        patterns = ((_FILES, told.content), (_LINKS, told.target), (_KINDS, told.kind))
        matches = [(pattern.fullmatch(line), found) for pattern, found in patterns]
        ((match, found),) = [(match, found) for match, found in matches if match]
        assert match is not None
        path = match["before"].removeprefix(str(before))
        assert path == match["after"].removeprefix(str(after)), line
        if found is not told.kind or match["was"] != match["is"]:  # it says so of any two pipes
            found.add(path)
    return told


def gnu_find(root: Path) -> dict[str, Attributes]:
    """Every path below ``root``, and ``/`` for itself."""
    fields = run(need("find"), root, "-printf", "%P\\0%y\\0%m\\0%U:%G\\0%T@\\0").decode("utf-8", "surrogateescape")
    words = fields.split("\0")[:-1]
    rows = zip(*[iter(words)] * 5, strict=True)
    return {f"/{path}": Attributes(kind, mode, owner, mtime) for path, kind, mode, owner, mtime in rows}


def with_all_below(paths: set[str], tree: dict[str, Attributes]) -> set[str]:
    """The paths and everything below them."""
    return {path for path in tree if any(path == one or path.startswith(f"{one}/") for one in _ancestors(path, paths))}


def _ancestors(path: str, among: set[str]) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:length]) for length in range(2, len(parts) + 1)} & among
