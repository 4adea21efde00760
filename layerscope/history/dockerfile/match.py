"""A Dockerfile held against an image: which of its lines made which step and which layer.

Lines and steps are in the same order, so the most that agree without crossing are the match. Where the image brings
BuildKit's provenance, the line of a layer is not inferred but exact.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.history.builders import BUILDKIT, KANIKO
from layerscope.history.dockerfile.align import align
from layerscope.history.dockerfile.stages import acts_of, global_arguments, lineage, stages_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layerscope.history.dockerfile.parse import Dockerfile, Statement
    from layerscope.history.dockerfile.reconstruct import Line as Written
    from layerscope.history.dockerfile.reconstruct import Reconstruction
    from layerscope.history.dockerfile.stages import Act, Stage
    from layerscope.oci.config import ImageConfig

_LAYERS_ALONE = frozenset(("ADD", "COPY", "RUN"))


class Match(enum.StrEnum):
    """What is known of one line."""

    EXACT = "exact"
    """The build's own provenance says which layer it made."""
    INFERRED = "inferred"
    """The history has a step that says the same, in its place."""
    SIMILAR = "similar"
    """A step in its place says something alike: the line was changed since, or is another one."""
    UNMATCHED = "unmatched"
    """No step says so."""
    BASE = "base"
    """A FROM: what lies below is its doing."""
    NOT_RECORDED = "not-recorded"
    """The builder keeps no record of such an instruction."""
    OTHER_STAGE = "other-stage"
    """Of a stage that is not in the image."""
    GLOBAL = "global"
    """An ARG before the first FROM: no step of any stage."""


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """One instruction of the Dockerfile, and what it made."""

    statement: Statement
    stage: int | None
    """Which stage it stands in, from 0; None before the first."""
    match: Match
    steps: tuple[int, ...]
    """History entries: one, or for a FROM those of ONBUILD triggers."""
    layers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Annotated:
    """A Dockerfile with what each line made."""

    dockerfile: Dockerfile
    stages: tuple[str, ...]
    """The name of each stage; empty for one without."""
    lines: tuple[MatchedLine, ...]
    own_steps: tuple[int, ...]
    """History entries that this Dockerfile should account for: those behind the base's."""
    strays: tuple[int, ...]
    """Of these, the ones that no line made."""

    @property
    def expected(self) -> int:
        """Lines that should have a step: of the image's stages, and of a kind that its builder records."""
        return sum(line.match in _COUNTED for line in self.lines)

    @property
    def matched(self) -> int:
        """Of these, the ones whose step is known."""
        return sum(line.match in (Match.EXACT, Match.INFERRED) for line in self.lines)

    @property
    def line_of_step(self) -> dict[int, int]:
        """History entry → the first line of what made it."""
        return {step: line.statement.start for line in self._sure() for step in line.steps}

    @property
    def line_of_layer(self) -> dict[int, int]:
        """Layer → the first line of what made it."""
        return {layer: line.statement.start for line in self._sure() for layer in line.layers}

    def _sure(self) -> list[MatchedLine]:
        return [line for line in self.lines if line.match is not Match.SIMILAR]


_COUNTED = (Match.EXACT, Match.INFERRED, Match.SIMILAR, Match.UNMATCHED)


def match_dockerfile(
    dockerfile: Dockerfile,
    found: Reconstruction,
    config: ImageConfig,
    *,
    target: str | None = None,
    given: Mapping[str, str] | None = None,
    triggers: Sequence[str] = (),
    exact: Mapping[int, tuple[int, int]] | None = None,
) -> Annotated:
    """Hold a Dockerfile against the image whose history ``found`` is.

    ``target`` is the stage built, the last by default; ``given`` the ``--build-arg`` values, where not those that the
    history shows; ``triggers`` the base's ONBUILD instructions, where known; ``exact`` the lines of layers that the
    build's provenance tells. DockerfileError for a target that is not there.
    """
    given = {**found.arguments, **(given or {})}
    platform = _platform(config)
    stages = stages_of(dockerfile, given, platform)
    chosen = lineage(stages, target, dockerfile.name)
    triggers = triggers or _recorded_triggers(found)
    acts = list(
        acts_of(
            dockerfile,
            chosen,
            {**platform, **global_arguments(dockerfile, given)},
            given,
            _environment(config, chosen),
            triggers,
        )
    )
    steps = [line for line in found.lines if line.step is not None and not line.is_base]
    pairs = align(acts, steps, dockerfile.escape)
    return _Result(dockerfile, stages, chosen, acts, steps, pairs, exact or {}).annotated()


def _platform(config: ImageConfig) -> dict[str, str]:
    platform = config.platform
    if platform is None:
        return {}
    values = {"TARGETPLATFORM": platform.name, "TARGETOS": platform.os, "TARGETARCH": platform.architecture}
    return {**values, "TARGETVARIANT": platform.variant}


def _environment(config: ImageConfig, stages: Sequence[Stage]) -> dict[str, str]:
    """What the base set: the config's variables that no ENV of these stages sets."""
    own = {
        word.partition("=")[0]
        for stage in stages
        for statement in stage.statements
        if statement.keyword == "ENV"
        for word in statement.arguments.split()
    }
    values = dict(each.partition("=")[::2] for each in config.run.env)
    return {name: value for name, value in values.items() if name not in own}


def _recorded_triggers(found: Reconstruction) -> list[str]:
    """The ONBUILD instructions that the base's own history has."""
    return [
        line.written.text.partition(" ")[2]
        for line in found.lines
        if line.is_base and line.written.text.startswith("ONBUILD ")
    ]


class _Result:
    """Puts lines, steps and layers together."""

    def __init__(
        self,
        dockerfile: Dockerfile,
        stages: Sequence[Stage],
        chosen: Sequence[Stage],
        acts: Sequence[Act],
        steps: Sequence[Written],
        pairs: Mapping[int, tuple[int, bool]],
        exact: Mapping[int, tuple[int, int]],
    ) -> None:
        self.dockerfile, self.stages, self.chosen, self.steps, self.exact = dockerfile, stages, chosen, steps, exact
        self.by_line: dict[int, list[tuple[Written, bool]]] = {}
        for position, (column, agrees) in pairs.items():
            self.by_line.setdefault(acts[position].at.start, []).append((steps[column], agrees))
        self.step_of = {line.layer: line.step.index for line in steps if line.step and line.layer is not None}
        self.builders = {line.step.instruction.builder for line in steps if line.step is not None}

    def annotated(self) -> Annotated:
        """Every line in order, and what is left over."""
        kept = {stage.index for stage in self.chosen}
        lines: list[MatchedLine] = []
        stage: int | None = None
        for statement in self.dockerfile.statements:
            if statement.keyword == "FROM":
                stage = 0 if stage is None else stage + 1
            lines.append(self._line(statement, stage, stage in kept))
        taken = {step for line in lines for step in line.steps}
        whole = self.chosen[0].base == "scratch"
        first = min(taken, default=None)
        own = tuple(
            line.step.index
            for line in self.steps
            if line.step and (whole or line.is_base is False or (first is not None and line.step.index >= first))
        )
        strays = tuple(index for index in own if index not in taken)
        names = tuple(each.name for each in self.stages)
        return Annotated(self.dockerfile, names, tuple(lines), own, strays)

    def _line(self, statement: Statement, stage: int | None, kept: bool) -> MatchedLine:
        if stage is None:
            return MatchedLine(statement, None, Match.GLOBAL, (), ())
        if not kept:
            return MatchedLine(statement, stage, Match.OTHER_STAGE, (), ())
        found = self.by_line.get(statement.start, [])
        told = {
            layer: self.step_of[layer]
            for layer, (start, end) in self.exact.items()
            if start <= statement.end and end >= statement.start and layer in self.step_of
        }
        inferred = [(line.step.index, line.layer, agrees) for line, agrees in found if line.step]
        if statement.keyword == "FROM":
            steps = {step for step, _, agrees in inferred if agrees} | set(told.values())
            layers = {layer for _, layer, agrees in inferred if agrees and layer is not None} | told.keys()
            return MatchedLine(statement, stage, Match.BASE, tuple(sorted(steps)), tuple(sorted(layers)))
        if told:
            return MatchedLine(statement, stage, Match.EXACT, tuple(told.values()), tuple(told))
        # A layer whose line is told is no other line's.
        inferred = [(step, layer, agrees) for step, layer, agrees in inferred if layer not in self.exact]
        if inferred:
            match = Match.INFERRED if all(agrees for *_, agrees in inferred) else Match.SIMILAR
            layers_made = tuple(layer for _, layer, _ in inferred if layer is not None)
            return MatchedLine(statement, stage, match, tuple(step for step, *_ in inferred), layers_made)
        match = Match.UNMATCHED if self._records(statement.keyword) else Match.NOT_RECORDED
        return MatchedLine(statement, stage, match, (), ())

    def _records(self, keyword: str) -> bool:
        """Whether the builder of the image keeps a record of such an instruction."""
        if keyword == "ONBUILD":
            return BUILDKIT not in self.builders and KANIKO not in self.builders
        return keyword in _LAYERS_ALONE or KANIKO not in self.builders
