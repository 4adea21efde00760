"""What a verdict says, in words that every report for people shares. Nothing here is made safe to print yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.gate.limit import Kind
from layerscope.gate.verdict import Failed, Status
from layerscope.report.quantities import count, exact, human

if TYPE_CHECKING:
    from layerscope.gate.growth import Growth
    from layerscope.gate.verdict import GateRun, Offender, Result, Verdict

NAMED = 3
"""Offenders that one sentence names."""
_DAY = 86400
HEADLINE = {"pass": "the gate passes", "warn": "the gate passes, with warnings", "fail": "the gate fails"}


def figure(value: int | float | str | None, unit: str, *, at_least: bool = False) -> str:
    """A measured figure in few characters; empty where there is none."""
    if value is None:
        return ""
    prefix = "≥ " if at_least else ""
    if isinstance(value, str):
        return value or "none"
    if unit == "bytes":
        return prefix + human(int(value))
    if unit == "percent":
        return f"{prefix}{value:.2f} %"
    if unit == "seconds":
        return f"{prefix}{value / _DAY:.1f} d"
    if unit == "ratio":
        return f"{value:.4f}"
    return f"{prefix}{value:,}"


def demand(result: Result) -> str:
    """What a rule is held to, in few characters."""
    check = result.check
    if check.limit is not None:
        return check.limit.text
    return count(len(check.patterns), "pattern")


def found(result: Result) -> str:
    """What a rule measured, in few characters."""
    shown = figure(result.measured, result.unit, at_least=result.at_least)
    if result.check.rule.kind is Kind.PATTERNS and isinstance(result.measured, int):
        return f"{shown} {'missing' if result.check.rule.name.startswith('require') else 'found'}"
    return shown


def sentence(result: Result, *, named: int = NAMED) -> str:
    """What came out, with the figures to the byte and the first offenders."""
    check, title = result.check, result.check.rule.title
    if result.status is Status.UNKNOWN:
        return f"{title}: {result.detail}"
    text = f"{title}: {_precisely(result)}"
    if check.limit is not None:
        text += f", {check.limit.text} allowed" if result.status is not Status.PASS else f" of {check.limit.text}"
    if result.detail:
        text += f" ({result.detail})"
    if named and check.rule.kind is Kind.PATTERNS and result.offenders:
        text += ": " + listed(result.offenders, named)
    return text


def listed(offenders: tuple[Offender, ...], named: int) -> str:
    """The first offenders by name, and how many more there are."""
    text = ", ".join(each.name or "none" for each in offenders[:named])
    more = len(offenders) - named
    return f"{text} and {more:,} more" if more > 0 else text


def named(offender: Offender) -> str:
    """An offender, and the layer it comes from."""
    text = offender.name or "none"
    if offender.detail:
        text += f" ({offender.detail})"
    if offender.layer is None or offender.name == f"layer {offender.layer}":
        return text
    return f"{text} in layer {offender.layer}"


def asides(result: Result) -> list[str]:
    """What else is to be said: the reason, exemptions, and those that are over."""
    lines = []
    if result.check.reason and result.status not in (Status.PASS, Status.EXEMPT):
        lines.append(f"why: {result.check.reason}")
    lines += [f"an exemption expired on {each.until}" + _because(each.reason) for each in result.expired]
    for exemption in dict.fromkeys(exemption for _, exemption in result.exempt):
        whom = [offender for offender, each in result.exempt if each is exemption and offender is not None]
        what = listed(tuple(whom), NAMED) + " exempt" if whom else "exempt"
        lines.append(f"{what} until {exemption.until}" + _because(exemption.reason))
    return lines


def headline(verdict: Verdict) -> str:
    """How an image came out, in one line without its name."""
    counts = [
        f"{verdict.count(status)} {word}"
        for status, word in (
            (Status.FAIL, "failed"),
            (Status.UNKNOWN, "unknown"),
            (Status.WARN, "warned"),
            (Status.EXEMPT, "exempt"),
            (Status.PASS, "passed"),
        )
        if verdict.count(status)
    ]
    return f"{HEADLINE[verdict.status]}: {', '.join(counts)}" if counts else HEADLINE[verdict.status]


def grown(growth: Growth) -> str:
    """By how much an image grew, in one line."""
    parts = []
    for name, before, after in (
        ("content", growth.before.file_bytes, growth.after.file_bytes),
        ("compressed", growth.before.compressed_bytes, growth.after.compressed_bytes),
    ):
        if before is not None and after is not None:
            share = f" ({100 * (after - before) / before:+.2f} %)" if before else ""
            parts.append(f"{name} {after - before:+,} bytes{share}")
    parts.append(f"{growth.layers_added:+} layers")
    if growth.packages is not None:
        new = sum(part.before is None for part in growth.packages)
        gone = sum(part.after is None for part in growth.packages)
        parts.append(f"packages +{new} -{gone}")
    return ", ".join(parts)


def failure(failed: Failed) -> str:
    """What could not be judged, in one line."""
    platform = f" ({failed.platform})" if failed.platform else ""
    plain = not failed.name or (failed.message.startswith(failed.name) and not platform)
    return failed.message if plain else f"{failed.name}{platform}: {failed.message}"


def label(verdict: Verdict, run: GateRun) -> str:
    """What to call an image among those of a run: with its platform where that is not plain."""
    platform = verdict.image.config.platform
    same = [other for other in run.verdicts if other.image.reference == verdict.image.reference]
    return f"{verdict.image.reference} ({platform})" if len(same) > 1 and platform else verdict.image.reference


def _precisely(result: Result) -> str:
    if result.unit == "bytes" and isinstance(result.measured, int):
        return ("at least " if result.at_least else "") + f"{exact(result.measured)} ({human(result.measured)})"
    if result.unit == "ratio":
        return str(result.measured)  # to the last digit: what is compared is not rounded
    return found(result)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
