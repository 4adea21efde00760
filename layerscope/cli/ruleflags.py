"""A flag for every rule, made from the table of rules."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from layerscope.cli import values
from layerscope.cli.options import RULES as PANEL
from layerscope.cli.options import option
from layerscope.gate.limit import Kind
from layerscope.gate.rule import Rule
from layerscope.gate.rules import RULES

_METAVARS = {
    Kind.SIZE: "SIZE",
    Kind.AMOUNT: "SIZE|PERCENT",
    Kind.COUNT: "N",
    Kind.AGE: "AGE",
    Kind.RATIO: "RATIO",
    Kind.PATTERNS: "PATTERN",
}


def _field(rule: Rule) -> tuple[str, Any, Any]:
    help_text = rule.title[:1].upper() + rule.title[1:] + "."
    listed = rule.kind is Kind.PATTERNS
    if listed:
        help_text = help_text.removesuffix(".") + "; may be repeated."
    names = [f"--{rule.name}", *([f"--{rule.alias}"] if rule.alias else [])]
    declared = option(*names, panel=PANEL, parser=values.text, metavar=_METAVARS[rule.kind], help=help_text)
    name = rule.name.replace("-", "_")
    if listed:
        return name, Annotated[list[str], declared], dataclasses.field(default_factory=list)
    return name, Annotated[str | None, declared], dataclasses.field(default=None)


if TYPE_CHECKING:

    class RuleFlags:
        """What each rule is held to on the command line; its fields are the names of the rules."""

else:
    RuleFlags = dataclasses.make_dataclass(
        "RuleFlags", [_field(rule) for rule in RULES], frozen=True, slots=True, kw_only=True
    )


def demands(flags: RuleFlags) -> dict[str, list[str]]:
    """Rules that flags give a limit or patterns."""
    found = {}
    for rule in RULES:
        value = getattr(flags, rule.name.replace("-", "_"))
        if value is not None and value != []:
            found[rule.name] = value if isinstance(value, list) else [value]
    return found
