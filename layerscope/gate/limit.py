"""What a rule may be held to: sizes, shares, counts, ages, patterns, as people write them in a policy."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING

from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = re.compile(r"(\d{1,19}(?:\.\d{1,19})?)\s*([^\d\s.].*)?", re.ASCII)
_SI = {prefix: 1000**power for power, prefix in enumerate(("", "k", "m", "g", "t", "p"))}
_IEC = {f"{prefix}i": 1024**power for power, prefix in enumerate(("", "k", "m", "g", "t", "p")) if prefix}
_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "PiB")
_AGE_UNITS = {"h": 3600, "d": 86400, "w": 604800}
_MOST = 1 << 62


class Kind(enum.StrEnum):
    """What a rule's limit is."""

    SIZE = "size"
    """Bytes: ``250MB`` (SI), ``250MiB`` (IEC), or a bare number of bytes."""
    AMOUNT = "amount"
    """A size, or a percentage such as ``5%``."""
    COUNT = "count"
    AGE = "age"
    """``12h``, ``30d``, ``4w``."""
    RATIO = "ratio"
    """A number from 0 to 1."""
    PATTERNS = "patterns"
    """A list; ``*`` stands for anything, the last pattern that matches decides, and ``!`` takes out again."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that is a figure."""

    value: int | float
    unit: str
    """``bytes``, ``percent``, ``ratio``, ``seconds``, or what is counted: ``layers``."""
    text: str
    """As it was written, and which units it was read in: ``250MB (SI)``."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """The valid name that looks most like ``name``."""
    names = list(valid)
    dashed = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).replace("_", "-").lower()
    found = get_close_matches(dashed, names, n=1, cutoff=0) or names[:1]
    return found[0] if found else ""


def parse_limit(kind: Kind, value: object, unit: str, what: str) -> Limit:
    """A figure as a policy or a flag has it; ``what`` names it in the UsageError that says what is wrong."""
    if kind is Kind.SIZE:
        return _size(value, what)
    if kind is Kind.AMOUNT:
        return _amount(value, what)
    if kind is Kind.AGE:
        return _age(value, what)
    if kind is Kind.RATIO:
        return _ratio(value, what)
    return _count(value, unit, what)


def parse_patterns(value: object, what: str) -> tuple[str, ...]:
    """A list of patterns, or one alone."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
        raise UsageError(f"{what} is not a list of texts: {_shown(value)}", hint='write it as ["one", "another"]')
    if not listed:
        raise UsageError(f"{what} is an empty list, which says nothing", hint="name a pattern, or leave the rule out")
    for item in listed:
        if not item.strip():
            raise UsageError(f"{what} has an empty pattern", hint="leave it out")
    return tuple(listed)


def _size(value: object, what: str) -> Limit:
    if isinstance(value, int) and not isinstance(value, bool):
        number, unit = str(value), ""
        if value < 0:
            raise _wrong(what, value, "a size is not negative")
    else:
        number, unit = _split(value, what, "a size is bytes, or a number with kB, MB, GB (1000 each) or KiB, MiB, GiB")
    letters = unit.lower().removesuffix("b")
    factor = {**_SI, **_IEC}.get(letters)
    if factor is None:
        raise _wrong(what, value, f"there is no unit {unit!r}; did you mean {_unit_like(unit)!r}?")
    size = int(Decimal(number) * factor)
    if size >= _MOST:
        raise _wrong(what, value, "no image is that large")
    system = "IEC" if letters.endswith("i") else "SI" if letters else "bytes"
    return Limit(
        size,
        "bytes",
        f"{number} byte{'' if number == '1' else 's'}" if system == "bytes" else f"{number} {unit} ({system})",
    )


def _amount(value: object, what: str) -> Limit:
    if isinstance(value, str) and value.strip().endswith("%"):
        number, unit = _split(value, what, "a percentage is a number with %")
        if unit != "%":
            raise _wrong(what, value, "a percentage is a number with %")
        return Limit(float(number), "percent", f"{number} %")
    bare = value.strip().replace(".", "", 1).isdigit() if isinstance(value, str) else type(value) in (int, float)
    if bare and value not in (0, "0"):
        raise _wrong(what, value, f"say whether percent or bytes are meant: '{value}%' or '{value}MB'")
    return _size(value, what)


def _count(value: object, unit: str, what: str) -> Limit:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 19:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(what, value, f"it counts {unit}: write a whole number, without a unit")
    return Limit(value, unit, f"{value:,}")


def _age(value: object, what: str) -> Limit:
    number, unit = _split(value, what, "an age is a number with h, d or w, such as 30d")
    if unit not in _AGE_UNITS:
        raise _wrong(what, value, "an age is a number with h, d or w, such as 30d")
    return Limit(int(Decimal(number) * _AGE_UNITS[unit]), "seconds", f"{number} {unit}")


def _ratio(value: object, what: str) -> Limit:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise _wrong(what, value, "it is a share: write a number from 0 to 1, such as 0.9")
    return Limit(number, "ratio", str(value))


def _split(value: object, what: str, rule: str) -> tuple[str, str]:
    match = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise _wrong(what, value, rule)
    return match[1], (match[2] or "").strip()


def _unit_like(unit: str) -> str:
    found = get_close_matches(unit.lower(), [each.lower() for each in _SIZE_UNITS], n=1, cutoff=0)
    return next((each for each in _SIZE_UNITS if found and each.lower() == found[0]), "MB")


def _wrong(what: str, value: object, rule: str) -> UsageError:
    return UsageError(f"{what} cannot be {_shown(value)}", hint=rule)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
