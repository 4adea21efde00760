"""An inspection for a terminal: the layers, the totals, what could be reclaimed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.report import heading
from layerscope.report.advising import change, finding
from layerscope.report.display import display_path, display_words
from layerscope.report.grid import GAP, Column, Grid, hang, wrap
from layerscope.report.packagechoice import heaviest_words
from layerscope.report.page import ALARM, CAUSES, CHANGES, HEADING, KIND, QUIET, WASTE
from layerscope.report.quantities import count, exact, human, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.filesystem.advice import Advice
    from layerscope.history.instruction import Instruction
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.report.page import Page

_COLUMNS = (
    Column("#"),
    Column("content"),
    Column("compressed"),
    Column("added"),
    Column("modified"),
    Column("metadata"),
    Column("deleted"),
    Column("reclaimable"),
)
_BESIDE = 40
"""Cells an instruction needs at least to stand beside its figures; with fewer it stands below them."""
_INSTRUCTION_LINES = 3
"""Lines of an instruction that are shown; ``history`` shows all of them."""


def render_table(inspection: Inspection, page: Page, *, top: int) -> Iterator[str]:
    """An inspection in lines of ``page.width`` cells, with the ``top`` largest reclaimable paths."""
    return page.lines(_lines(inspection, page, top))


def _lines(inspection: Inspection, page: Page, top: int) -> Iterator[Text]:
    yield from heading.identity(inspection, page)
    yield Text()
    yield from heading.settings(inspection, page)
    yield Text()
    yield from _layers(inspection, page)
    yield Text()
    yield from _totals(inspection, page)
    yield from _reclaimable(inspection, page, top)
    yield from _advice(inspection, page, top)
    yield from heading.remarks(inspection, page)


def instruction_lines(instruction: Instruction, width: int, page: Page, limit: int = 0) -> list[Text]:
    """An instruction in lines of at most ``width`` cells, its first word standing out where it is an instruction."""
    shown = display_words(instruction.text) or page.glyphs.none
    line = "" if instruction.line is None else f"line {instruction.line}: "
    lines = [Text(line) for line in wrap(line + shown, width, limit, page.glyphs.cut)]
    if shown.startswith(instruction.kind):
        lines[0].stylize(KIND, len(line), len(line) + len(instruction.kind))
    return lines


def _layers(inspection: Inspection, page: Page) -> Iterator[Text]:
    grid = Grid(_COLUMNS, [_figures(layer, page) for layer in inspection.layers])
    beside = page.width - grid.width - len(GAP) >= _BESIDE
    yield from grid.table(_layer_lines(inspection, grid, beside, page), page.glyphs, "instruction" if beside else "")


def _layer_lines(inspection: Inspection, grid: Grid, beside: bool, page: Page) -> Iterator[Text]:
    """A layer's figures, with its instruction behind them or, where there is no room, below."""
    room = page.width - grid.width - len(GAP)
    below = False
    for layer in inspection.layers:
        if below and layer.is_base is False:
            yield Text("    here the base image ends", style=QUIET)
        below = layer.is_base is True
        figures = grid.row(_figures(layer, page))
        if beside:
            lines = instruction_lines(layer.instruction, room, page, _INSTRUCTION_LINES)
            yield Text.assemble(figures, GAP, lines[0])
            indent = " " * (grid.width + len(GAP))
            lines = lines[1:]
        else:
            yield figures
            indent = " " * 4
            lines = instruction_lines(layer.instruction, page.width - len(indent), page, _INSTRUCTION_LINES)
        for line in lines:
            yield Text.assemble(indent, line)
        if packages := heaviest_words(inspection.packages, layer.index):
            yield from hang(Text.assemble(indent, ("packages: ", QUIET)), packages, page.width, QUIET)
        if layer.skipped is not None:
            label = Text.assemble(indent, ("skipped: ", ALARM))
            yield from hang(label, display_words(layer.skipped), page.width, ALARM)


def _figures(layer: LayerReport, page: Page) -> list[Text]:
    none = page.glyphs.none
    changes = layer.changes
    cells = [Text(str(layer.index)), _size(layer.file_bytes, none), _size(layer.compressed_bytes, none)]
    for name in ("added", "modified", "metadata", "deleted"):
        if changes is None:
            cells.append(Text(none, style=QUIET))
        else:
            number = getattr(changes, name).count
            cells.append(Text(f"{number:,}", style=CHANGES[name] if number else QUIET))
    cells.append(_size(layer.reclaimable_bytes, none, WASTE))
    return cells


def _size(size: int | None, none: str, style: str = "") -> Text:
    if size is None:
        return Text(none, style=QUIET)
    return Text(human(size), style=style if size else QUIET)


def _totals(inspection: Inspection, page: Page) -> Iterator[Text]:
    totals = inspection.totals
    none = page.glyphs.none
    sizes = (
        ("compressed", totals.compressed_bytes, "stored, and transferred", ""),
        ("uncompressed", totals.uncompressed_bytes, "tar streams of the layers", ""),
        ("content", totals.file_bytes, "regular files of the layers", ""),
        ("squashed", totals.squashed_bytes, "the merged filesystem", ""),
        ("reclaimable", totals.reclaimable_bytes, "shipped, but hidden in the end", WASTE),
        ("duplicate", totals.duplicate_bytes, "same content in several files", ""),
    )
    entries = "entries not known" if totals.entries is None else count(totals.entries, "entry", "entries")
    yield Text.assemble(("Totals", HEADING), f": {count(totals.layers, 'layer')}, {entries}")
    shown = [none if size is None else exact(size) for _, size, _, _ in sizes]
    width = max(map(len, shown))
    for (name, size, meaning, style), figure in zip(sizes, shown, strict=True):
        short = human(size) if size is not None and size >= 1000 else ""
        line = Text.assemble("  ", (name.ljust(14), QUIET), (figure.rjust(width), style if size else ""))
        line.append(GAP + short.rjust(8) + GAP)
        line.append(meaning, style=QUIET)
        yield line
    efficiency = none if totals.efficiency is None else percent(totals.efficiency)
    line = Text.assemble("  ", ("efficiency".ljust(14), QUIET), efficiency.rjust(width))
    line.append(GAP + " " * 8 + GAP + "squashed / content", style=QUIET)
    yield line


def _reclaimable(inspection: Inspection, page: Page, top: int) -> Iterator[Text]:
    items = inspection.reclaimable
    if not items or not top:
        return
    shown = items[:top]
    rows = [
        [
            Text(human(item.bytes), style=WASTE),
            Text(item.cause, style=CAUSES.get(item.cause, "")),
            Text(str(item.layer)),
            Text(str(item.buried_by)),
        ]
        for item in shown
    ]
    grid = Grid((Column("size"), Column("cause", right=False), Column("layer"), Column("buried by")), rows)
    which = "" if len(shown) == len(items) else f", the largest {len(shown)}"
    yield Text()
    yield Text.assemble(("Reclaimable", HEADING), f": {count(len(items), 'path')}{which}")
    lines = (
        line
        for item, row in zip(shown, rows, strict=True)
        for line in hang(Text.assemble(grid.row(row), GAP), display_path(item.path), page.width)
    )
    yield from grid.table(lines, page.glyphs, "path")


def _advice(inspection: Inspection, page: Page, top: int) -> Iterator[Text]:
    items = inspection.advice
    if not items or not top:
        return
    shown = items[:top]
    rows = [[Text(human(item.bytes), style=WASTE), Text(str(item.layer))] for item in shown]
    grid = Grid((Column("saves"), Column("layer")), rows)
    total = sum(item.bytes for item in items)
    which = "" if len(shown) == len(items) else f", the largest {len(shown)}"
    yield Text()
    yield Text.assemble(("Advice", HEADING), f": {count(len(items), 'change')} would save {human(total)}{which}")
    yield from grid.table(_advice_lines(shown, rows, grid, inspection.layers, page), page.glyphs, "what and how")


def _advice_lines(
    items: tuple[Advice, ...], rows: list[list[Text]], grid: Grid, layers: tuple[LayerReport, ...], page: Page
) -> Iterator[Text]:
    for item, row in zip(items, rows, strict=True):
        label = Text.assemble(grid.row(row), GAP)
        yield from hang(label, finding(item, layers), page.width)
        yield from hang(Text(" " * label.cell_len + page.glyphs.arrow + " "), change(item, layers), page.width, KIND)
