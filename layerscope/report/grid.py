"""Laying out lines: wrapping by terminal cells, columns that never cut a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from layerscope.report.page import HEADING, QUIET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from layerscope.report.page import Glyphs

GAP = "  "
_WORD = re.compile(r" *[^ ]+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures or words. It is as wide as its widest cell: nothing in it is ever cut."""

    title: str
    right: bool = True


class Grid:
    """Columns whose widths were found by looking at every cell."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> None:
        self._columns = columns
        self._widths = [
            max([cell_len(column.title), *(row[number].cell_len for row in rows)])
            for number, column in enumerate(columns)
        ]

    @property
    def width(self) -> int:
        """Cells of all columns and the gaps between them."""
        return sum(self._widths) + len(GAP) * (len(self._widths) - 1)

    def titles(self, last: str = "") -> Text:
        """The line that names the columns, and what follows them."""
        line = self.row([Text(column.title) for column in self._columns])
        if last:
            line.append(GAP + last)
        line.stylize(HEADING)
        return line

    def table(self, lines: Iterable[Text], glyphs: Glyphs, last: str = "") -> Iterator[Text]:
        """Titles, a rule as long as the longest line, and the lines."""
        titles = self.titles(last)
        body = list(lines)
        yield titles
        yield Text(glyphs.rule * max(line.cell_len for line in (titles, *body)), style=QUIET)
        yield from body

    def row(self, cells: Sequence[Text]) -> Text:
        """One line of cells, padded to the columns."""
        line = Text()
        for number, (column, width, cell) in enumerate(zip(self._columns, self._widths, cells, strict=True)):
            padding = " " * (width - cell.cell_len)
            line.append(GAP if number else "")
            line.append(padding if column.right else "")
            line.append_text(cell)
            line.append("" if column.right else padding)
        return line


def wrap(text: str, width: int, limit: int = 0, cut: str = "…") -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken at blanks where there are any.

    With ``limit`` no more lines than that; the last one then ends in ``cut`` where something is left out.
    """
    width = max(width, 8)
    lines: list[str] = []
    for line in _broken(text, width):
        if limit and len(lines) == limit:
            lines[-1] = shorten(lines[-1] + " " * width, width, cut)
            return lines
        lines.append(line)
    return lines or [""]


def shorten(text: str, width: int, cut: str = "…") -> str:
    """``text`` if it fits ``width`` cells, else its beginning and ``cut``."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(cut)
    kept = ""
    for letter in text:
        room -= cell_len(letter)
        if room < 0:
            break
        kept += letter
    return kept.rstrip() + cut


def hang(label: Text, text: str, width: int, style: str = "") -> Iterator[Text]:
    """``text`` behind ``label``, wrapped to ``width`` and indented below it."""
    indent = label.cell_len
    for number, line in enumerate(wrap(text, width - indent)):
        shown = label.copy() if number == 0 else Text(" " * indent)
        shown.append(line, style=style)
        yield shown


def _broken(text: str, width: int) -> Iterator[str]:
    line = ""
    room = width
    for match in _WORD.finditer(text):
        word = match.group()
        size = cell_len(word)
        if size <= room:
            line += word
            room -= size
            continue
        if line:
            yield line
        line, room = "", width
        for letter in word.lstrip(" "):  # a word longer than a line is broken anywhere
            size = cell_len(letter)
            if size > room:
                yield line
                line, room = "", width
            line += letter
            room -= size
    if line:
        yield line
