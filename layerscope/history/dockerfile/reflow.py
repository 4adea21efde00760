r"""A long command in lines that a person reads, which join to exactly the same command.

A Dockerfile joins continued lines and keeps the blanks the next one begins with, so a builder's record still shows
where lines were: at runs of blanks. There the command is broken again, as it was written. Pieces that are still long
are broken at ``&&``, ``||`` and ``;``. No break falls into quotes, and none changes a character: the join of the lines
is the command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 80
"""Characters from which on a line is broken at operators."""
_LONGEST = 8192
"""Characters of a line at most: builders read 65535 bytes."""
_RUN = re.compile(r"[ \t]{3,}|\t|  (?=&&|\|\|)")
_OPERATOR = re.compile(r" (?=&& |\|\| )|(?<!;); (?=[^; ])")
_TOKEN = re.compile(r"\\.|'[^']*'?|\"(?:[^\"\\]|\\.)*\"?|[^\\'\"]+|\\", re.DOTALL)
_STAYS = re.compile(r"(?:do|then|in|else)\b")
"""Words of the shell that belong behind the ``;`` they follow."""


def reflow(command: str, first: int = WIDTH, width: int = WIDTH) -> list[str]:
    """The pieces of a command of one line. ``first`` is the room on the first line.

    Joined they are the command; each but the last may stand before a continuation character, and none but the first
    would be taken for a comment or an empty line.
    """
    if "\n" in command or (len(command) <= first and not _has_run(command)):
        return [command]
    pieces = _cut(command, [place for place in _places(command, _RUN) if place])
    lines: list[str] = []
    for piece in pieces:
        room = first if not lines else width
        lines += _cut(piece, _breaks(piece)) if len(piece) > room else [piece]
    return [part for line in lines for part in _short(line)]


def _has_run(command: str) -> bool:
    return _RUN.search(command) is not None


def _places(text: str, pattern: re.Pattern[str]) -> Iterator[int]:
    """Where a break may fall: within what matches outside of quotes, behind its first space."""
    position = 0
    for token in _TOKEN.finditer(text):
        if token[0][0] in "'\"\\":
            continue
        position = token.start()
        for match in pattern.finditer(text, position, token.end()):
            yield match.start() + (text[match.start()] == " " if pattern is _RUN else len(match[0]))


def _breaks(piece: str) -> list[int]:
    return [place for place in _places(piece, _OPERATOR) if not _STAYS.match(piece, place)]


def _cut(text: str, places: list[int]) -> list[str]:
    """``text`` cut at those places that leave sound lines."""
    pieces: list[str] = []
    start = 0
    for place in places:
        if _may_break(text, start, place):
            pieces.append(text[start:place])
            start = place
    pieces.append(text[start:])
    return pieces


def _may_break(text: str, start: int, place: int) -> bool:
    following = text[place : place + 200].lstrip(" \t")
    before = text[start:place]
    return bool(following) and following[0] != "#" and not before.endswith("\\") and bool(before.strip(" \t"))


def _short(line: str) -> Iterator[str]:
    """A line no builder would read, cut anywhere: it is joined again before anyone looks at it."""
    while len(line) > _LONGEST:
        place = line.rfind(" ", 1, _LONGEST) + 1 or _LONGEST
        while place > 1 and not _may_break(line, 0, place):
            place -= 1
        if place <= 1:
            break
        yield line[:place]
        line = line[place:]
    yield line
