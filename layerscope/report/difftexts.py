"""What is written on two images, for a terminal: settings that differ, and steps of their histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.compare.steps import StepChange
from layerscope.report.diffstyles import more, title
from layerscope.report.diffwords import value_words
from layerscope.report.display import display_words
from layerscope.report.grid import wrap
from layerscope.report.page import ADDED, DELETED, MODIFIED
from layerscope.report.quantities import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.compare.settings import Setting
    from layerscope.compare.steps import ChangedStep
    from layerscope.report.page import Page

_LINES = 4
"""Of a value or a command, which may be pages long."""
_CAME, _WENT, _OTHER = ("+", ADDED), ("-", DELETED), ("~", MODIFIED)


def setting_lines(word: str, settings: Sequence[Setting], page: Page, top: int) -> Iterator[Text]:
    """The first ``top`` settings, each with what it was and is."""
    if not settings:
        return
    yield from title(word, f": {count(len(settings), 'difference')}", page)
    for setting in settings[:top]:
        sign = _CAME if setting.before is None else _WENT if setting.after is None else _OTHER
        values = [
            value_words(value, page.glyphs.none) for value in (setting.before, setting.after) if value is not None
        ]
        words = f"{setting.name}: {f' {page.glyphs.arrow} '.join(values)}"
        yield from _cut(Text.assemble("  ", sign, " "), words, page)
    yield from more(len(settings), top)


def history_lines(history: Sequence[ChangedStep], page: Page, top: int) -> Iterator[Text]:
    """The first ``top`` steps; those that were only made at another time are counted."""
    if not history:
        return
    steps = [step for step in history if step.change is not StepChange.RETIMED]
    retimed = len(history) - len(steps)
    said = [count(len(steps), "difference")] if steps else []
    if retimed:
        said.append(f"{count(retimed, 'step')} made at another time")
    yield from title("History", f": {', '.join(said)}", page)
    for step in steps[:top]:
        yield from _step(step, page)
    yield from more(len(steps), top)


def _step(step: ChangedStep, page: Page) -> Iterator[Text]:
    sign = {StepChange.ADDED: _CAME, StepChange.REMOVED: _WENT}.get(step.change, _OTHER)
    shown = step.after or step.before
    assert shown is not None
    texts = [one.instruction.text or page.glyphs.none for one in (step.before, step.after) if one is not None]
    words = f" {page.glyphs.arrow} ".join(dict.fromkeys(texts))
    if step.differences and len(set(texts)) == 1:
        words += f" ({', '.join(step.differences)})"
    yield from _cut(Text.assemble("  ", sign, f" {shown.index:>3} "), words, page)


def _cut(label: Text, text: str, page: Page) -> Iterator[Text]:
    """The first lines of a text behind its label."""
    indent = label.cell_len
    for number, line in enumerate(wrap(display_words(text), page.width - indent, _LINES, page.glyphs.cut)):
        yield Text.assemble(label if number == 0 else " " * indent, line)
