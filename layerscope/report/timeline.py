"""A history for a terminal: every step, the layer it made, what that layer weighs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.report import heading
from layerscope.report.display import display_words
from layerscope.report.grid import GAP, Column, Grid, hang, shorten
from layerscope.report.page import HEADING, KIND, QUIET
from layerscope.report.quantities import count, exact, human
from layerscope.report.table import instruction_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.history.instruction import HistoryStep
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

_ROOMY = 100
"""Columns from which on the time of day has room beside the date."""
_COLUMNS: tuple[Column, ...] = (Column("#"), Column("layer"), Column("created", right=False), Column("compressed"))
_ENGINE = Column("engine's size")
"""What an engine says a step takes: its own measure, none of ours."""


def render_timeline(inspection: Inspection, page: Page) -> Iterator[str]:
    """Every history entry, instructions whole, in lines of ``page.width`` cells."""
    return page.lines(_lines(inspection, page))


def _lines(inspection: Inspection, page: Page) -> Iterator[Text]:
    yield from heading.identity(inspection, page)
    yield Text()
    yield from _steps(inspection, page)
    yield from _strays(inspection, page)
    yield Text()
    yield from hang(Text.assemble(("Totals", HEADING), ": "), _total(inspection), page.width)
    yield from heading.remarks(inspection, page)


def _steps(inspection: Inspection, page: Page) -> Iterator[Text]:
    if not inspection.history:
        yield Text("There is no history", style=QUIET)
        return
    rows = [_cells(step, inspection, page) for step in inspection.history]
    columns = _COLUMNS
    if any(step.engine_bytes is not None for step in inspection.history):
        columns = (*_COLUMNS, _ENGINE)
        for step, row in zip(inspection.history, rows, strict=True):
            row.append(_size(step.engine_bytes, page))
    grid = Grid(columns, rows)
    yield from grid.table(_step_lines(inspection, rows, grid, page), page.glyphs, "instruction")


def _step_lines(inspection: Inspection, rows: list[list[Text]], grid: Grid, page: Page) -> Iterator[Text]:
    room = page.width - grid.width - len(GAP)
    indent = " " * (grid.width + len(GAP))
    border = inspection.base.steps if inspection.base is not None else None
    for step, row in zip(inspection.history, rows, strict=True):
        if border and step.index == border:
            yield Text("    here the base image ends", style=QUIET)
        lines = instruction_lines(step.instruction, room, page)
        yield Text.assemble(grid.row(row), GAP, lines[0])
        for line in lines[1:]:
            yield Text.assemble(indent, line)
        if step.comment and step.instruction.builder != "buildkit":  # BuildKit's names only itself
            yield from hang(Text(indent), f"({display_words(step.comment)})", page.width, QUIET)


def _cells(step: HistoryStep, inspection: Inspection, page: Page) -> list[Text]:
    date = shorten(heading.when(step.created), 10 if page.width < _ROOMY else 16, "")
    size = inspection.layers[step.layer].compressed_bytes if step.layer is not None else None
    none = page.glyphs.none
    return [
        Text(str(step.index)),
        Text(none, style=QUIET) if step.layer is None else Text(str(step.layer), style=KIND),
        Text(date or none, style=QUIET),
        _size(size, page),
    ]


def _size(size: int | None, page: Page) -> Text:
    return Text(page.glyphs.none, style=QUIET) if size is None else Text(human(size))


def _strays(inspection: Inspection, page: Page) -> Iterator[Text]:
    """Layers that no step is known to have made."""
    made = {step.layer for step in inspection.history}
    strays = [layer for layer in inspection.layers if layer.index not in made]
    if not strays:
        return
    yield Text()
    yield Text("Layers that no entry of the history is known to have made", style=HEADING)
    for layer in strays:
        size = page.glyphs.none if layer.compressed_bytes is None else human(layer.compressed_bytes)
        yield Text(f"  {layer.index:>3}  {size:>8}  {str(layer.digest or layer.diff_id)[:19]}")


def _total(inspection: Inspection) -> str:
    totals = inspection.totals
    empty = sum(step.layer is None for step in inspection.history)
    size = "compressed size not known: no manifest"
    if totals.compressed_bytes is not None:
        size = f"{exact(totals.compressed_bytes)} compressed"
    found = f"{count(totals.layers, 'layer')}, {size}"
    if not inspection.history:
        return found
    return f"{found}; {count(len(inspection.history), 'entry', 'entries')}, {empty:,} of them without a layer"
