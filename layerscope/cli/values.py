"""Sizes, durations and numbers as people write them on a command line."""

from __future__ import annotations

import math
import re

import typer

_SIZE = re.compile(r"(\d{1,19}(?:\.\d{1,19})?)\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_SI = {prefix: 1000**power for power, prefix in enumerate(("", "k", "m", "g", "t", "p", "e"))}
_IEC = {f"{prefix}i": 1024**power for power, prefix in enumerate(("", "k", "m", "g", "t", "p", "e")) if prefix}
_FACTORS = {**_SI, **_IEC}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)", re.ASCII | re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MOST = 1 << 62


def text(value: str) -> str:
    """As it is: names of files need not be UTF-8, and typer's own text type refuses those that are not."""
    return value


def size(value: str) -> int:
    """Bytes: ``500000``, ``64MB`` (SI, 1000 each) or ``64MiB`` (IEC, 1024 each)."""
    match = _SIZE.fullmatch(str(value).strip())
    factor = _FACTORS.get(match[2].lower().removesuffix("b")) if match else None
    if match is None or factor is None or not 0 < (found := int(float(match[1]) * factor)) < _MOST:
        raise typer.BadParameter(f"{value!r} is not a size; write bytes, or a number with kB, MB, GB, KiB, MiB or GiB")
    return int(match[1]) * factor if match[1].isdigit() else found


def duration(value: str) -> float:
    """Seconds: ``90s``, ``15m``, ``12h``, ``30d``, ``4w``."""
    match = _DURATION.fullmatch(str(value).strip())
    if match is None or len(match[1]) > 12:
        raise typer.BadParameter(f"{value!r} is not a duration; write a number with s, m, h, d or w, such as 30d")
    return float(match[1]) * _SECONDS[match[2].lower()]


def seconds(value: str) -> float:
    """A number of seconds above zero."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not 0 < found <= 86400:
        raise typer.BadParameter(f"{value!r} is not a number of seconds between 0 and 86400")
    return found


def whole(value: str) -> int:
    """A whole number, 0 or more."""
    plain = str(value).strip()
    if not (plain.isascii() and plain.isdigit()) or len(plain) > 18:
        raise typer.BadParameter(f"{value!r} is not a whole number")
    return int(plain)


def positive(value: str) -> int:
    """A whole number, 1 or more."""
    if found := whole(value):
        return found
    raise typer.BadParameter(f"{value!r} is not a whole number above zero")
