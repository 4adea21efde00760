"""Reading a policy: a TOML table, or flags. What it says is checked before any image is looked at."""

from __future__ import annotations

import dataclasses
import tomllib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from layerscope.errors import UsageError
from layerscope.gate.check import ALL_LAYERS, Check, Exemption, LayerSelection, Level, Policy
from layerscope.gate.contradictions import refuse_contradictions
from layerscope.gate.diveci import dive_check
from layerscope.gate.limit import Kind, nearest, parse_limit, parse_patterns
from layerscope.gate.paths import gitignore
from layerscope.gate.rules import RULES, find_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from layerscope.gate.rule import Rule

SECTION = "gate"
"""The table in layerscope.toml; in pyproject.toml it is ``tool.layerscope.gate``."""
_COMMON = ("level", "reason", "exempt")
_ON_LAYERS = ("index", "instruction", "from")
_EXEMPTION = ("until", "match", "image", "reason")
_ORIGINS = ("base", "own")
_SCOPES = ("image", "layers")


def policy_table(data: bytes, name: str) -> dict[str, Any] | None:
    """The gate's table of a file: ``[gate]``, in a pyproject.toml ``[tool.layerscope.gate]``; None where it has none.

    Raises UsageError for what is not TOML, and for tables that layerscope.toml does not know.
    """
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is not TOML: {error}", hint="a policy is a TOML file with a table [gate]") from error
    if name.replace("\\", "/").rsplit("/", 1)[-1] == "pyproject.toml":
        place = "[tool.layerscope.gate]"
        found: Any = document
        for key in ("tool", "layerscope", SECTION):
            found = found.get(key) if isinstance(found, dict) else None
    else:
        place = "[gate]"
        for key in document:
            if key != SECTION:
                raise UsageError(
                    f"{name}: there is no table {key!r}", hint=f"did you mean {nearest(key, [SECTION])!r}?"
                )
        found = document.get(SECTION)
    if found is not None and not isinstance(found, dict):
        raise UsageError(f"{name}: {place} is not a table")
    return found


def read_policy(table: Mapping[str, Any], name: str) -> Policy:
    """The checks of a gate's table; UsageError names the key that is wrong, and what was probably meant."""
    checks: list[Check] = []
    for key, value in table.items():
        rule = find_rule(key, name)
        for number, item in enumerate(_items(value)):
            checks.append(_check(rule, item, name, f"{name}: {key}" + (f"[{number}]" if number else "")))
    refuse_contradictions(checks)
    return Policy(tuple(checks), (name,))


def with_flags(policy: Policy, flags: Mapping[str, Sequence[str]], warn_only: Iterable[str] = ()) -> Policy:
    """The policy with what flags demand: a flag takes the place of everything a file says on its rule.

    ``warn_only`` names rules that only warn, whatever demands them.
    """
    given: list[Check] = []
    replaced: set[str] = set()
    for name, values in flags.items():
        rule = find_rule(name)
        if not values:
            continue
        what = f"--{name}"
        if rule.alias:
            check = dive_check(name, values[-1], what)
            given += [check] if check is not None else []
            replaced.add(name)
            continue
        if rule.kind is Kind.PATTERNS:
            given.append(_with_demand(Check(rule, what), parse_patterns(list(values), what), what))
        else:
            given += (_with_demand(Check(rule, what), value, what) for value in values)
    replaced.update(check.rule.name for check in given)
    checks = [check for check in policy.checks if check.rule.name not in replaced] + given
    order = {rule.name: number for number, rule in enumerate(RULES)}
    checks.sort(key=lambda check: order[check.rule.name])
    warned = set()
    for name in warn_only:
        rule = find_rule(name, "--warn")
        warned.add(rule.name)
        if all(check.rule is not rule for check in checks):
            raise UsageError(f"--warn {name}: nothing demands {name}", hint=f"give it a limit: --{name}")
    checks = [dataclasses.replace(check, level=Level.WARN) if check.rule.name in warned else check for check in checks]
    refuse_contradictions(checks)
    return Policy(tuple(checks), policy.origins)


def _items(value: Any) -> list[Any]:
    """A rule's value is a demand, a table, or a list of tables, each a check of its own."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return value
    return [value]


def _check(rule: Rule, value: Any, name: str, what: str) -> Check:
    check = Check(rule, name)
    if not isinstance(value, dict):
        return _with_demand(check, value, what)
    key = "patterns" if rule.kind is Kind.PATTERNS else "limit"
    known = (key, *_COMMON, *(_ON_LAYERS if rule.on_layers else ()), *(("scope",) if rule.on_paths else ()))
    _refuse_unknown(value, known, what)
    if key not in value:
        raise UsageError(f"{what} has no {key!r}", hint=f"say what it is held to: {key} = {rule.example}")
    check = _with_demand(check, value[key], f"{what}: {key}")
    return dataclasses.replace(
        check,
        level=Level(_one_of(value.get("level", "fail"), [str(level) for level in Level], f"{what}: level")),
        reason=_text(value.get("reason", ""), f"{what}: reason"),
        exemptions=tuple(_exemptions(rule, value.get("exempt", []), f"{what}: exempt")),
        layers=_selection(value, what),
        everywhere=_one_of(value.get("scope", "image"), _SCOPES, f"{what}: scope") == "layers",
    )


def _with_demand(check: Check, value: Any, what: str) -> Check:
    rule = check.rule
    if rule.kind is Kind.PATTERNS:
        patterns = parse_patterns(value, what)
        if rule.group == "Paths":
            gitignore(patterns, what)
        return dataclasses.replace(check, patterns=patterns)
    return dataclasses.replace(check, limit=parse_limit(rule.kind, value, rule.unit, what))


def _selection(value: Mapping[str, Any], what: str) -> LayerSelection:
    index = value.get("index", ())
    listed = (index,) if isinstance(index, int) else index
    if not isinstance(listed, list | tuple) or not all(type(number) is int for number in listed):
        raise UsageError(f"{what}: index is not a layer's number: {index!r}", hint="0 is the bottom, -1 the top")
    origin = value.get("from", "")
    if "from" in value:
        _one_of(origin, _ORIGINS, f"{what}: from")
    found = LayerSelection(tuple(listed), _text(value.get("instruction", ""), f"{what}: instruction"), origin)
    return found or ALL_LAYERS


def _exemptions(rule: Rule, value: Any, what: str) -> Iterator[Exemption]:
    listed = [value] if isinstance(value, dict) else value
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise UsageError(f"{what} is not a list of tables", hint='write it as [{ until = 2027-01-31, reason = "…" }]')
    for item in listed:
        _refuse_unknown(item, _EXEMPTION, what)
        if "until" not in item:
            raise UsageError(f"{what} has no 'until'", hint="an exemption ends: until = 2027-01-31")
        match = _text(item.get("match", ""), f"{what}: match")
        if match and not rule.itemised:
            raise UsageError(
                f"{what}: {rule.name} is about a total, in which nothing can be exempt by name",
                hint="leave 'match' out: the exemption is then for the rule as a whole",
            )
        yield Exemption(
            until=_day(item["until"], f"{what}: until"),
            match=match,
            image=_text(item.get("image", ""), f"{what}: image"),
            reason=_text(item.get("reason", ""), f"{what}: reason"),
        )


def _day(value: Any, what: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise UsageError(f"{what} is not a day: {str(value)[:80]!r}", hint="write it as 2027-01-31") from None


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{what} is not a text: {str(value)[:80]!r}")
    return value


def _one_of(value: Any, valid: Sequence[str], what: str) -> str:
    if value not in valid:
        like = nearest(value, valid) if isinstance(value, str) else valid[0]
        raise UsageError(
            f"{what} cannot be {str(value)[:80]!r}", hint=f"it is one of {', '.join(valid)}; did you mean {like!r}?"
        )
    return str(value)


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(
                f"{what} has no key {key!r}",
                hint=f"did you mean {nearest(key, known)!r}? There are {', '.join(known)}",
            )
