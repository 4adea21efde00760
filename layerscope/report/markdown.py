"""An inspection or a history as GitHub-flavoured Markdown, for a pull request or a job's summary.

Whatever comes out of an image stands in a code span: there no HTML, link, mention or reference to an issue comes alive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.report.advising import change, finding
from layerscope.report.display import display_path, display_words
from layerscope.report.heading import base_words, when
from layerscope.report.packagechoice import heaviest_words
from layerscope.report.quantities import count, exact, human, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.filesystem.advice import Advice
    from layerscope.history.instruction import Instruction
    from layerscope.inspection import Inspection, LayerReport

_NONE = "–"
_SHOWN = 200
"""Characters of an instruction or path; a comment on GitHub has room for 65 536 in all."""
_LISTED = 20
_BACKTICKS = re.compile("`+")
_LAYERS_HEAD = (
    "| # | instruction | content | compressed | added | modified | metadata | deleted | reclaimable |",
    "|--:|---|--:|--:|--:|--:|--:|--:|--:|",
)


def render_markdown(inspection: Inspection, *, top: int) -> Iterator[str]:
    """An inspection; the ``top`` largest reclaimable paths are folded away."""
    return (line + "\n" for line in _inspection(inspection, top))


def render_history_markdown(inspection: Inspection) -> Iterator[str]:
    """A history."""
    return (line + "\n" for line in _history(inspection))


def code(text: str) -> str:
    r"""Text that was made displayable, as a code span that is safe in a table too.

    A pipe is escaped, as tables have it. Behind a backslash that escape would be taken for an escaped backslash, so
    such a pipe is written as ``\x7c``.
    """
    if not text:
        return _NONE
    if len(text) > _SHOWN:
        text = text[:_SHOWN] + "…"
    text = text.replace("\\|", "\\\\x7c").replace("|", "\\|")
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(text)), default=0) + 1)
    edge = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def _inspection(inspection: Inspection, top: int) -> Iterator[str]:
    totals = inspection.totals
    yield from title(inspection, "inspect")
    summary = count(totals.layers, "layer")
    if totals.file_bytes is not None:
        summary += f", {human(totals.file_bytes)} of content"
    if totals.compressed_bytes is not None:
        summary += f", {human(totals.compressed_bytes)} compressed"
    if totals.reclaimable_bytes is not None:
        summary += f", **{human(totals.reclaimable_bytes)} reclaimable**"
    if totals.efficiency is not None:
        summary += f", efficiency {percent(totals.efficiency)}"
    yield summary
    if inspection.skipped:
        yield ""
        yield f"⚠️ **Incomplete**: {count(len(inspection.skipped), 'thing')} skipped, see below."
    yield ""
    yield from _LAYERS_HEAD
    for layer in inspection.layers:
        yield table_row(_layer_cells(layer, heaviest_words(inspection.packages, layer.index)))
    yield ""
    yield from folded("Totals", _totals_table(inspection))
    if inspection.reclaimable and top:
        shown = inspection.reclaimable[:top]
        total = len(inspection.reclaimable)
        which = "" if len(shown) == total else f", the largest {len(shown)}"
        rows = [
            table_row(
                (human(item.bytes), item.cause, str(item.layer), str(item.buried_by), code(display_path(item.path)))
            )
            for item in shown
        ]
        head = ["| size | cause | layer | buried by | path |", "|--:|---|--:|--:|---|"]
        yield from folded(f"Reclaimable: {count(total, 'path')}{which}", [*head, *rows])
    if inspection.advice and top:
        yield from _advice(inspection.advice[:top], inspection)
    yield from remarks(inspection)


def _history(inspection: Inspection) -> Iterator[str]:
    yield from title(inspection, "history")
    totals = inspection.totals
    size = "" if totals.compressed_bytes is None else f", {human(totals.compressed_bytes)} compressed"
    yield f"{count(totals.layers, 'layer')}{size}, {count(len(inspection.history), 'history entry', 'history entries')}"
    yield ""
    engine = any(step.engine_bytes is not None for step in inspection.history)
    yield f"| # | layer | created | compressed | {'engine’s size | ' if engine else ''}instruction |"
    yield f"|--:|--:|---|--:|{'--:|' if engine else ''}---|"
    for step in inspection.history:
        compressed = None if step.layer is None else inspection.layers[step.layer].compressed_bytes
        layer = _NONE if step.layer is None else str(step.layer)
        created = code(when(step.created))
        sizes = (_size(compressed), _size(step.engine_bytes)) if engine else (_size(compressed),)
        yield table_row((str(step.index), layer, created, *sizes, instruction_cell(step.instruction)))
    yield ""
    yield from remarks(inspection)


def _advice(items: Sequence[Advice], inspection: Inspection) -> Iterator[str]:
    assert inspection.advice is not None
    total = len(inspection.advice)
    saved = human(sum(item.bytes for item in inspection.advice))
    which = "" if len(items) == total else f", the largest {len(items)}"
    rows = [
        table_row(
            (
                human(item.bytes),
                str(item.layer),
                code(finding(item, inspection.layers)),
                code(change(item, inspection.layers)),
            )
        )
        for item in items
    ]
    head = ["| saves | layer | what | how |", "|--:|--:|---|---|"]
    yield from folded(f"Advice: {count(total, 'change')} would save {saved}{which}", [*head, *rows])


def title(inspection: Inspection, kind: str) -> Iterator[str]:
    """Which image it is."""
    image = inspection.image
    yield f"<!-- layerscope {kind} -->"  # by which a bot finds its own comment again
    yield f"### {code(display_words(image.reference))}"
    yield ""
    facts = [f"source {image.source}"]
    if image.mirror:
        facts.append(f"mirror {code(display_words(image.mirror))}")
    if image.config.platform is not None:
        facts.append(f"platform {code(display_words(str(image.config.platform)))}")
    if len(image.platforms) > 1:
        facts.append("offered " + ", ".join(code(display_words(str(offer))) for offer in image.platforms))
    if image.digest is not None:
        facts.append(f"digest `{image.digest}`")
    if inspection.base is not None:
        facts.append(f"base {code(display_words(base_words(inspection.base)))}")
    yield " · ".join(facts)
    yield ""


def _totals_table(inspection: Inspection) -> list[str]:
    totals = inspection.totals
    figures = {
        "compressed": totals.compressed_bytes,
        "uncompressed": totals.uncompressed_bytes,
        "content": totals.file_bytes,
        "squashed": totals.squashed_bytes,
        "reclaimable": totals.reclaimable_bytes,
        "duplicate": totals.duplicate_bytes,
    }
    rows = [table_row((name, _NONE if size is None else exact(size))) for name, size in figures.items()]
    entries = _NONE if totals.entries is None else f"{totals.entries:,}"
    return ["| | |", "|---|--:|", *rows, table_row(("entries", entries))]


def _layer_cells(layer: LayerReport, packages: str) -> Sequence[str]:
    changes = layer.changes
    counts = [_NONE] * 4
    if changes is not None:
        tallies = (changes.added, changes.modified, changes.metadata, changes.deleted)
        counts = [f"{tally.count:,}" for tally in tallies]
    instruction = instruction_cell(layer.instruction)
    if packages:
        instruction += f" packages: {code(packages)}"
    if layer.skipped is not None:
        instruction += f" **skipped:** {code(display_words(layer.skipped))}"
    sizes = _size(layer.file_bytes), _size(layer.compressed_bytes)
    return (str(layer.index), instruction, *sizes, *counts, _size(layer.reclaimable_bytes))


def remarks(inspection: Inspection) -> Iterator[str]:
    """What was skipped and what is odd."""
    skipped = [
        f"layer {item.layer}" + (f", {code(display_path(item.path))}" if item.path is not None else "") + ": "
        f"{code(display_words(item.reason))}"
        for item in inspection.skipped[:_LISTED]
    ]
    notes = [
        (f"layer {note.layer}: " if note.layer is not None else "") + code(display_words(note.text))
        for note in inspection.notes[:_LISTED]
    ]
    for title, lines, total in (("Skipped", skipped, inspection.skipped), ("Notes", notes, inspection.notes)):
        if lines:
            yield f"**{title}**"
            yield ""
            yield from (f"- {line}" for line in lines)
            if len(total) > _LISTED:
                yield f"- and {len(total) - _LISTED:,} more"
            yield ""


def folded(summary: str, lines: Sequence[str]) -> Iterator[str]:
    """Lines behind a summary that opens them."""
    yield f"<details><summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
    yield ""


def table_row(cells: Sequence[str]) -> str:
    """One line of a table; cells are markdown."""
    return "| " + " | ".join(cells) + " |"


def _size(size: int | None) -> str:
    return _NONE if size is None else human(size)


def instruction_cell(instruction: Instruction) -> str:
    """An instruction in a table."""
    line = "" if instruction.line is None else f"line {instruction.line}: "
    return line + code(display_words(instruction.text))
