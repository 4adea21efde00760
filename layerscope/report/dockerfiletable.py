"""A reconstructed Dockerfile for a terminal: each instruction beside what its layer weighs, changed and wasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.report import heading
from layerscope.report.display import display, display_words
from layerscope.report.grid import GAP, Column, Grid, hang, wrap
from layerscope.report.page import HEADING, KIND, QUIET, WASTE
from layerscope.report.quantities import count, human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.history.dockerfile.reconstruct import Line, Reconstruction
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.report.page import Page

_COLUMNS = (Column("layer"), Column("content"), Column("paths"), Column("reclaimable"))


def render_dockerfile_table(inspection: Inspection, found: Reconstruction, page: Page) -> Iterator[str]:
    """The instructions, whole, in lines of ``page.width`` cells."""
    return page.lines(_lines(inspection, found, page))


def _lines(inspection: Inspection, found: Reconstruction, page: Page) -> Iterator[Text]:
    yield from heading.identity(inspection, page)
    yield Text()
    rows = [figures(None if line.layer is None else inspection.layers[line.layer], page) for line in found.lines]
    grid = Grid(_COLUMNS, rows)
    yield from grid.table(_rows(found.lines, rows, grid, page), page.glyphs, "instruction")
    for name, value in found.build_arguments.items():
        yield Text()
        yield from hang(Text("Built with ", style=QUIET), f"--build-arg {display_words(f'{name}={value}')}", page.width)
    if found.remarks:
        yield Text()
        for remark in found.remarks:
            yield from hang(Text(""), remark, page.width, QUIET)
    yield from heading.remarks(inspection, page)


def figures(layer: LayerReport | None, page: Page) -> list[Text]:
    """The cells of one line: layer, bytes of its files, paths it changed, bytes of its own that were wasted."""
    none = page.glyphs.none
    if layer is None:
        return [Text("")] * len(_COLUMNS)
    changes = layer.changes
    changed = None
    if changes is not None:
        changed = sum(getattr(changes, name).count for name in ("added", "modified", "metadata", "deleted"))
    return [
        Text(str(layer.index), style=KIND),
        _size(layer.file_bytes, none),
        Text(none if changed is None else f"{changed:,}", style=QUIET if not changed else ""),
        _size(layer.reclaimable_bytes, none, WASTE),
    ]


def _rows(lines: Sequence[Line], rows: list[list[Text]], grid: Grid, page: Page) -> Iterator[Text]:
    indent = " " * (grid.width + len(GAP))
    for line, row in zip(lines, rows, strict=True):
        texts = list(instruction_texts(line.written.text, page.width - len(indent), dim=bool(line.is_base)))
        texts += [
            Text(part, style=QUIET)
            for lost in line.written.lost
            for part in wrap(f"# {display_words(lost)}", page.width - len(indent))
        ]
        for number, text in enumerate(texts or [Text()]):
            yield Text.assemble(grid.row(row) if number == 0 else indent, GAP if number == 0 else "", text)


def instruction_texts(text: str, width: int, *, dim: bool = False) -> Iterator[Text]:
    """The lines of an instruction, wrapped to ``width``, its name standing out."""
    for number, line in enumerate(text.split("\n") if text else []):
        for part, shown in enumerate(wrap(display(line.replace("\t", "    ")), width)):
            styled = Text(shown, style=QUIET if dim else "")
            if number == 0 and part == 0 and not dim:
                styled.stylize(KIND, 0, len(shown.split(" ")[0]))
            yield styled


def _size(size: int | None, none: str, style: str = "") -> Text:
    if size is None:
        return Text(none, style=QUIET)
    return Text(human(size), style=style if size else QUIET)


def summary(lines: Sequence[Line]) -> str:
    """How many instructions there are."""
    return count(sum(bool(line.written.text) for line in lines), "instruction")


__all__ = ["HEADING", "figures", "instruction_texts", "render_dockerfile_table"]
