"""dive's three rules, on dive's own figures, and in what these differ from layerscope's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.gate.subject import Finding, missing_layers, shown_path, unknown
from layerscope.gate.totals import LARGEST
from layerscope.gate.verdict import Offender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.filesystem.dive import DiveFigures
    from layerscope.gate.check import Check
    from layerscope.gate.subject import Subject
    from layerscope.inspection import Inspection


def efficiency(subject: Subject, check: Check) -> Finding:
    """Broken below the limit."""
    figures = _figures(subject)
    if figures is None:
        return _unknown(subject, "ratio")
    assert check.limit is not None
    return Finding(check.limit.value > figures.efficiency, figures.efficiency, "ratio", _largest(figures))


def wasted_bytes(subject: Subject, check: Check) -> Finding:
    """Broken above the limit."""
    figures = _figures(subject)
    if figures is None:
        return _unknown(subject, "bytes")
    assert check.limit is not None
    return Finding(figures.wasted_bytes > check.limit.value, figures.wasted_bytes, "bytes", _largest(figures))


def user_wasted_percent(subject: Subject, check: Check) -> Finding:
    """Broken above the limit; not a number, as of an image of one layer, breaks nothing, as dive has it."""
    figures = _figures(subject)
    if figures is None:
        return _unknown(subject, "ratio")
    assert check.limit is not None
    value = figures.user_wasted_percent
    return Finding(check.limit.value < value, value, "ratio", _largest(figures))


def differences(inspection: Inspection) -> Iterator[str]:
    """Why dive's figures are not layerscope's, with the bytes that make the difference."""
    figures = inspection.dive
    buried, filesystem = inspection.reclaimable, inspection.filesystem
    if figures is None or buried is None or filesystem is None:
        return
    reclaimable = sum(item.bytes for item in buried)
    if figures.wasted_bytes == reclaimable:
        return
    listed = {reference.path for reference in figures.inefficient}
    kept = sum(
        filesystem.tree.size(node)
        for path in listed
        for node in (filesystem.tree.find(path, follow=False),)
        if node is not None
    )
    missed = sum(item.bytes for item in buried if item.path not in listed)
    text = f"dive calls {figures.wasted_bytes:,} bytes wasted, and {reclaimable:,} can be reclaimed"
    reasons = []
    if kept:
        reasons.append(f"counts the copies that are kept, {kept:,} bytes")
    if missed:
        reasons.append(f"does not count {missed:,} bytes that went with a directory or behind an opaque marker")
    if reasons:
        text += f": dive {' and '.join(reasons)}"
    yield text


def _largest(figures: DiveFigures) -> tuple[Offender, ...]:
    return tuple(
        Offender(shown_path(each.path), path=each.path, bytes=each.bytes, detail=f"{each.leaves} times")
        for each in figures.references()[:LARGEST]
    )


def _figures(subject: Subject) -> DiveFigures | None:
    from layerscope.inspection import dive_of  # every analysis: the table of rules, of which --help is made, needs none

    return dive_of(subject.inspection)


def _unknown(subject: Subject, unit: str) -> Finding:
    return unknown(f"dive's figures are not known: {missing_layers(subject.inspection)}", unit)
