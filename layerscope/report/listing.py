"""Files for a terminal, one a line, as ``ls -l`` would: made for a hundred thousand of them."""

from __future__ import annotations

import itertools
import stat
from typing import TYPE_CHECKING

from rich.color import ColorSystem
from rich.style import Style

from layerscope.report.display import display, display_path
from layerscope.report.page import CAUSES, CHANGES, DELETED, HEADING, QUIET
from layerscope.report.quantities import human

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from layerscope.filesystem.listing import FileRow
    from layerscope.report.page import Page

_TYPES = {
    "file": stat.S_IFREG,
    "directory": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "character-device": stat.S_IFCHR,
    "block-device": stat.S_IFBLK,
    "fifo": stat.S_IFIFO,
}
_LETTERS = {"hardlink": "h", "unknown": "?", "whiteout": "w", "opaque": "w", "aufs": "w"}
_MARKERS = {"whiteout": "whiteout", "opaque": "opaque directory", "aufs": "AUFS metadata"}
_STYLES = {"directory": "bold blue", "symlink": "cyan", "hardlink": "cyan", "whiteout": DELETED, "opaque": DELETED}
_RIGHT = frozenset(("owner", "size", "layer", "buried by"))
_DIGEST = 12
_BATCH = 2000
"""Rows whose widths are found together: a listing flows, and its columns settle with the first rows."""


def render_listing(rows: Iterable[FileRow], page: Page, *, changes: bool, buried: bool = False) -> Iterator[str]:
    """Rows as lines, with a column for the change where ``changes`` are listed, or for cause and burying layer."""
    titles: tuple[str, ...] = ("mode", "owner", "size", "layer", "digest", "path")
    if changes:
        titles = ("change", *titles)
    elif buried:
        titles = ("cause", *titles[:4], "buried by", *titles[4:])
    widths = [len(title) for title in titles[:-1]]
    paint = _Paint(page.colour)
    stream = iter(rows)
    batch = list(itertools.islice(stream, _BATCH))
    named = False
    while batch or not named:
        table = [_cells(row, page, changes=changes, buried=buried) for row in batch]
        for cells in table:
            widths = [max(width, len(cell)) for width, cell in zip(widths, cells, strict=True)]
        if not named:
            yield paint("  ".join((*_aligned(titles[:-1], widths, titles), titles[-1])), HEADING) + "\n"
            named = True
        for row, cells in zip(batch, table, strict=True):
            shown = _aligned(cells, widths, titles)
            if row.change is not None:
                shown[0] = paint(shown[0], CHANGES[row.change])
            elif row.cause is not None:
                shown[0] = paint(shown[0], CAUSES[row.cause])
            yield "  ".join((*shown, _name(row, page, paint))).rstrip() + "\n"
        batch = list(itertools.islice(stream, _BATCH))


def _aligned(cells: Sequence[str], widths: list[int], titles: tuple[str, ...]) -> list[str]:
    return [
        cell.rjust(width) if title in _RIGHT else cell.ljust(width)
        for cell, width, title in zip(cells, widths, titles, strict=False)
    ]


def _cells(row: FileRow, page: Page, *, changes: bool, buried: bool) -> list[str]:
    """All columns but the last."""
    none = page.glyphs.none
    cells = [
        permissions(row) if row.mode is not None else none,
        none if row.uid is None else f"{row.uid}:{row.gid}",
        _size(row, none),
        none if row.layer is None else str(row.layer),
        row.digest.hex()[:_DIGEST] or none,
    ]
    if buried:
        return [str(row.cause), *cells[:4], str(row.buried_by), *cells[4:]]
    return [str(row.change), *cells] if changes else cells


def permissions(row: FileRow) -> str:
    """Kind and permission bits as ``ls`` writes them."""
    text = stat.filemode(_TYPES.get(row.kind, stat.S_IFREG) | (row.mode or 0))
    return _LETTERS.get(row.kind, text[0]) + text[1:]


def _size(row: FileRow, none: str) -> str:
    if row.bytes_shipped is not None:
        return human(row.bytes_shipped)
    if row.device is not None:
        return f"{row.device[0]}, {row.device[1]}"
    return human(row.size) if row.kind == "file" else none


def _name(row: FileRow, page: Page, paint: _Paint) -> str:
    name = paint(display_path(row.path), _STYLES.get(row.kind, ""))
    if row.kind == "symlink":
        return f"{name} {page.glyphs.arrow} {display(row.link)}"
    if row.kind == "hardlink":
        return f"{name} link to {display_path(row.link)}"
    if row.kind in _MARKERS:
        return name + paint(f"  ({_MARKERS[row.kind]})", QUIET)
    return name


class _Paint:
    """Styles as escape sequences, worked out once each: rich's own way costs too much for so many lines."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour
        self._around: dict[str, tuple[str, str]] = {"": ("", "")}

    def __call__(self, text: str, style: str) -> str:
        if not self._colour:
            return text
        if style not in self._around:
            before, _, after = Style.parse(style).render("\0", color_system=ColorSystem.STANDARD).partition("\0")
            self._around[style] = before, after
        before, after = self._around[style]
        return f"{before}{text}{after}"
