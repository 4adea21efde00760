"""``.dive-ci``, the rules file of dive: read as dive reads it."""

from __future__ import annotations

import logging
from typing import Any

from layerscope.errors import UsageError
from layerscope.gate.check import Check, Policy
from layerscope.gate.limit import Kind, Limit, nearest
from layerscope.gate.rules import find_rule

_log = logging.getLogger(__name__)
_DEFAULTS = {"lowest-efficiency": "0.9", "highest-wasted-bytes": "disabled", "highest-user-wasted-percent": "0.1"}
DISABLED = ("disabled", "off", "false", "")
_UNITS = {
    **{prefix: 1000**power for power, prefix in enumerate(("", "k", "m", "g", "t", "p", "e"))},
    **{f"{prefix}i": 1024 ** (power + 1) for power, prefix in enumerate("kmgtpe")},
}


def read_dive_ci(data: bytes, name: str) -> Policy:
    """The three rules of a ``.dive-ci``, in either spelling of their keys; what it leaves out is as dive has it.

    Keys that dive does not know it passes over; they are logged. Raises UsageError for what is no such file, and for
    limits that dive calls misconfigured.
    """
    import yaml

    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise UsageError(f"{name} is not YAML: {said[:300]}", hint="it is dive's rules file") from error
    rules = document.get("rules") if isinstance(document, dict) else document
    if not isinstance(document, dict | None) or not isinstance(rules, dict | None):
        raise UsageError(f"{name} has no rules", hint="dive's rules file is YAML: a mapping 'rules' of rule to limit")
    found: dict[str, Any] = dict(_DEFAULTS)
    spellings = {key.replace("-", ""): key for key in _DEFAULTS}
    for key, value in (rules or {}).items():
        rule = spellings.get(str(key).lower().replace("-", ""))
        if rule is None:
            _log.warning(
                "%s: dive has no rule %.80r and passes over it; did you mean %r?",
                name,
                key,
                nearest(str(key), _DEFAULTS),
            )
            continue
        found[rule] = value
    checks = (dive_check(rule, value, name) for rule, value in found.items())
    return Policy(tuple(check for check in checks if check is not None), (name,))


def dive_check(name: str, value: Any, origin: str) -> Check | None:
    """One of dive's rules with a limit as dive reads it; None where it is disabled."""
    text = "" if value is None or value is False else str(value).strip()
    if text.lower() in DISABLED:
        return None
    rule = find_rule(name)
    what = f"{origin}: {rule.alias}"
    limit = _size(text, what) if rule.kind is Kind.SIZE else _ratio(text, what)
    return Check(rule, origin, limit)


def _ratio(text: str, what: str) -> Limit:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(f"{what} cannot be {text[:80]!r}", hint="it is a number from 0 to 1, or disabled")
    return Limit(value, "ratio", text)


def _size(text: str, what: str) -> Limit:
    """As go-humanize reads it: commas are passed over, and fractions multiplied in floating point."""
    digits = len(text) - len(text.lstrip("0123456789.,"))
    number, unit = text[:digits].replace(",", ""), text[digits:].strip().lower()
    factor = _UNITS.get(unit.removesuffix("b"))
    try:
        value = float(number) * factor if factor is not None else -1.0
    except ValueError:
        value = -1.0
    if not 0 <= value < 2**64:
        raise UsageError(f"{what} cannot be {text[:80]!r}", hint="it is a size such as 20MB or 20MiB, or disabled")
    system = "IEC" if unit.startswith(("ki", "mi", "gi", "ti", "pi", "ei")) else "SI"
    return Limit(int(value), "bytes", f"{text} ({system})" if unit.removesuffix("b") else f"{text}")
