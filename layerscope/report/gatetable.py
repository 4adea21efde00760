"""Verdicts for a terminal: a line a rule, and below what is broken, who broke it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.gate.growing import brought
from layerscope.gate.totals import LARGEST
from layerscope.gate.verdict import Failed, Status
from layerscope.report.display import display_words
from layerscope.report.grid import GAP, Column, Grid, hang, shorten
from layerscope.report.page import ADDED, ALARM, HEADING, METADATA, MODIFIED, QUIET, WASTE
from layerscope.report.quantities import human
from layerscope.report.verdictwords import asides, demand, failure, found, grown, headline, named, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.filesystem.dive import DiveFigures
    from layerscope.gate.growth import Growth
    from layerscope.gate.verdict import GateRun, Offender, Result, Verdict
    from layerscope.report.page import Page

LISTED = 5
"""Offenders of a rule that a page for people lists."""
STYLES = {
    Status.PASS: ADDED,
    Status.EXEMPT: METADATA,
    Status.WARN: MODIFIED,
    Status.UNKNOWN: ALARM,
    Status.FAIL: ALARM,
}
_INDENT = " " * 9
_ROOM = 24
"""Cells an instruction needs at least to stand behind what it brought."""


def render_gate_table(run: GateRun, page: Page) -> Iterator[str]:
    """Every outcome of a run, one below the other."""
    return page.lines(_lines(run, page))


def _lines(run: GateRun, page: Page) -> Iterator[Text]:
    for number, outcome in enumerate(run.outcomes):
        if number:
            yield Text()
        if isinstance(outcome, Failed):
            yield from hang(Text("ERROR  ", style=ALARM), display_words(failure(outcome)), page.width)
            if outcome.hint:
                yield from hang(Text(" " * 7), display_words(outcome.hint), page.width, QUIET)
        else:
            yield from _verdict(outcome, page)


def _verdict(verdict: Verdict, page: Page) -> Iterator[Text]:
    image = verdict.image
    platform = f", {image.config.platform}" if image.config.platform else ""
    yield from hang(Text(), display_words(f"{image.reference} ({image.source}{platform})"), page.width, HEADING)
    yield Text(headline(verdict), style=STYLES[verdict.status])
    if verdict.results:
        yield Text()
        yield from _results(verdict, page)
    if any(result.check.rule.alias for result in verdict.results) and verdict.dive is not None:
        yield Text()
        yield from _dive(verdict, verdict.dive, page)
    if verdict.growth is not None:
        yield Text()
        yield from _growth(verdict, verdict.growth, page)
    for note in verdict.notes:
        yield Text()
        yield from hang(Text("note: ", style=QUIET), display_words(note), page.width)


def _growth(verdict: Verdict, growth: Growth, page: Page) -> Iterator[Text]:
    """By how much an image grew, and what brought most of it."""
    yield from hang(Text("Growth", style=HEADING), f": {grown(growth)}", page.width)
    instructions = {layer: part.text for part in growth.layers if (layer := part.index) is not None}
    rows = [
        [
            Text(f"+{human(each.bytes or 0)}", style=WASTE),
            Text(str(each.layer)),
            Text(shorten(display_words(instructions.get(each.layer or 0, "")), page.width // 3, page.glyphs.cut)),
        ]
        for each in brought(growth)[:LARGEST]
    ]
    if not rows:
        return
    grid = Grid((Column("size"), Column("layer"), Column("instruction", right=False)), rows)
    lines = (
        line
        for each, row in zip(brought(growth), rows, strict=False)
        for line in hang(Text.assemble(grid.row(row), GAP), display_words(each.name), page.width)
    )
    yield from grid.table(lines, page.glyphs, "package or file")
    more = len(brought(growth)) - len(rows)
    if more > 0:
        yield Text(f"and {more:,} more, all of them in --format json", style=QUIET)


def _dive(verdict: Verdict, figures: DiveFigures, page: Page) -> Iterator[Text]:
    """Dive's figures above layerscope's."""
    totals, none = verdict.totals, page.glyphs.none
    rows = [
        ("dive", f"{figures.efficiency:.4f}", f"{figures.wasted_bytes:,}", "wasted"),
        (
            "layerscope",
            none if totals.efficiency is None else f"{totals.efficiency:.4f}",
            none if totals.reclaimable_bytes is None else f"{totals.reclaimable_bytes:,}",
            "reclaimable",
        ),
    ]
    cells = [[Text(cell) for cell in row] for row in rows]
    grid = Grid((Column("", right=False), Column("efficiency"), Column("bytes"), Column("", right=False)), cells)
    yield from grid.table(map(grid.row, cells), page.glyphs)


def _results(verdict: Verdict, page: Page) -> Iterator[Text]:
    rows = [_row(result, page) for result in verdict.results]
    grid = Grid(
        (Column("status", right=False), Column("rule", right=False), Column("measured"), Column("allowed")),
        rows,
    )
    body = [
        line for result, row in zip(verdict.results, rows, strict=True) for line in _result(result, grid.row(row), page)
    ]
    yield from grid.table(body, page.glyphs)


def _row(result: Result, page: Page) -> list[Text]:
    room = max(page.width // 3, 20)
    return [
        Text(result.status.upper() if result.breaks else str(result.status), style=STYLES[result.status]),
        Text(shorten(display_words(result.check.title), room, page.glyphs.cut)),
        Text(shorten(display_words(found(result)), room, page.glyphs.cut) or page.glyphs.none),
        Text(shorten(display_words(demand(result)), room, page.glyphs.cut)),
    ]


def _result(result: Result, line: Text, page: Page) -> Iterator[Text]:
    yield line
    if result.status not in (Status.PASS, Status.EXEMPT):
        yield from hang(Text(_INDENT), display_words(sentence(result, named=0)), page.width, QUIET)
        if result.check.rule.name != "max-growth" or result.status is Status.UNKNOWN:  # else it follows below
            yield from _offenders(result.offenders, page)
    for aside in asides(result):
        yield from hang(Text(_INDENT), display_words(aside), page.width, QUIET)


def _offenders(offenders: tuple[Offender, ...], page: Page) -> Iterator[Text]:
    shown = offenders[:LISTED]
    sizes = ["" if each.bytes is None else human(each.bytes) for each in shown]
    width = max(map(len, sizes), default=0)
    for each, size in zip(shown, sizes, strict=True):
        label = Text(_INDENT + GAP)
        if width:
            label.append(size.rjust(width) + GAP)
        yield from _offender(each, label, page)
    if len(offenders) > len(shown):
        yield Text(f"{_INDENT}{GAP}and {len(offenders) - len(shown):,} more", style=QUIET)


def _offender(offender: Offender, label: Text, page: Page) -> Iterator[Text]:
    """The name in full, and as much of the instruction as the last line has room for."""
    lines = list(hang(label, display_words(named(offender)), page.width))
    if offender.instruction is not None:
        text = display_words(offender.instruction.text)
        room = page.width - lines[-1].cell_len - len(GAP)
        if room < min(_ROOM, len(text)):
            lines.append(Text(" " * label.cell_len))
            room = page.width - label.cell_len - len(GAP)
        lines[-1].append(GAP + shorten(text, room, page.glyphs.cut), style=QUIET)
    yield from lines
