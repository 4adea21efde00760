"""The Dockerfile that an image's history tells: its lines, each with the step and the layer behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.history.base import steps_of_layers
from layerscope.history.builders import BUILDAH, BUILDKIT, CLASSIC, KANIKO
from layerscope.history.dockerfile.assignments import split_build_arguments, split_declarations
from layerscope.history.dockerfile.parse import parse_statement
from layerscope.history.dockerfile.settings import unexplained
from layerscope.history.dockerfile.words import expand, split_words
from layerscope.history.dockerfile.write import Known, Written, write_step
from layerscope.history.forms import read_forms
from layerscope.history.shells import UNIX_SHELL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.history.base import Base
    from layerscope.history.dockerfile.parse import Statement
    from layerscope.history.forms import Form
    from layerscope.history.instruction import HistoryStep
    from layerscope.oci.config import HistoryEntry, ImageConfig

_NEVER = {
    BUILDKIT: "BuildKit records no COPY --from, --link or --exclude, no RUN --mount or --network, no text that COPY "
    "takes from a here-document, no ONBUILD, and no other stage than the last",
    CLASSIC: "The classic builder records a checksum in place of what COPY and ADD take, no COPY --from, and no other "
    "stage than the last",
    BUILDAH: "Buildah records a checksum in place of what COPY and ADD take, no COPY --from, and no other stage than "
    "the last",
    KANIKO: "kaniko records no instruction that makes no layer",
}
_NOT_IN_HISTORY = "in the config, not in the history: where it stood is not known"


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction of the reconstructed Dockerfile."""

    written: Written
    step: HistoryStep | None
    """None for what is known from elsewhere than the history: FROM, what the config alone has, a stray layer."""
    layer: int | None
    is_base: bool | None
    """Whether it belongs to the base image; None where nothing tells where that ends."""


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """A Dockerfile that builds an image with this history, as far as the history goes."""

    lines: tuple[Line, ...]
    """The base's own first, then FROM, then the image's."""
    build_arguments: dict[str, str] = field(default_factory=dict)
    """Values of build arguments that RUN steps saw and no ARG line gives: for ``--build-arg``."""
    remarks: tuple[str, ...] = ()
    """What the builders of this image never record."""
    arguments: dict[str, str] = field(default_factory=dict)
    """All build arguments that RUN steps saw, with the last value of each."""


def reconstruct(config: ImageConfig, steps: Sequence[HistoryStep], layers: int, base: Base | None) -> Reconstruction:
    """The Dockerfile of an image of so many layers, whose joined history is ``steps``. Never fails."""
    forms = read_forms(config.history)
    arguments = _arguments_seen(forms)
    last = {step.instruction.kind: step.index for step in steps}
    known = Known(config.run, frozenset(last.values()), arguments.keys())
    lines: list[Line] = []
    shell = tuple(UNIX_SHELL.split(" "))
    border, certain = _border(config.history, base)
    for step, form in zip(steps, forms, strict=True):
        written = write_step(step, form, shell, known)
        is_base = None if border is None else step.index < border
        certain = certain or (is_base is False and not config.history[step.index].empty_layer)
        lines.append(Line(written, step, step.layer, is_base if is_base or certain else None))
        if step.instruction.kind == "SHELL":
            statement = parse_statement(written.text)
            shell = statement.words if statement and statement.words else shell
    opening = Line(Written(_from(base, border)), None, None, False)
    lines.insert(border or 0, opening)
    lines += _strays(steps, layers, base)
    builders = frozenset(line.step.instruction.builder for line in lines if line.step and not line.is_base)
    told = [statement for line in lines if (statement := parse_statement(line.written.text))]
    lines += [
        Line(_from_config(text), None, None, False)
        for text in unexplained(told, config.run, builders)
        if config.history or not border
    ]
    remarks = tuple(text for builder, text in _NEVER.items() if builder in builders)
    return Reconstruction(tuple(lines), _to_give(arguments, told), remarks, arguments)


def _border(history: Sequence[HistoryEntry], base: Base | None) -> tuple[int | None, bool]:
    """Where the base's steps end, and whether that is certain: those behind its last layer may be its own too."""
    if base is None or base.layers is None:
        return None, False
    if base.steps is not None:
        return base.steps, True
    return steps_of_layers(history, base.layers), False


def _from(base: Base | None, border: int | None) -> str:
    """FROM the base where its end is known; else all layers are this Dockerfile's, and it begins with none."""
    if base is None or border is None or not base.layers:
        return "FROM scratch"
    pinned = base.digest and "@" not in base.name
    return f"FROM {base.name}@{base.digest}" if pinned else f"FROM {base.name}"


def _from_config(text: str) -> Written:
    if parse_statement(text) is None:
        return Written("", (f"{_NOT_IN_HISTORY}; and no Dockerfile may hold it: {text[:1000]}",))
    return Written(text, (_NOT_IN_HISTORY,))


def _strays(steps: Sequence[HistoryStep], layers: int, base: Base | None) -> list[Line]:
    """Layers that no step is known to have made."""
    made = {step.layer for step in steps}
    below = None if base is None else base.layers
    lost = ("no entry of the history is known to have made it",)
    return [
        Line(Written("", lost), None, layer, None if below is None else layer < below)
        for layer in range(layers)
        if layer not in made
    ]


def _arguments_seen(forms: Sequence[Form]) -> dict[str, str]:
    """The build arguments of RUN steps, with the last value each had."""
    names = {
        name for form in forms if form.keyword == "ARG" for name, _ in split_declarations(form.arguments, frozenset())
    }
    found: dict[str, str] = {}
    for form in forms:
        if form.command is not None and form.command.count:
            found.update(split_build_arguments(form.command.arguments, form.command.count, names) or ())
    return found


def _to_give(seen: dict[str, str], told: Sequence[Statement]) -> dict[str, str]:
    """Those that no ARG or ENV gives this value."""
    given: dict[str, str] = {}
    for statement in told:
        if statement.keyword in ("ARG", "ENV"):
            for word in split_words(statement.arguments):
                name, equals, value = word.partition("=")
                if equals:
                    given[expand(name, {})] = expand(value, given)
    return {name: value for name, value in seen.items() if given.get(name) != value}
