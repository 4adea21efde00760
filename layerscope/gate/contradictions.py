"""Policies that no image can meet, or whose rules contradict each other, are refused before any image is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.gate.check import Level, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layerscope.gate.check import Check

_NEVER_ZERO = ("max-layers", "max-age", "max-compressed-size", "max-uncompressed-size", "max-total-entries")
_OPPOSITES = (
    ("require-ports", "forbid-ports"),
    ("require-volumes", "forbid-volumes"),
    ("require-env", "forbid-env"),
    ("require-user", "forbid-user"),
    ("require-entrypoint", "forbid-entrypoint"),
    ("require-paths", "forbid-paths"),
)
_WILD = frozenset("*?[!")


def refuse_contradictions(checks: Sequence[Check]) -> None:
    """Raise UsageError for the first pair that cannot both hold, or the first limit that nothing can meet."""
    for check in checks:
        _refuse_impossible(check)
    _refuse_late_warnings(checks)
    for required, forbidden in _OPPOSITES:
        _refuse_opposites([each for each in checks if each.rule.name in (required, forbidden)], required)


def _refuse_impossible(check: Check) -> None:
    limit = check.limit
    if limit is None:
        if all(pattern.startswith("!") for pattern in check.patterns):
            raise UsageError(
                f"{check.origin}: {check.title} has only patterns that take out, so nothing ever matches",
                hint="name first what they take something out of, such as '*'",
            )
        return
    whole = check.rule.whole
    if whole is not None and limit.unit == "percent" and limit.value > whole:
        raise UsageError(
            f"{check.origin}: {check.title} of {limit.text} can never be passed",
            hint=f"it is a share of a whole: {whole:g} % at most",
        )
    if not limit.value and check.rule.name in _NEVER_ZERO and not check.layers:
        raise UsageError(
            f"{check.origin}: {check.title} of {limit.text} is impossible: no image meets it",
            hint="layerscope gate --suggest IMAGE proposes budgets from what an image is today",
        )


def _refuse_late_warnings(checks: Sequence[Check]) -> None:
    """A warning above the limit that already fails would never be seen."""
    for late in checks:
        for early in checks:
            if (
                late.level is Level.WARN
                and early.level is Level.FAIL
                and (late.rule, late.layers) == (early.rule, early.layers)
                and late.limit is not None
                and early.limit is not None
                and late.limit.unit == early.limit.unit
                and _is_looser(late, early)
            ):
                raise UsageError(
                    f"{late.origin}: {late.title} warns at {late.limit.text}, but fails at {early.limit.text} already",
                    hint="a warning comes before the failure: give it the tighter limit",
                )


def _is_looser(late: Check, early: Check) -> bool:
    assert late.limit is not None and early.limit is not None
    if late.rule.name.startswith("lowest-"):
        return late.limit.value <= early.limit.value
    return late.limit.value >= early.limit.value


def _refuse_opposites(checks: Iterable[Check], required: str) -> None:
    listed = list(checks)
    for wanted in (check for check in listed if check.rule.name == required):
        for unwanted in (check for check in listed if check.rule.name != required):
            for pattern in wanted.patterns:
                if not _WILD & set(pattern) and _forbids(unwanted, pattern) and _must(wanted, pattern):
                    raise UsageError(
                        f"{wanted.title} and {unwanted.title} contradict each other: {pattern!r} is required "
                        f"({wanted.origin}) and forbidden ({unwanted.origin})",
                        hint="take it out of one of them",
                    )


def _must(check: Check, pattern: str) -> bool:
    """Whether ``pattern`` is needed for sure: of a user or an entrypoint any one of several will do."""
    return check.rule.itemised or check.patterns == (pattern,)


def _forbids(check: Check, name: str) -> bool:
    if check.rule.name == "forbid-paths":
        from layerscope.gate.paths import gitignore

        return bool(gitignore(check.patterns, check.rule.name).match_file(name.lstrip("/")))
    return matches(check.patterns, name)
