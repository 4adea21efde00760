"""The files of a comparison, for a terminal: sums first, then the heaviest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.compare.aspects import FileChange
from layerscope.report.diffstyles import STYLES, not_compared, size, title
from layerscope.report.diffwords import FILE_WORDS, details, growth, heaviest
from layerscope.report.display import display, display_path
from layerscope.report.grid import GAP, Column, Grid, hang
from layerscope.report.page import HEADING, QUIET
from layerscope.report.quantities import count, exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.compare.comparison import Comparison
    from layerscope.compare.files import ChangedFile, FilesCompared
    from layerscope.report.page import Page


def file_lines(comparison: Comparison, page: Page, top: int) -> Iterator[Text]:
    """What the files add up to, and the ``top`` heaviest of them."""
    files = comparison.files
    if files is None:
        yield from not_compared("Files", "a layer could not be read", page)
        return
    if not files.changes and not files.ignored.count:
        return
    before, after = comparison.before.totals.squashed_bytes, comparison.after.totals.squashed_bytes
    said = f": {growth(files.bytes)}"
    if files.bytes and before is not None and after is not None:
        said += f", {exact(before)} before and {exact(after)} after, of which"
    yield from title("Files", said, page)
    yield from _tallies(files, page)
    yield from _heaviest(comparison, files.changes, page, top)


def _tallies(files: FilesCompared, page: Page) -> Iterator[Text]:
    tallies = [(FILE_WORDS[change], STYLES[change], tally) for change, tally in files.tallies.items()]
    tallies.append(("ignored", QUIET, files.ignored))
    rows = [
        [
            Text(f"  {word}", style=style),
            Text(count(tally.count, "path")),
            size(tally.bytes, page),
            Text(f"{tally.bytes:+,}" if abs(tally.bytes) >= 1000 else "", style=QUIET),
        ]
        for word, style, tally in tallies
        if tally.count
    ]
    grid = Grid((Column("", right=False), Column(""), Column(""), Column("")), rows)
    yield from map(grid.row, rows)


def _heaviest(comparison: Comparison, changes: Sequence[ChangedFile], page: Page, top: int) -> Iterator[Text]:
    shown = heaviest(changes, top)
    if not shown:
        return
    rows = [
        [
            size(changed.bytes, page),
            Text(FILE_WORDS[changed.change], style=STYLES[changed.change]),
            Text(f"{changed.layer}" if changed.after else f"({changed.layer})"),
        ]
        for changed in shown
    ]
    grid = Grid((Column("bytes"), Column("change", right=False), Column("layer")), rows)
    which = "" if len(shown) == len(changes) else f", the heaviest {len(shown):,} of {len(changes):,}"
    yield Text()
    yield Text.assemble(("Changed files", HEADING), which)
    lines = (
        line
        for changed, row in zip(shown, rows, strict=True)
        for line in _file(changed, Text.assemble(grid.row(row), GAP), comparison, page)
    )
    yield from grid.table(lines, page.glyphs, "path")


def _file(changed: ChangedFile, figures: Text, comparison: Comparison, page: Page) -> Iterator[Text]:
    arrow = page.glyphs.arrow
    path = display_path(changed.path)
    if changed.change is FileChange.MOVED:
        path = f"{display_path(changed.old_path)} {arrow} {path}"
    yield from hang(figures, path, page.width)
    if found := details(changed, comparison, arrow):
        yield from hang(Text(" " * (figures.cell_len + 2)), display(", ".join(found)), page.width, QUIET)
