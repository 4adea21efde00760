"""How changes look on a terminal, and what the sections of a comparison have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.report.diffwords import signed
from layerscope.report.grid import hang
from layerscope.report.page import ADDED, ALARM, DELETED, HEADING, METADATA, MODIFIED, QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.report.page import Page

STYLES = {
    "added": ADDED,
    "removed": DELETED,
    "moved": METADATA,
    "modified": MODIFIED,
    "replaced": MODIFIED,
    "metadata": METADATA,
    "kind": MODIFIED,
    "shared": QUIET,
    "version": MODIFIED,
    "resized": METADATA,
}


def title(word: str, said: str, page: Page, style: str = "") -> Iterator[Text]:
    """An empty line, and the first of a section."""
    yield Text()
    yield from hang(Text.assemble((word, HEADING)), said, page.width, style)


def not_compared(word: str, why: str, page: Page) -> Iterator[Text]:
    """A section of which nothing is known."""
    return title(word, f": not compared: {why}", page, ALARM)


def size(difference: int | None, page: Page) -> Text:
    """A difference in bytes as a cell."""
    if difference is None:
        return Text(page.glyphs.none, style=QUIET)
    return Text(signed(difference), style="" if difference else QUIET)


def more(found: int, top: int) -> Iterator[Text]:
    """What is left out of a list of ``found`` of which ``top`` are shown."""
    if found > top:
        yield Text(f"  and {found - top:,} more, all of them in --format json", style=QUIET)
