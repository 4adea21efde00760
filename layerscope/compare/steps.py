"""Two histories side by side."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.compare.alignment import Items, align, fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.history.instruction import HistoryStep


class StepChange(enum.StrEnum):
    """What became of a step."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    """Another step in its place, of the same kind; or the same one with another comment or author."""
    RETIMED = "retimed"
    """The same step, at another time."""


@dataclass(frozen=True, slots=True)
class ChangedStep:
    """A step of each history, or of one."""

    change: StepChange
    differences: tuple[str, ...]
    """Fields of a history entry that differ, under their names in JSON; empty for what one history alone has."""
    before: HistoryStep | None
    after: HistoryStep | None


def compare_history(
    before: Sequence[HistoryStep], after: Sequence[HistoryStep], *, created: bool
) -> tuple[ChangedStep, ...]:
    """Steps that differ, in order. Steps of equal instructions belong together, then those of one kind between them.

    The time of a step counts with ``created``: every build anew changes it.
    """
    pairs = align(_texts(before), _texts(after))
    pairs = fill(pairs, _kinds(before), _kinds(after))
    found: list[ChangedStep] = []
    left, right = 0, 0
    for next_left, next_right in [*pairs, (len(before), len(after))]:
        found += (ChangedStep(StepChange.REMOVED, (), step, None) for step in before[left:next_left])
        found += (ChangedStep(StepChange.ADDED, (), None, step) for step in after[right:next_right])
        if next_left < len(before):
            differing = _differences(before[next_left], after[next_right], created=created)
            if differing:
                change = StepChange.RETIMED if differing == ("created",) else StepChange.MODIFIED
                found.append(ChangedStep(change, differing, before[next_left], after[next_right]))
        left, right = next_left + 1, next_right + 1
    return tuple(found)


def _differences(one: HistoryStep, other: HistoryStep, *, created: bool) -> tuple[str, ...]:
    fields = {
        "createdBy": one.created_by == other.created_by,
        "comment": one.comment == other.comment,
        "author": one.author == other.author,
        "created": one.created == other.created or not created,
    }
    return tuple(name for name, same in fields.items() if not same)


def _texts(steps: Sequence[HistoryStep]) -> Items:
    return [step.instruction.text or None for step in steps]


def _kinds(steps: Sequence[HistoryStep]) -> Items:
    return [step.instruction.kind for step in steps]
