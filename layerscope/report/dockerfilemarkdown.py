"""A Dockerfile and what it costs as GitHub-flavoured Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.report.display import display_words
from layerscope.report.dockerfile import shown
from layerscope.report.dockerfilefound import WORDS, summary
from layerscope.report.markdown import code, folded, remarks, table_row, title
from layerscope.report.quantities import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.history.dockerfile.match import Annotated
    from layerscope.history.dockerfile.write import Written
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.report.dockerfilefound import DockerfileFound

_HEAD = ("| layer | content | paths | reclaimable | instruction |", "|--:|--:|--:|--:|---|")
_NONE = "–"


def render_dockerfile_markdown(found: DockerfileFound) -> Iterator[str]:
    """A table of the instructions, and the Dockerfile folded away."""
    return (line + "\n" for line in _lines(found))


def cost_cells(layer: LayerReport | None) -> tuple[str, str, str, str]:
    """Layer, content, paths, reclaimable."""
    if layer is None:
        return ("", "", "", "")
    changes = layer.changes
    paths = _NONE
    if changes is not None:
        paths = f"{sum(getattr(changes, name).count for name in ('added', 'modified', 'metadata', 'deleted')):,}"
    return (str(layer.index), _size(layer.file_bytes), paths, _size(layer.reclaimable_bytes))


def _lines(found: DockerfileFound) -> Iterator[str]:
    yield from title(found.inspection, "dockerfile")
    if found.annotated is None:
        yield from _written(found)
        text = "\n".join(
            shown(each.written.text) for each in found.written.lines if _is_own(each.is_base, each.written)
        )
    else:
        yield f"{code(display_words(found.annotated.dockerfile.name))}: {summary(found.annotated)}"
        yield ""
        yield from _matched(found.annotated, found.inspection)
        text = shown(found.annotated.dockerfile.text)
    fence = "`" * max(3, _longest_fence(text) + 1)
    yield ""
    yield from folded("Dockerfile", [f"{fence}dockerfile", text, fence])
    if found.source_notes:
        yield "**Notes on the source**"
        yield ""
        yield from (f"- {code(display_words(note))}" for note in found.source_notes)
        yield ""
    yield from remarks(found.inspection)


def _is_own(is_base: bool | None, written: Written) -> bool:
    return bool(written.text) and not is_base


def _written(found: DockerfileFound) -> Iterator[str]:
    yield from _HEAD
    for line in found.written.lines:
        text = code(display_words(line.written.text.replace("\\\n", ""))) if line.written.text else ""
        lost = "; ".join(code(display_words(each)) for each in line.written.lost)
        words = " ".join(filter(None, ("*base*" if line.is_base else "", text, f"({lost})" if lost else "")))
        yield table_row((*cost_cells(None if line.layer is None else found.inspection.layers[line.layer]), words))


def _matched(annotated: Annotated, inspection: Inspection) -> Iterator[str]:
    yield "| line | layer | content | paths | reclaimable | match | instruction |"
    yield "|--:|--:|--:|--:|--:|---|---|"
    for line in annotated.lines:
        start, end = line.statement.start, line.statement.end
        where = str(start) if start == end else f"{start}–{end}"
        text = code(display_words(f"{line.statement.keyword} {line.statement.arguments}"))
        rows = [cost_cells(inspection.layers[layer]) for layer in line.layers] or [cost_cells(None)]
        for cells in rows:
            yield table_row((where, *cells, WORDS[line.match], text))
    for index in annotated.strays:
        step = next(each for each in inspection.history if each.index == index)
        layer = None if step.layer is None else inspection.layers[step.layer]
        yield table_row(("–", *cost_cells(layer), "no line", code(display_words(step.instruction.text))))


def _longest_fence(text: str) -> int:
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    return longest


def _size(size: int | None) -> str:
    return _NONE if size is None else human(size)
