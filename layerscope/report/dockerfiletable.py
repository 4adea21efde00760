"""A Dockerfile for a terminal: each instruction beside what its layer weighs, changed and wasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.history.dockerfile.match import Match
from layerscope.report import heading
from layerscope.report.display import display, display_words
from layerscope.report.dockerfilefound import WORDS, summary
from layerscope.report.grid import GAP, Column, Grid, hang, wrap
from layerscope.report.page import ADDED, ALARM, HEADING, KIND, MODIFIED, QUIET, WASTE
from layerscope.report.quantities import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.history.dockerfile.match import Annotated, MatchedLine
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.report.dockerfilefound import DockerfileFound
    from layerscope.report.page import Page

_COSTS = (Column("layer"), Column("content"), Column("paths"), Column("reclaimable"))
_STYLES = {Match.EXACT: ADDED, Match.SIMILAR: MODIFIED, Match.UNMATCHED: ALARM}


def render_dockerfile_table(found: DockerfileFound, page: Page) -> Iterator[str]:
    """The instructions, whole, in lines of ``page.width`` cells."""
    return page.lines(_lines(found, page))


def _lines(found: DockerfileFound, page: Page) -> Iterator[Text]:
    inspection = found.inspection
    yield from heading.identity(inspection, page)
    yield Text()
    if found.annotated is None:
        yield from _written(found, page)
    else:
        yield from _annotated(found.annotated, inspection, page)
    for note in found.source_notes:
        yield Text()
        yield from hang(Text("Note: ", style=HEADING), display_words(note), page.width)
    yield from heading.remarks(inspection, page)


def _written(found: DockerfileFound, page: Page) -> Iterator[Text]:
    lines = found.written.lines
    rows = [costs(_layers(found.inspection, () if line.layer is None else (line.layer,)), page) for line in lines]
    grid = Grid(_COSTS, rows)
    room = page.width - grid.width - len(GAP)

    def body() -> Iterator[Text]:
        for line, row in zip(lines, rows, strict=True):
            texts = list(_instruction(line.written.text, room, dim=bool(line.is_base)))
            texts += [
                Text(part, style=QUIET) for lost in line.written.lost for part in wrap(f"# {display_words(lost)}", room)
            ]
            yield from _beside(grid, row, texts)

    yield from grid.table(body(), page.glyphs, "instruction")
    for name, value in found.written.build_arguments.items():
        yield Text()
        yield from hang(Text("Built with ", style=QUIET), f"--build-arg {display_words(f'{name}={value}')}", page.width)
    for remark in found.written.remarks:
        yield Text()
        yield from hang(Text(""), remark, page.width, QUIET)


def _annotated(annotated: Annotated, inspection: Inspection, page: Page) -> Iterator[Text]:
    """The real Dockerfile, every line of it, with its number."""
    lines = annotated.dockerfile.text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "":
        lines.pop()
    at = {line.statement.start: line for line in annotated.lines}
    inside = {n for line in annotated.lines for n in range(line.statement.start, line.statement.end + 1)}
    columns = (Column("line"), *_COSTS, Column("match", right=False))
    rows = [
        [Text(str(number), style=QUIET), *_line_costs(at.get(number), inspection, page)]
        for number, _ in enumerate(lines, 1)
    ]
    grid = Grid(columns, rows)
    room = page.width - grid.width - len(GAP)

    def body() -> Iterator[Text]:
        for number, (text, row) in enumerate(zip(lines, rows, strict=True), 1):
            line = at.get(number)
            dim = number not in inside or (line is not None and line.match is Match.OTHER_STAGE)
            shown = list(_instruction(text.removesuffix("\r"), room, dim=dim, named=line is not None))
            yield from _beside(grid, row, shown)

    yield from grid.table(body(), page.glyphs, display(annotated.dockerfile.name))
    yield Text()
    yield from hang(Text.assemble(("Match", HEADING), ": "), summary(annotated), page.width)
    if annotated.strays:
        yield Text()
        yield Text("History entries that no line made", style=HEADING)
        steps = {step.index: step for step in inspection.history}
        for index in annotated.strays:
            text = display_words(steps[index].instruction.text) or page.glyphs.none
            yield from hang(Text(f"  {index:>3}  ", style=QUIET), text, page.width)


def _line_costs(line: MatchedLine | None, inspection: Inspection, page: Page) -> list[Text]:
    if line is None:
        return [Text("")] * (len(_COSTS) + 1)
    how = Text(WORDS[line.match], style=_STYLES.get(line.match, QUIET))
    return [*costs(_layers(inspection, line.layers), page), how]


def costs(layers: Sequence[LayerReport], page: Page) -> list[Text]:
    """The cells of one line: layer, bytes of its files, paths it changed, bytes of its own that were wasted."""
    if not layers:
        return [Text("")] * len(_COSTS)
    none = page.glyphs.none
    changes = [layer.changes for layer in layers]
    changed = None
    if all(change is not None for change in changes):
        names = ("added", "modified", "metadata", "deleted")
        changed = sum(getattr(change, name).count for change in changes for name in names)
    return [
        Text(",".join(str(layer.index) for layer in layers), style=KIND),
        _size([layer.file_bytes for layer in layers], none),
        Text(none if changed is None else f"{changed:,}", style="" if changed else QUIET),
        _size([layer.reclaimable_bytes for layer in layers], none, WASTE),
    ]


def _layers(inspection: Inspection, indexes: Sequence[int]) -> list[LayerReport]:
    return [inspection.layers[index] for index in indexes]


def _beside(grid: Grid, row: list[Text], texts: Sequence[Text]) -> Iterator[Text]:
    indent = " " * (grid.width + len(GAP))
    for number, text in enumerate(texts or [Text()]):
        yield Text.assemble(grid.row(row), GAP, text) if number == 0 else Text.assemble(indent, text)


def _instruction(text: str, width: int, *, dim: bool = False, named: bool = True) -> Iterator[Text]:
    """The lines of an instruction, wrapped to ``width``, its name standing out."""
    for number, line in enumerate(text.split("\n") if text else []):
        for part, shown in enumerate(wrap(display(line.replace("\t", "    ")), width)):
            styled = Text(shown, style=QUIET if dim else "")
            if named and number == 0 and part == 0 and not dim:
                styled.stylize(KIND, 0, len(shown.split(" ")[0]))
            yield styled


def _size(sizes: Sequence[int | None], none: str, style: str = "") -> Text:
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return Text(none, style=QUIET)
    return Text(human(sum(known)), style=style if sum(known) else QUIET)
