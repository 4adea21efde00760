"""What is measured, against what, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import targets

if TYPE_CHECKING:
    from .timing import Case


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    case: Case
    against: str | None = None
    """The case that its seconds are divided by; start-up is subtracted from both."""
    target: float | None = None
    """The ratio asked for."""
    warm: bool = False
    """Whether the seconds themselves, start-up included, have a target."""
    seconds: float | None = None
    """The seconds that it may take, start-up included."""
    memory: bool = False
    """Whether its peak memory has a target."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run measures."""

    rows: list[Row]
    startups: list[Case]
    """Bare interpreters and `--version`s; the first is the bare interpreter."""
    commands: list[tuple[Case, float]]
    """Commands that do nothing but start, with the seconds they may take above a bare interpreter."""


def warm_seconds(seconds: float, startup: float, entries: int) -> float:
    """Scaled to the number of entries that the target speaks of; start-up does not shrink with them."""
    return startup + (seconds - startup) * targets.WARM_ENTRIES / max(entries, 1)
