"""The value every history reader ends in: one build step, named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instruction:
    """The build step behind a layer or a metadata-only history entry, as far as the image tells."""

    kind: str
    """An upper-case Dockerfile instruction (``RUN``, ``COPY`` …); or, lower-case, what is none: ``import``, ``commit``,
    ``squash``, ``layer`` (a tool that builds layers without a Dockerfile); or ``unknown``."""
    text: str
    """What a person reads: the instruction as it would stand in a Dockerfile, or the entry as it stands. One line or
    several; hostile text, never to be printed raw."""
    created_by: str
    """The history entry's ``created_by``, untouched."""
    history_index: int | None
    """Position in the config's history; None where no entry belongs to the layer."""
    builder: str | None
    """``classic``, ``buildkit``, ``buildah``, ``kaniko``, ``jib``, ``bazel``, ``ko``, ``nix``, ``apko``,
    ``buildpacks``, ``import``, ``commit``; None where nothing tells."""
    line: int | None = None
    """Line in the Dockerfile, where one was given and matched."""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One history entry, joined to the layer it made."""

    index: int
    layer: int | None
    """Index of its layer, bottom is 0; None for a metadata-only step, or where the join is unknown."""
    created: str
    created_by: str
    comment: str
    author: str
    instruction: Instruction
    engine_bytes: int | None = None
    """What an engine says this step's layer takes, by its own measure; None where no engine was asked. Not one of
    layerscope's sizes, and to be labelled the engine's wherever it is shown."""


@dataclass(frozen=True, slots=True)
class JoinedHistory:
    """A config's history and what it says of each layer."""

    steps: tuple[HistoryStep, ...]
    layers: tuple[Instruction, ...]
    """One a layer, bottom first; kind ``unknown`` where no history entry belongs to it."""
    notes: tuple[str, ...]
    """What is odd about the history: fewer or more entries than layers, a squash."""
