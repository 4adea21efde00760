"""The stages of a Dockerfile, and the instructions that one of them carries out, in order, with their variables.

An image is made by its target stage and by the stages that one is FROM; of others only files come, by COPY --from.
Variables: ARG and ENV in scope (docs.docker.com/reference/dockerfile, "Scope"), what a base image brings is not known.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.history.dockerfile.parse import DockerfileError, parse_statement
from layerscope.history.dockerfile.words import UNKNOWN, expand, split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from layerscope.history.dockerfile.parse import Dockerfile, Statement

_SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next."""

    index: int
    name: str
    """As ``AS`` gives it, lower-case; empty without."""
    base: str
    """What it is FROM: an image's name, or another stage's."""
    opening: Statement
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """One instruction as a build carries it out."""

    statement: Statement
    at: Statement
    """Where it stands: itself, or for an ONBUILD trigger the FROM that set it off."""
    scope: Scope
    directory: str | None
    """The working directory before it; None where only the base image knows."""


class Scope(dict[str, "str | None"]):
    """Variables by name. In an open one, what is not in it may be set by the base image: UNKNOWN."""

    __slots__ = ("is_open",)

    def __init__(self, values: Mapping[str, str | None], *, is_open: bool) -> None:
        super().__init__(values)
        self.is_open = is_open

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The value; None where it is not known."""
        return self[name] if super().__contains__(name) else None if self.is_open else default


def global_arguments(dockerfile: Dockerfile, given: Mapping[str, str]) -> dict[str, str | None]:
    """The ARGs before the first FROM, which FROM lines may use, and stages that declare them again."""
    found: dict[str, str | None] = {}
    for statement in dockerfile.statements:
        if statement.keyword == "FROM":
            break
        for name, value in _declared(statement, Scope({**found}, is_open=False), dockerfile.escape):
            found[name] = given.get(name, value)
    return found


def stages_of(dockerfile: Dockerfile, given: Mapping[str, str], platform: Mapping[str, str]) -> tuple[Stage, ...]:
    """The stages, in order. ``platform`` are the values of TARGETPLATFORM and its like."""
    scope = Scope({**platform, **global_arguments(dockerfile, given)}, is_open=False)
    stages: list[Stage] = []
    opening: Statement | None = None
    body: list[Statement] = []

    def close() -> None:
        if opening is not None:
            words = split_words(opening.arguments, dockerfile.escape)
            name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
            if not (len(words) == 1 or name):
                raise DockerfileError(
                    f"{dockerfile.name}:{opening.start}: FROM takes an image, and AS with a name: {opening.arguments}"
                )
            base = expand(words[0], scope, dockerfile.escape)
            stages.append(Stage(len(stages), name, base, opening, tuple(body)))

    for statement in dockerfile.statements:
        if statement.keyword == "FROM":
            close()
            opening, body = statement, []
        elif opening is not None:
            body.append(statement)
    close()
    return tuple(stages)


def lineage(stages: Sequence[Stage], target: str | None, name: str) -> tuple[Stage, ...]:
    """The target stage and those below it, the lowest first. DockerfileError where there is no such stage."""
    stage = stages[-1] if target is None else _find(stages, target, len(stages))
    if stage is None:
        named = ", ".join(each.name for each in stages if each.name) or "none that has a name"
        raise DockerfileError(f"{name} has no stage {target!r}; it has {named}", hint="choose one with --target")
    found = [stage]
    while (below := _find(stages, found[-1].base, found[-1].index, by_number=False)) is not None:
        found.append(below)
    return tuple(found[::-1])


def _find(stages: Sequence[Stage], name: str, before: int, *, by_number: bool = True) -> Stage | None:
    named = next((each for each in reversed(stages[:before]) if each.name and each.name == name.lower()), None)
    if named is None and by_number and name.isdigit() and int(name) < len(stages):
        return stages[int(name)]
    return named


def acts_of(
    dockerfile: Dockerfile,
    stages: Sequence[Stage],
    arguments: Mapping[str, str | None],
    given: Mapping[str, str],
    environment: Mapping[str, str],
    triggers: Sequence[str],
) -> Iterator[Act]:
    """What a build of these stages carries out, the lowest stage first.

    ``arguments`` are in force before the first FROM, ``given`` those that ``--build-arg`` set. ``environment`` is what
    the base image sets, as far as it is known, and ``triggers`` are its ONBUILD instructions.
    """
    is_open = stages[0].base.lower() != _SCRATCH
    env: dict[str, str | None] = dict(environment)
    directory: str | None = None if is_open else "/"
    pending = list(triggers)
    for stage in stages:
        args: dict[str, str | None] = {}
        fired = [found for text in pending if (found := parse_statement(text, dockerfile.escape))]
        pending = []
        for statement, at in [
            *((each, stage.opening) for each in fired),
            *((each, each) for each in stage.statements),
        ]:
            scope = Scope({**args, **env}, is_open=is_open)
            yield Act(statement, at, scope, directory)
            match statement.keyword:
                case "ARG":
                    for name, value in _declared(statement, scope, dockerfile.escape):
                        args[name] = given.get(name, value if value is not None else arguments.get(name, ""))
                case "ENV":
                    env.update(pairs_of(statement, scope, dockerfile.escape))
                case "WORKDIR":
                    directory = resolved(expand(statement.arguments, scope, dockerfile.escape), directory)
                case "ONBUILD":
                    pending.append(statement.arguments)


def resolved(path: str, directory: str | None) -> str:
    """A WORKDIR as the builders record it: absolute, cleaned."""
    if path.startswith("/"):
        return posixpath.normpath(path)
    if directory is None or UNKNOWN in path:
        return f"{UNKNOWN}/{path}"
    return posixpath.normpath(posixpath.join(directory, path))


def pairs_of(statement: Statement, scope: Mapping[str, str | None], escape: str) -> dict[str, str | None]:
    """The pairs of an ENV or LABEL, expanded; also of the old form, ``ENV name value``."""
    words = split_words(statement.arguments, escape)
    if words and "=" not in words[0]:
        name, _, value = statement.arguments.partition(" ")
        return {expand(name, scope, escape): expand(value.strip(), scope, escape)}
    pairs = [word.partition("=") for word in words]
    return {expand(name, scope, escape): expand(value, scope, escape) for name, _, value in pairs}


def _declared(statement: Statement, scope: Mapping[str, str | None], escape: str) -> Iterator[tuple[str, str | None]]:
    for word in split_words(statement.arguments, escape):
        name, equals, value = word.partition("=")
        yield expand(name, scope, escape), expand(value, scope, escape) if equals else None
