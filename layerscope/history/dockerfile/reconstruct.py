"""The Dockerfile that an image's history tells: its lines, each with the step and the layer behind it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.history.base import steps_of_layers
from layerscope.history.builders import BUILDAH, BUILDKIT, CLASSIC, KANIKO
from layerscope.history.dockerfile.assignments import split_build_arguments, split_declarations
from layerscope.history.dockerfile.meaning import agree, meaning
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
    BUILDKIT: "BuildKit records no COPY --from, --link or --exclude (older ones neither --chown nor --chmod), no "
    "RUN --mount or --network, no text that COPY takes from a here-document, no ONBUILD, and no other stage than the "
    "last",
    CLASSIC: "The classic builder records a checksum in place of what COPY and ADD take, no COPY --from, and no other "
    "stage than the last",
    BUILDAH: "Buildah records a checksum in place of what COPY and ADD take, no COPY --from or --chown, no other stage "
    "than the last, and no default of an ARG",
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
    triggered: str = ""
    """The instruction, where FROM carried it out: an ONBUILD trigger of the base, not to be written again."""


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


def reconstruct(
    config: ImageConfig,
    steps: Sequence[HistoryStep],
    layers: int,
    base: Base | None,
    triggers: Sequence[str] = (),
) -> Reconstruction:
    """The Dockerfile of an image of so many layers, whose joined history is ``steps``. Never fails.

    ``triggers`` are the base's ONBUILD instructions, where its own history does not tell: FROM carries them out.
    """
    forms = read_forms(config.history)
    arguments = _arguments_seen(forms)
    last = {step.instruction.kind: step.index for step in steps}
    known = Known(config.run, frozenset(last.values()), _amid_classic(steps), arguments.keys())
    lines: list[Line] = []
    declared: set[str] = set()
    shell = tuple(UNIX_SHELL.split(" "))
    border, certain = _border(config.history, base)
    for step, form in zip(steps, forms, strict=True):
        written = write_step(step, form, shell, known)
        if step.instruction.kind == "ARG" and step.instruction.builder == BUILDAH:
            written = _newly_declared(written, declared)
        is_base = None if border is None else step.index < border
        certain = certain or (is_base is False and not config.history[step.index].empty_layer)
        lines.append(Line(written, step, step.layer, is_base if is_base or certain else None))
        if step.instruction.kind == "SHELL":
            statement = parse_statement(written.text)
            shell = statement.words if statement and statement.words else shell
    triggers = triggers or [
        line.written.text.removeprefix("ONBUILD ")
        for line in lines
        if line.is_base and line.written.text.startswith("ONBUILD ")
    ]
    if border is not None:
        lines[border:] = _carried_out(lines[border:], triggers)
    opening = Line(Written(_from(base, border)), None, None, False)
    lines.insert(border or 0, opening)
    lines += _strays(steps, layers, base)
    builders = frozenset(line.step.instruction.builder for line in lines if line.step and not line.is_base)
    told = [statement for line in lines if (statement := parse_statement(line.triggered or line.written.text))]
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


def _newly_declared(written: Written, declared: set[str]) -> Written:
    """Buildah records an ARG as the names of all so far: those that the ARG itself declares."""
    names = written.text.split()[1:]
    new = [name for name in names if name.partition("=")[0] not in declared]
    declared.update(name.partition("=")[0] for name in new)
    return Written(" ".join(("ARG", *new))) if new else written


def _amid_classic(steps: Sequence[HistoryStep]) -> frozenset[int]:
    """Steps that have the classic builder's on both sides: the nearest that tell a builder."""
    told = [step.instruction.builder for step in steps]
    first = next((index for index, builder in enumerate(told) if builder == CLASSIC), len(told))
    final = next((index for index in range(len(told) - 1, -1, -1) if told[index] == CLASSIC), -1)
    others = any(builder not in (None, CLASSIC) for builder in told[first : final + 1])
    return frozenset() if others else frozenset(range(first + 1, final))


def _carried_out(lines: Sequence[Line], triggers: Sequence[str]) -> list[Line]:
    """The lines, those that the base's triggers made as comments: FROM makes them again."""
    done: list[Line] = []
    pending = [statement for text in triggers if (statement := parse_statement(text))]
    for line in lines:
        statement = parse_statement(line.written.text)
        if pending and statement and agree(meaning(pending[0], {}, None), meaning(statement, {}, None)):
            pending.pop(0)
            what = f"carried out by FROM, ONBUILD in the base: {line.written.text}"
            line = dataclasses.replace(line, written=Written("", (what,)), triggered=line.written.text)
        done.append(line)
    return done


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
