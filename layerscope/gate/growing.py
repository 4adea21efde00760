"""Rules on growth against a baseline. Without one they are unknown, and so are figures that one side does not know."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layerscope.gate.subject import Finding, budget, shown_path, unknown
from layerscope.gate.verdict import Offender

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.gate.check import Check
    from layerscope.gate.growth import Growth, LayerGrowth
    from layerscope.gate.subject import Subject

NO_BASELINE = "there is no baseline to hold the image against: give one with --baseline"


def content(subject: Subject, check: Check) -> Finding:
    """Bytes of content more than the baseline's."""
    growth = subject.growth
    if growth is None:
        return unknown(NO_BASELINE, _unit(check))
    return _grown(check, growth.before.file_bytes, growth.after.file_bytes, brought(growth))


def compressed(subject: Subject, check: Check) -> Finding:
    """Compressed bytes more than the baseline's."""
    growth = subject.growth
    if growth is None:
        return unknown(NO_BASELINE, _unit(check))
    return _grown(check, growth.before.compressed_bytes, growth.after.compressed_bytes, ())


def layer(subject: Subject, check: Check) -> Finding:
    """The layer that grew most; each that grew too much is named. A new layer grows by all it has."""
    growth = subject.growth
    if growth is None:
        return unknown(NO_BASELINE, _unit(check))
    if any(part.bytes is None for part in growth.layers):
        return unknown("a layer could not be read, so nobody knows by how much it grew", _unit(check))
    assert check.limit is not None
    grown = [
        (_share(check, part.bytes or 0, part.before or 0), part) for part in growth.layers if part.index is not None
    ]
    over = [
        Offender(f"layer {part.index}", part.index, bytes=part.bytes, detail=part.kind)
        for value, part in grown
        if value > check.limit.value
    ]
    return budget(check, max((value for value, _ in grown), default=0), over)


def packages(subject: Subject, check: Check) -> Finding:
    """What packages together weigh more than in the baseline."""
    growth = subject.growth
    if growth is None:
        return unknown(NO_BASELINE, _unit(check))
    before, after = growth.before.packages, growth.after.packages
    if growth.packages is None or before is None or after is None:
        return unknown("the packages of the baseline or of the image are not known", _unit(check))
    offenders = [
        Offender(_renamed(part.name, part.before, part.after), part.layer, package=part.name, bytes=part.bytes)
        for part in growth.packages
        if part.bytes > 0
    ]
    return _grown(check, sum(each.bytes for each in before), sum(each.bytes for each in after), offenders)


def added_layers(subject: Subject, check: Check) -> Finding:
    """How many layers there are more."""
    growth = subject.growth
    if growth is None:
        return unknown(NO_BASELINE, "layers")
    new = (part for part in growth.layers if part.kind == "new")
    return budget(
        check,
        growth.layers_added,
        [Offender(f"layer {part.index}", part.index, bytes=part.bytes) for part in new],
    )


def added_packages(subject: Subject, check: Check) -> Finding:
    """How many packages there are that were not there before, by name."""
    growth = subject.growth
    if growth is None:
        return unknown(NO_BASELINE, "packages")
    if growth.packages is None:
        return unknown("the packages of the baseline or of the image are not known", "packages")
    new = [
        Offender(f"{part.name} {part.after}", part.layer, package=part.name, bytes=part.bytes)
        for part in growth.packages
        if part.before is None
    ]
    return budget(check, len(new), new)


def brought(growth: Growth) -> list[Offender]:
    """What brought bytes: a package with all its files, or a file nobody owns, in a layer; the largest first."""
    found = [offender for part in growth.layers if part.index is not None for offender in _brought_by(part)]
    return sorted(found, key=lambda each: (-(each.bytes or 0), each.layer or 0, each.name))


def _brought_by(part: LayerGrowth) -> Iterator[Offender]:
    if part.files is None:
        if part.bytes is not None and part.bytes > 0:
            yield Offender(f"layer {part.index}", part.index, bytes=part.bytes, detail=part.kind)
        return
    for name, size in part.packages():
        if size > 0:
            yield Offender(name, part.index, package=name, bytes=size)
    for file in part.files:
        if file.bytes > 0 and not file.package:
            yield Offender(shown_path(file.path), part.index, path=file.path, bytes=file.bytes)


def _grown(check: Check, before: int | None, after: int | None, offenders: Iterable[Offender]) -> Finding:
    if before is None or after is None:
        side = "the baseline" if before is None else "the image"
        return unknown(f"the size of {side} is not known", _unit(check))
    detail = f"{before:,} bytes before, {after:,} now"
    return budget(check, _share(check, after - before, before), offenders, detail=detail)


def _share(check: Check, grown: int, before: int) -> int | float:
    """Bytes, or the percentage that they are of what was there before."""
    assert check.limit is not None
    if check.limit.unit != "percent":
        return grown
    if before:
        return 100 * grown / before
    return math.inf if grown > 0 else 0.0


def _unit(check: Check) -> str:
    return check.limit.unit if check.limit is not None else ""


def _renamed(name: str, before: str | None, after: str | None) -> str:
    if before is None or after is None or before == after:
        return f"{name} {after or before}"
    return f"{name} {before} to {after}"
