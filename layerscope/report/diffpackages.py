"""The packages of a comparison, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.report.diffstyles import STYLES, more, not_compared, size, title
from layerscope.report.diffwords import PACKAGE_WORDS, heaviest_packages, package_tallies, version_words
from layerscope.report.display import display_words
from layerscope.report.grid import GAP, Column, Grid, hang

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.compare.packages import PackagesCompared
    from layerscope.report.page import Page

_COLUMNS = (Column("bytes"), Column("change", right=False), Column("layer"), Column("kind", right=False))


def package_lines(packages: PackagesCompared | None, page: Page, top: int) -> Iterator[Text]:
    """What the packages add up to, and the ``top`` heaviest of them."""
    if packages is None:
        yield from not_compared("Packages", "a layer or a package database could not be read", page)
        return
    if not packages.changes:
        return
    yield from title("Packages", f": {package_tallies(packages)}", page)
    shown = heaviest_packages(packages.changes, top)
    rows = [
        [
            size(changed.bytes, page),
            Text(PACKAGE_WORDS[changed.change], style=STYLES[changed.change]),
            Text(f"{changed.package.layer}" if changed.after else f"({changed.package.layer})"),
            Text(changed.package.kind),
        ]
        for changed in shown
    ]
    grid = Grid(_COLUMNS, rows)
    lines = (
        line
        for changed, row in zip(shown, rows, strict=True)
        for line in hang(
            Text.assemble(grid.row(row), GAP), display_words(version_words(changed, page.glyphs.arrow)), page.width
        )
    )
    if shown:
        yield from grid.table(lines, page.glyphs, "package")
        yield from more(len(packages.changes), top)
