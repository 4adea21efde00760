"""Which act of a Dockerfile is which step of a history.

Both are in the same order, so it is the most that agree without crossing (a longest common subsequence); what agrees
with nothing is tried for likeness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.history.dockerfile.meaning import agree, likeness, meaning
from layerscope.history.dockerfile.parse import parse_statement
from layerscope.history.dockerfile.words import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.history.dockerfile.meaning import Meaning
    from layerscope.history.dockerfile.reconstruct import Line as Written
    from layerscope.history.dockerfile.stages import Act

_MOST_PAIRS = 1_500_000
"""Comparisons at most; beyond, the first steps are left to the base image."""
_MOST_LIKENESSES = 20_000


def align(acts: Sequence[Act], steps: Sequence[Written], escape: str) -> dict[int, tuple[int, bool]]:
    """Position of an act → position of its step, and whether they agree."""
    skipped = max(0, len(steps) - _MOST_PAIRS // max(1, len(acts)))
    steps = steps[skipped:]
    worth = _worth([_wanted(act, escape) for act in acts], [_recorded(line) for line in steps])
    rows, columns = len(acts), len(steps)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        line, below, points = best[row], best[row + 1], worth[row]
        right = 0.0
        for column in range(columns - 1, -1, -1):
            right = max(below[column], right)
            if column in points:
                right = max(right, points[column] + below[column + 1])
            line[column] = right
    found: dict[int, tuple[int, bool]] = {}
    row = column = 0
    while row < rows and column < columns:
        value = worth[row].get(column, 0.0)
        # The later step, where two are worth the same: what is above is the Dockerfile's, what is below the base's.
        if best[row][column] == best[row][column + 1]:
            column += 1
        elif value and best[row][column] == value + best[row + 1][column + 1]:
            found[row] = (skipped + column, value == 1)
            row, column = row + 1, column + 1
        else:
            row += 1
    return found


def _wanted(act: Act, escape: str) -> tuple[Meaning, ...]:
    """What a record of it may say: with its variables, or as it stands."""
    expanded = meaning(act.statement, act.scope, act.directory, escape)
    return expanded, meaning(act.statement, _AsItStands(), None, escape)


def _recorded(line: Written) -> tuple[Meaning, ...]:
    statement = parse_statement(line.triggered or line.written.text)
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


def _worth(wanted: Sequence[tuple[Meaning, ...]], recorded: Sequence[tuple[Meaning, ...]]) -> list[dict[int, float]]:
    """For each act the steps that say the same, worth 1; where there are none, those that say something alike."""
    by_meaning: dict[Meaning, set[int]] = {}
    loose: dict[str, list[tuple[int, Meaning]]] = {}
    kinds: dict[str, list[tuple[int, Meaning]]] = {}
    for column, meanings in enumerate(recorded):
        for each in meanings:
            by_meaning.setdefault(each, set()).add(column)
            kinds.setdefault(each[0], []).append((column, each))
            if _is_loose(each):
                loose.setdefault(each[0], []).append((column, each))
    worth: list[dict[int, float]] = []
    for meanings in wanted:
        columns = {column for each in meanings for column in by_meaning.get(each, ())}
        for each in meanings:
            others = kinds if _is_loose(each) else loose
            columns.update(column for column, other in others.get(each[0], ()) if agree(each, other))
        worth.append(dict.fromkeys(columns, 1.0))
    free = set(range(len(recorded))) - {column for points in worth for column in points}
    comparisons = 0
    for meanings, points in zip(wanted, worth, strict=True):
        if points:
            continue
        for column in free:
            if recorded[column] and recorded[column][0][0] == meanings[0][0] and comparisons < _MOST_LIKENESSES:
                comparisons += 1
                if share := likeness(meanings[0], recorded[column][0]):
                    points[column] = share / 4  # four of these are not worth a line that agrees
    return worth


def _is_loose(each: Meaning) -> bool:
    return any(UNKNOWN in part for part in each)
