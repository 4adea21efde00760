"""The layers of a comparison, for a terminal: shared ones in one line, every other with what made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.compare.layers import LayerStatus
from layerscope.report.diffstyles import STYLES, size, title
from layerscope.report.grid import Column, Grid
from layerscope.report.page import QUIET
from layerscope.report.quantities import human
from layerscope.report.table import instruction_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.compare.layers import LayerPair, LayersCompared
    from layerscope.report.page import Page

_COLUMNS = (Column("layer", right=False), Column("before"), Column("after"), Column("content"), Column("compressed"))
_INDENT = " " * 4
_INSTRUCTION_LINES = 2


def layer_lines(layers: LayersCompared, page: Page) -> Iterator[Text]:
    """Every layer; nothing where they are the same."""
    if not layers.differ:
        return
    said = ", ".join(f"{tally.count} {status}" for status, tally in layers.tallies.items() if tally.count)
    if layers.transfer_bytes is not None:
        said += f"; {human(layers.transfer_bytes)} to pull where the first is there"
    yield from title("Layers", f": {said}", page)
    runs = list(_runs(layers.pairs))
    rows = [_cells(run, page) for run in runs]
    grid = Grid(_COLUMNS, rows)
    lines = (line for run, row in zip(runs, rows, strict=True) for line in _run(run, grid.row(row), page))
    yield from grid.table(lines, page.glyphs)


def _run(run: list[LayerPair], figures: Text, page: Page) -> Iterator[Text]:
    yield figures
    layer = run[0].after or run[0].before
    if run[0].status is LayerStatus.SHARED or layer is None:
        return
    for line in instruction_lines(layer.instruction, page.width - len(_INDENT), page, _INSTRUCTION_LINES):
        yield Text.assemble(_INDENT, line)


def _cells(run: list[LayerPair], page: Page) -> list[Text]:
    status = run[0].status
    return [
        Text(status.value, style=STYLES[status]),
        _numbers([pair.before.index for pair in run if pair.before], page),
        _numbers([pair.after.index for pair in run if pair.after], page),
        size(_sum([pair.file_bytes for pair in run]), page),
        size(_sum([pair.compressed_bytes for pair in run]), page),
    ]


def _numbers(numbers: list[int], page: Page) -> Text:
    if not numbers:
        return Text(page.glyphs.none, style=QUIET)
    return Text(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")


def _sum(sizes: list[int | None]) -> int | None:
    known = [each for each in sizes if each is not None]
    return sum(known) if len(known) == len(sizes) else None


def _runs(pairs: Sequence[LayerPair]) -> Iterator[list[LayerPair]]:
    """Shared layers in a row together, every other layer by itself."""
    run: list[LayerPair] = []
    for pair in pairs:
        if run and not (pair.status is run[0].status is LayerStatus.SHARED):
            yield run
            run = []
        run.append(pair)
    if run:
        yield run
