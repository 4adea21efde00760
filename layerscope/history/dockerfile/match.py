"""A Dockerfile held against an image: which of its lines made which step and which layer.

Lines and steps are in the same order, so the most that agree without crossing are the match. Where the image brings
BuildKit's provenance, the line of a layer is not inferred but exact.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.history.builders import BUILDKIT, KANIKO
from layerscope.history.dockerfile.meaning import agree, likeness, meaning
from layerscope.history.dockerfile.parse import parse_statement
from layerscope.history.dockerfile.stages import acts_of, global_arguments, lineage, stages_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layerscope.history.dockerfile.meaning import Meaning
    from layerscope.history.dockerfile.parse import Dockerfile, Statement
    from layerscope.history.dockerfile.reconstruct import Line as Written
    from layerscope.history.dockerfile.reconstruct import Reconstruction
    from layerscope.history.dockerfile.stages import Act, Stage
    from layerscope.oci.config import ImageConfig

_MOST_PAIRS = 1_500_000
"""Comparisons at most; beyond, the first steps are left to the base image."""
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
    notes: tuple[str, ...]

    @property
    def expected(self) -> int:
        """Lines that should have a step: of the image's stages, and of a kind that its builder records."""
        return sum(line.match in _COUNTED for line in self.lines)

    @property
    def matched(self) -> int:
        """Of these, the ones whose step is known."""
        return sum(line.match in (Match.EXACT, Match.INFERRED) for line in self.lines)


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
    pairs = _align(acts, steps, dockerfile.escape)
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


def _align(acts: Sequence[Act], steps: Sequence[Written], escape: str) -> dict[int, tuple[int, bool]]:
    """Position of an act → position of its step, and whether they agree."""
    skipped = max(0, len(steps) - _MOST_PAIRS // max(1, len(acts)))
    steps = steps[skipped:]
    wanted = [_wanted(act, escape) for act in acts]
    recorded = [_recorded(line) for line in steps]
    rows, columns = len(acts), len(steps)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    worth: dict[tuple[int, int], float] = {}
    for row in range(rows - 1, -1, -1):
        line, below = best[row], best[row + 1]
        kind = acts[row].statement.keyword
        for column in range(columns - 1, -1, -1):
            value = max(below[column], line[column + 1])
            if recorded[column] and recorded[column][0][0] == kind:
                points = _points(wanted[row], recorded[column])
                if points:
                    worth[row, column] = points
                    value = max(value, points + below[column + 1])
            line[column] = value
    found: dict[int, tuple[int, bool]] = {}
    row = column = 0
    while row < rows and column < columns:
        points = worth.get((row, column), 0.0)
        # The later step, where two are worth the same: what is above is the Dockerfile's, what is below the base's.
        if best[row][column] == best[row][column + 1]:
            column += 1
        elif points and best[row][column] == points + best[row + 1][column + 1]:
            found[row] = (skipped + column, points >= 1)
            row, column = row + 1, column + 1
        else:
            row += 1
    return found


def _wanted(act: Act, escape: str) -> tuple[Meaning, ...]:
    """What a record of it may say: with its variables, or as it stands."""
    expanded = meaning(act.statement, act.scope, act.directory, escape)
    return expanded, meaning(act.statement, _AsItStands(), None, escape)


def _recorded(line: Written) -> tuple[Meaning, ...]:
    statement = parse_statement(line.written.text)
    if statement is None:
        return ()
    return meaning(statement, {}, "/"), meaning(statement, _AsItStands(), None)


class _AsItStands(dict[str, "str | None"]):
    """Variables that stay what they are: builders that copy a line do not put them in."""

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The variable itself."""
        return f"${name}"

    def __contains__(self, name: object) -> bool:
        return True


def _points(wanted: tuple[Meaning, ...], recorded: tuple[Meaning, ...]) -> float:
    if any(agree(one, other) for one in wanted for other in recorded):
        return 1.0
    return likeness(wanted[0], recorded[0]) / 4


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
        self.taken: set[int] = set()
        for position, (column, agrees) in pairs.items():
            self.by_line.setdefault(acts[position].at.start, []).append((steps[column], agrees))
            self.taken.add(column)
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
        exact_steps = {step for line in lines for step in line.steps if line.match is Match.EXACT}
        first = min((column for column in self.taken), default=len(self.steps))
        border_known = self.chosen[0].base == "scratch" or any(line.is_base is False for line in self.steps)
        own = [
            line.step.index for column, line in enumerate(self.steps) if line.step and (border_known or column >= first)
        ]
        taken = {self.steps[column].step.index for column in self.taken if self.steps[column].step} | exact_steps  # type: ignore[union-attr]
        strays = tuple(index for index in own if index not in taken)
        return Annotated(
            self.dockerfile,
            tuple(each.name for each in self.stages),
            tuple(lines),
            tuple(own),
            strays,
            (),
        )

    def _line(self, statement: Statement, stage: int | None, kept: bool) -> MatchedLine:
        found = self.by_line.get(statement.start, [])
        steps = tuple(line.step.index for line, _ in found if line.step)
        layers = tuple(line.layer for line, _ in found if line.layer is not None)
        told = tuple(
            layer for layer, (start, end) in self.exact.items() if start <= statement.end and end >= statement.start
        )
        if stage is None:
            return MatchedLine(statement, None, Match.GLOBAL, (), ())
        if not kept:
            return MatchedLine(statement, stage, Match.OTHER_STAGE, (), ())
        if statement.keyword == "FROM":
            return MatchedLine(statement, stage, Match.BASE, steps, layers)
        if told:
            by_layer = {line.layer: line.step.index for line in self.steps if line.step and line.layer is not None}
            return MatchedLine(
                statement, stage, Match.EXACT, tuple(by_layer[each] for each in told if each in by_layer), told
            )
        if found:
            agrees = all(each for _, each in found)
            return MatchedLine(statement, stage, Match.INFERRED if agrees else Match.SIMILAR, steps, layers)
        recorded = not (
            (statement.keyword == "ONBUILD" and BUILDKIT in self.builders)
            or (statement.keyword not in _LAYERS_ALONE and KANIKO in self.builders)
        )
        return MatchedLine(statement, stage, Match.UNMATCHED if recorded else Match.NOT_RECORDED, (), ())
