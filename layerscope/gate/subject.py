"""What a rule looks at, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from layerscope.gate.check import Check, LayerSelection
    from layerscope.gate.growth import Growth
    from layerscope.gate.verdict import Offender
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.layers.index import LayerIndex


@dataclass(frozen=True, slots=True)
class Subject:
    """One image to be judged."""

    name: str
    """What it was called on the command line."""
    inspection: Inspection
    now: datetime
    """The moment that ages and expiry dates are held against, in UTC."""
    growth: Growth | None = None
    """Against the baseline, where there is one."""
    notes: tuple[str, ...] = ()
    """What else is to be said with the verdict."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, before exemptions."""

    broken: bool | None
    """None where it cannot be known; then ``detail`` says why."""
    measured: int | float | str | None = None
    unit: str = ""
    offenders: tuple[Offender, ...] = ()
    detail: str = ""
    at_least: bool = False
    """Whether ``measured`` may be larger, because not every layer could be read."""


def unknown(why: str, unit: str = "") -> Finding:
    """Nobody can tell, because of ``why``."""
    return Finding(None, unit=unit, detail=why)


def budget(
    check: Check,
    value: int | float | None,
    offenders: Iterable[Offender] = (),
    *,
    why: str = "",
    least: int | float = 0,
    detail: str = "",
) -> Finding:
    """A figure held to a limit; meeting it is allowed.

    Where the figure is unknown, ``least`` is what is known of it: that may break the limit already.
    """
    limit = check.limit
    assert limit is not None
    found = tuple(offenders)
    if value is None:
        if least > limit.value:
            return Finding(True, least, limit.unit, found, why, at_least=True)
        return unknown(why, limit.unit)
    return Finding(value > limit.value, value, limit.unit, found, detail)


def selected(subject: Subject, selection: LayerSelection) -> tuple[LayerReport, ...] | Finding:
    """The layers that a check is about, or why nobody can tell which."""
    from fnmatch import fnmatchcase

    layers = subject.inspection.layers
    if selection.index:
        wanted = {number if number >= 0 else len(layers) + number for number in selection.index}
        layers = tuple(layer for layer in layers if layer.index in wanted)
    if selection.instruction:
        layers = tuple(
            layer for layer in layers if fnmatchcase(" ".join(layer.instruction.text.split()), selection.instruction)
        )
    if selection.origin:
        if any(layer.is_base is None for layer in layers):
            return unknown("which layers come from the base image is not known: name it with --base")
        layers = tuple(layer for layer in layers if layer.is_base is (selection.origin == "base"))
    return layers


def indexes(inspection: Inspection) -> Iterator[tuple[int, LayerIndex]]:
    """The layers that were read, each with its number in the image."""
    if inspection.filesystem is not None:
        numbers = (layer.index for layer in inspection.layers if layer.skipped is None)
        yield from zip(numbers, inspection.filesystem.tree.indexes, strict=True)


def missing_layers(inspection: Inspection) -> str:
    """Which layers could not be read, in words; empty if all were."""
    gone = [layer for layer in inspection.layers if layer.skipped is not None]
    if not gone:
        return ""
    return f"layer {gone[0].index} was skipped" + (f" and {len(gone) - 1} more" if len(gone) > 1 else "")


def shown_path(path: bytes) -> str:
    """A path with its leading slash; bytes that are not UTF-8 are escaped."""
    return "/" + path.decode("utf-8", "backslashreplace")
