"""Where text goes: how wide it is, whether it takes colour, which characters it has."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.text import Text

HEADING = "bold"
QUIET = "dim"
ADDED = "green"
MODIFIED = "yellow"
METADATA = "cyan"
DELETED = "red"
WASTE = "bold magenta"
ALARM = "bold red"
KIND = "bold"
CHANGES = {"added": ADDED, "modified": MODIFIED, "metadata": METADATA, "deleted": DELETED}
CAUSES = {
    "deleted": DELETED,
    "opaque": DELETED,
    "replaced": MODIFIED,
    "overwritten": MODIFIED,
    "rewritten": METADATA,
    "repeated": MODIFIED,
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters beyond ASCII that a renderer adds of its own."""

    none: str = "–"
    """In place of a figure that is not known."""
    cut: str = "…"
    arrow: str = "→"
    rule: str = "─"


ASCII = Glyphs(none="-", cut="...", arrow="->", rule="-")
"""For places that know ASCII alone."""


@dataclass(frozen=True, slots=True)
class Page:
    """A place that text is made for."""

    width: int = 120
    """Terminal cells in a line."""
    colour: bool = False
    glyphs: Glyphs = Glyphs()

    def lines(self, texts: Iterable[Text]) -> Iterator[str]:
        """Styled lines as characters, escape sequences only with ``colour``; none is wrapped or cut here."""
        from rich.console import Console  # here, so that JSON does without rich

        buffer = io.StringIO()
        console = Console(
            file=buffer,
            width=self.width,
            force_terminal=self.colour,
            color_system="standard" if self.colour else None,
            no_color=False,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )
        for text in texts:
            text.rstrip()
            console.print(text, soft_wrap=True)
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
