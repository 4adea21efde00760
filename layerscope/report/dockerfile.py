"""A Dockerfile as a Dockerfile: every line with a comment of what its layer brought.

It parses as a Dockerfile again. Nothing in it moves a cursor: what is not printable is shown as an escape, and said so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.history.dockerfile.match import Match
from layerscope.report.display import display, display_words
from layerscope.report.dockerfilefound import WORDS, summary
from layerscope.report.grid import wrap
from layerscope.report.heading import base_words
from layerscope.report.quantities import count, human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.history.dockerfile.match import Annotated, MatchedLine
    from layerscope.history.dockerfile.reconstruct import Line
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.report.dockerfilefound import DockerfileFound

_WIDTH = 100
"""Characters of a comment line."""
_ESCAPED = "what is not printable is shown as an escape here"


def render_dockerfile(found: DockerfileFound) -> Iterator[str]:
    """The Dockerfile, the base image's own steps as comments above its FROM; or the real one, with comments."""
    lines = _written(found) if found.annotated is None else _annotated(found, found.annotated)
    return (line + "\n" for line in lines)


def shown(text: str) -> str:
    """An instruction's text as it may be printed; its lines and tabs stay."""
    return "\n".join("\t".join(display(part) for part in line.split("\t")) for line in text.split("\n"))


def layer_words(layer: LayerReport) -> str:
    """What a layer brought, on one line."""
    words = f"layer {layer.index}: "
    if layer.skipped is not None:
        return f"{words}not read: {layer.skipped}"
    parts = []
    if layer.file_bytes is not None:
        parts.append(human(layer.file_bytes))
    if layer.changes is not None:
        counts = ((name, getattr(layer.changes, name).count) for name in ("added", "modified", "metadata", "deleted"))
        parts.append(", ".join(f"{number:,} {name}" for name, number in counts if number) or "nothing changed")
    if layer.reclaimable_bytes:
        parts.append(f"{human(layer.reclaimable_bytes)} reclaimable")
    return words + ("; ".join(parts) if parts else "not known")


def _written(found: DockerfileFound) -> Iterator[str]:
    inspection = found.inspection
    yield from _comment(_title(inspection))
    for remark in found.written.remarks:
        yield from _comment(f"{remark}.")
    for name, value in found.written.build_arguments.items():
        yield from _comment(f"Built with --build-arg {name}={value}")
    if inspection.base is not None and inspection.base.layers is None:
        yield from _comment(f"The base image is {base_words(inspection.base)}.")
    for note in found.source_notes:
        yield from _comment(f"Note: {note}")
    apart = True  # instructions with comments stand apart from those before
    base = [line for line in found.written.lines if line.is_base]
    if base:
        yield ""
        yield from _comment(f"The base image's own {count(len(base), 'step')}:")
        for line in base:
            yield from _of_the_base(line, inspection)
    for line in found.written.lines:
        if line.is_base:
            continue
        comments = list(_remarks(line, inspection))
        if comments or apart:
            yield ""
        apart = bool(comments)
        for comment in comments:
            yield from _comment(comment)
        if line.written.text:
            yield shown(line.written.text)


def _remarks(line: Line, inspection: Inspection) -> Iterator[str]:
    """What to know of a line: its layer, and what is lost."""
    if line.layer is not None:
        yield layer_words(inspection.layers[line.layer])
    yield from line.written.lost
    if shown(line.written.text) != line.written.text:
        yield _ESCAPED


def _annotated(found: DockerfileFound, annotated: Annotated) -> Iterator[str]:
    """The real Dockerfile, line by line, with a comment above each instruction that made a layer or nothing."""
    lines = annotated.dockerfile.text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "":
        lines.pop()
    at = {line.statement.start: line for line in annotated.lines}
    for number, text in enumerate(lines, 1):
        if number == annotated.dockerfile.first_line:  # in front of it, parser directives must stay first
            yield from _comment(f"Held against {_image_words(found.inspection)}: {summary(annotated)}")
            for note in found.source_notes:
                yield from _comment(f"Note: {note}")
        if line := at.get(number):
            for comment in line_words(line, found.inspection):
                yield from _comment(comment)
        yield shown(text.removesuffix("\r"))


def line_words(line: MatchedLine, inspection: Inspection) -> Iterator[str]:
    """What is known of a line of the real Dockerfile."""
    how = f" ({WORDS[line.match]})" if line.match in (Match.EXACT, Match.INFERRED, Match.SIMILAR) else ""
    for layer in line.layers:
        yield layer_words(inspection.layers[layer]) + how
    if not line.layers and line.match is Match.SIMILAR:
        yield f"history entry {line.steps[0]} says something alike"
    elif line.match is Match.UNMATCHED:
        yield "no history entry says so"
    elif line.match is Match.NOT_RECORDED:
        yield "the builder keeps no record of this"


def _image_words(inspection: Inspection) -> str:
    image = inspection.image
    config = "" if image.config.digest is None else f", config {image.config.digest}"
    platform = "" if image.config.platform is None else f", {image.config.platform}"
    return f"{image.reference} ({image.source}{platform}{config})"


def _title(inspection: Inspection) -> str:
    return f"Written by layerscope from the history of {_image_words(inspection)}"


def _of_the_base(line: Line, inspection: Inspection) -> Iterator[str]:
    if line.layer is not None:
        yield from _comment(layer_words(inspection.layers[line.layer]), 2)
    for text in line.written.text.split("\n") if line.written.text else line.written.lost:
        yield "#   " + display(text)


def _comment(text: str, indent: int = 0) -> Iterator[str]:
    """A comment of one line or several."""
    margin = "# " + " " * indent
    for line in wrap(display_words(text), _WIDTH - len(margin)):
        yield margin + line
