"""A policy as values: which rules are checked, against what, how seriously, and what is exempt from them."""

from __future__ import annotations

import enum
import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from layerscope.gate.limit import Limit
    from layerscope.gate.rule import Rule


class Level(enum.StrEnum):
    """What a broken rule does."""

    WARN = "warn"
    """It is reported, and the gate passes."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Exemption:
    """Something that a rule lets pass, until a day."""

    until: date
    """The last day it holds, in UTC."""
    match: str = ""
    """Which offenders: a glob over their names; empty for all."""
    image: str = ""
    """Of which images: a glob over their references; empty for all."""
    reason: str = ""

    def covers(self, reference: str, name: str) -> bool:
        """Whether it is about this image and this offender."""
        of_image = not self.image or fnmatch.fnmatchcase(reference, self.image)
        return of_image and (not self.match or any(fnmatch.fnmatchcase(each, self.match) for each in _spellings(name)))


@dataclass(frozen=True, slots=True)
class LayerSelection:
    """Some of an image's layers: those that everything given here agrees on."""

    index: tuple[int, ...] = ()
    """0 is the bottom, -1 the top."""
    instruction: str = ""
    """A glob over the instruction, its lines joined."""
    origin: str = ""
    """``base`` or ``own``."""

    def __bool__(self) -> bool:
        return bool(self.index or self.instruction or self.origin)

    def __str__(self) -> str:
        parts = [f"layer {number}" for number in self.index]
        parts += [self.instruction] if self.instruction else []
        parts += [f"{self.origin} layers"] if self.origin else []
        return ", ".join(parts)


ALL_LAYERS = LayerSelection()


@dataclass(frozen=True, slots=True)
class Check:
    """One rule with what it is held to."""

    rule: Rule
    origin: str
    """Where it was asked for: a file, or a flag."""
    limit: Limit | None = None
    """None where the rule has patterns."""
    patterns: tuple[str, ...] = ()
    level: Level = Level.FAIL
    reason: str = ""
    """Why the rule is there, for whoever breaks it."""
    exemptions: tuple[Exemption, ...] = ()
    layers: LayerSelection = ALL_LAYERS
    everywhere: bool = False
    """For paths: in every layer, also what later layers hide; else in the merged filesystem."""

    @property
    def title(self) -> str:
        """The rule, and which layers it is about if not all."""
        return f"{self.rule.name} [{self.layers}]" if self.layers else self.rule.name

    @property
    def demand(self) -> str:
        """What is demanded, as it was written."""
        return ", ".join(self.patterns) if self.limit is None else self.limit.text


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a gate checks, in order."""

    checks: tuple[Check, ...]
    origins: tuple[str, ...] = ()
    """The files it was read from."""

    def and_also(self, other: Policy) -> Policy:
        """Both; of a rule that both have, the other's."""
        theirs = {check.rule.name for check in other.checks}
        kept = (check for check in self.checks if check.rule.name not in theirs)
        return Policy((*kept, *other.checks), (*self.origins, *other.origins))


def matches(patterns: Iterable[str], text: str) -> bool:
    """Whether globs pick ``text``: the last that matches decides, and ``!`` takes out again."""
    picked = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        if wanted != picked and fnmatch.fnmatchcase(text, pattern.removeprefix("!")):
            picked = wanted
    return picked


def _spellings(name: str) -> tuple[str, ...]:
    """A path can be named with its leading slash or without."""
    return (name, name[1:]) if name.startswith("/") else (name,)
