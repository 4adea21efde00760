"""Bytes and shares as people read them. Units are SI: 1 kB is 1000 bytes."""

from __future__ import annotations

import math

_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB")


def human(size: int) -> str:
    """A size in at most eight characters: ``749 B``, ``1.2 MB``."""
    if size < 1000:
        return f"{size} B"
    value, unit = size / 1000, 0
    while round(value, 1) >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}"


def exact(size: int) -> str:
    """A size to the byte: ``1,234,567 bytes``."""
    return f"{size:,} byte" + ("" if size == 1 else "s")


def percent(share: float) -> str:
    """A share, rounded down, so that 100 % means all."""
    return f"{math.floor(share * 1000) / 10:.1f} %"


def count(number: int, one: str, many: str = "") -> str:
    """A number of things: ``1 layer``, ``12 layers``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
