"""Packages for a terminal: what each costs, and which layer brought it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.packages.unowned import largest_unowned
from layerscope.report import heading
from layerscope.report.display import display_path, display_words
from layerscope.report.grid import GAP, Column, Grid, hang, shorten
from layerscope.report.packagechoice import PackageRow, chosen_rows, shown_rows
from layerscope.report.page import ADDED, ALARM, DELETED, HEADING, MODIFIED, QUIET, WASTE
from layerscope.report.quantities import count, exact, human
from layerscope.report.table import instruction_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.inspection import Inspection
    from layerscope.packages.package import Packages
    from layerscope.report.packagechoice import PackageChoice
    from layerscope.report.page import Page

_LARGEST_UNOWNED = 10
"""Files that no package owns, shown of the layer that was asked for."""
_WORD = (18, 40)
"""Cells of a name or a version: at least and at most, as the page has room."""
_FIGURES = 44
"""Cells of all other columns."""
_BESIDE = 30
"""Cells that what stands behind the columns needs at least."""
_STYLES = {"added": ADDED, "changed": MODIFIED, "removed": DELETED}


def render_packages(inspection: Inspection, page: Page, choice: PackageChoice) -> Iterator[str]:
    """The packages of a choice in lines of ``page.width`` cells."""
    return page.lines(_lines(inspection, page, choice))


def _lines(inspection: Inspection, page: Page, choice: PackageChoice) -> Iterator[Text]:
    yield from heading.identity(inspection, page)
    yield Text()
    packages = inspection.packages
    if packages is None:
        yield Text("Packages are not known: a layer was skipped", style=ALARM)
    else:
        if choice.layer is None:
            yield from _layers(inspection, packages, page)
        else:
            yield from _layer(inspection, packages, choice.layer, page)
        yield Text()
        yield from _table(inspection, packages, choice, page)
        if choice.layer is not None:
            yield from _unowned(inspection, packages, choice.layer, page)
    yield from heading.remarks(inspection, page)


def _layers(inspection: Inspection, packages: Packages, page: Page) -> Iterator[Text]:
    columns = (Column("#"), Column("content"), Column("packages'"), Column("unowned"), *map(Column, _STYLES))
    rows = []
    for number, layer in enumerate(packages.layers):
        sizes = (layer.file_bytes, layer.file_bytes - layer.unowned_bytes, layer.unowned_bytes)
        counts = (layer.added, layer.changed, layer.removed)
        rows.append(
            [
                Text(str(number)),
                *(_size(size) for size in sizes),
                *(
                    Text(str(len(found)), style=style if found else QUIET)
                    for found, style in zip(counts, _STYLES.values(), strict=True)
                ),
            ]
        )
    grid = Grid(columns, rows)
    room = page.width - grid.width - len(GAP)
    lines = (
        Text.assemble(grid.row(row), GAP, instruction_lines(layer.instruction, room, page, 1)[0])
        for row, layer in zip(rows, inspection.layers, strict=True)
    )
    yield from grid.table(lines, page.glyphs, "instruction")


def _layer(inspection: Inspection, packages: Packages, layer: int, page: Page) -> Iterator[Text]:
    found = packages.layers[layer]
    owned = found.file_bytes - found.unowned_bytes
    title = f"Layer {layer}: {exact(found.file_bytes)} of content, {human(owned)} of them in packages, "
    yield from hang(Text(), title + f"{human(found.unowned_bytes)} owned by none", page.width, HEADING)
    for line in instruction_lines(inspection.layers[layer].instruction, page.width - 2, page, 3):
        yield Text.assemble("  ", line)


def _table(inspection: Inspection, packages: Packages, choice: PackageChoice, page: Page) -> Iterator[Text]:
    rows = chosen_rows(packages, choice)
    shown, parts = shown_rows(rows, choice)
    columns = (
        *(Column(title) for title in ("bytes", "merged")),
        *(Column(title, right=False) for title in ("kind", "package", "version")),
        *(Column(title) for title in ("layer", "first")),
    )
    cells = [_cells(row, page) for row in shown]
    grid = Grid(columns, cells)
    room = page.width - grid.width - len(GAP)
    lines = []
    for row, figures in zip(shown, cells, strict=True):
        remark = _remark(row, packages)
        line = grid.row(figures)
        if choice.layer is None and not remark and room >= _BESIDE:
            instruction = inspection.layers[row.package.layer].instruction
            line = Text.assemble(line, GAP, instruction_lines(instruction, room, page, 1)[0])
        elif remark and room >= len(remark):
            line = Text.assemble(line, GAP, (remark, _STYLES.get(row.change, QUIET)))
        elif remark:
            lines += [line, *hang(Text(" " * 10), remark, page.width, _STYLES.get(row.change, QUIET))]
            continue
        lines.append(line)
    if lines:
        yield from grid.table(lines, page.glyphs, "brought by" if choice.layer is None and room >= _BESIDE else "")
    else:
        yield Text("No such package was found" if packages.all else "No package database was found", style=QUIET)
    yield Text()
    for sentence in _sum(packages, rows, len(shown), parts, choice):
        yield from hang(Text(), sentence, page.width)


def _cells(row: PackageRow, page: Page) -> list[Text]:
    package = row.package
    return [
        _size(row.bytes, WASTE if package.removed_by is not None else ""),
        _size(package.squashed_bytes),
        Text(package.kind, style=QUIET),
        Text(_word(package.name, page), style=HEADING),
        Text(_word(package.version, page)),
        Text(str(package.layer)),
        Text(str(package.first_seen)),
    ]


def _word(word: str, page: Page) -> str:
    narrow, wide = _WORD
    return shorten(display_words(word), min(max(narrow, (page.width - _FIGURES) // 2), wide), page.glyphs.cut)


def _remark(row: PackageRow, packages: Packages) -> str:
    """What the layer did to it, which package it is a part of, that it is gone; empty where there is nothing to say."""
    package = row.package
    words = [row.change] if row.change else []
    if row.change == "changed" and package.replaces is not None:
        words = [f"was {display_words(package.replaces)}"]
    if package.within is not None:
        outer = packages.all[package.within]
        words.append(f"part of {outer.kind} {display_words(outer.name)}")
    if package.removed_by is not None and row.change != "removed":
        words.append(f"gone by layer {package.removed_by}")
    return ", ".join(words)


def _sum(packages: Packages, rows: list[PackageRow], shown: int, parts: int, choice: PackageChoice) -> Iterator[str]:
    layers = packages.layers if choice.layer is None else (packages.layers[choice.layer],)
    unowned = sum(layer.unowned_bytes for layer in layers)
    first = "" if shown + parts == len(rows) else f" ({shown:,} shown)"
    yield f"{count(len(rows), 'package')}{first}, {exact(sum(row.bytes for row in rows))}"
    if parts:
        yield f"{count(parts, 'package')} of them without bytes: parts of others; --kind lists them"
    yield f"{exact(unowned)} owned by no package"


def _unowned(inspection: Inspection, packages: Packages, layer: int, page: Page) -> Iterator[Text]:
    assert inspection.filesystem is not None
    index = inspection.filesystem.tree.indexes[layer]
    found = largest_unowned(packages, layer, index, _LARGEST_UNOWNED)
    if not found:
        return
    yield Text()
    yield Text("Owned by no package: the largest files", style=HEADING)
    grid = Grid((Column("bytes"),), [[Text(human(size))] for _, size in found])
    for path, size in found:
        yield from hang(Text.assemble(grid.row([Text(human(size))]), GAP), display_path(path), page.width)


def _size(size: int, style: str = "") -> Text:
    return Text(human(size), style=style if size else QUIET)
