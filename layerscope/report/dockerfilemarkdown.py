"""A Dockerfile and what it costs as GitHub-flavoured Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.report.display import display_words
from layerscope.report.dockerfile import shown
from layerscope.report.markdown import code, remarks, table_row, title
from layerscope.report.quantities import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.history.dockerfile.reconstruct import Reconstruction
    from layerscope.inspection import Inspection, LayerReport

_HEAD = ("| layer | content | paths | reclaimable | instruction |", "|--:|--:|--:|--:|---|")
_NONE = "–"


def render_dockerfile_markdown(inspection: Inspection, found: Reconstruction) -> Iterator[str]:
    """A table of the instructions, and the Dockerfile folded away."""
    return (line + "\n" for line in _lines(inspection, found))


def cost_cells(layer: LayerReport | None) -> tuple[str, str, str, str]:
    """Layer, content, paths, reclaimable."""
    if layer is None:
        return ("", "", "", "")
    changes = layer.changes
    paths = _NONE
    if changes is not None:
        paths = f"{sum(getattr(changes, name).count for name in ('added', 'modified', 'metadata', 'deleted')):,}"
    return (str(layer.index), _size(layer.file_bytes), paths, _size(layer.reclaimable_bytes))


def _lines(inspection: Inspection, found: Reconstruction) -> Iterator[str]:
    yield from title(inspection, "dockerfile")
    yield from _HEAD
    for line in found.lines:
        text = code(display_words(line.written.text.replace("\\\n", ""))) if line.written.text else ""
        lost = "; ".join(code(display_words(each)) for each in line.written.lost)
        words = " ".join(filter(None, ("*base*" if line.is_base else "", text, f"({lost})" if lost else "")))
        yield table_row((*cost_cells(None if line.layer is None else inspection.layers[line.layer]), words))
    yield ""
    text = "\n".join(shown(line.written.text) for line in found.lines if line.written.text and not line.is_base)
    fence = "`" * max(3, _longest_fence(text) + 1)
    yield "<details><summary>Dockerfile</summary>"
    yield ""
    yield f"{fence}dockerfile"
    yield text
    yield fence
    yield ""
    yield "</details>"
    yield ""
    yield from remarks(inspection)


def _longest_fence(text: str) -> int:
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    return longest


def _size(size: int | None) -> str:
    return _NONE if size is None else human(size)
