"""Every rule there is: the one table that policies, flags, schema, explanations and evaluation are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.gate.budgets import BUDGETS
from layerscope.gate.demands import DEMANDS
from layerscope.gate.limit import nearest

if TYPE_CHECKING:
    from layerscope.gate.rule import Rule

RULES: tuple[Rule, ...] = (*BUDGETS, *DEMANDS)
_BY_NAME = {rule.name: rule for rule in RULES}


def find_rule(name: str, where: str = "") -> Rule:
    """The rule of that name; else UsageError, with the nearest there is."""
    rule = _BY_NAME.get(name)
    if rule is None:
        place = f"{where}: " if where else ""
        raise UsageError(
            f"{place}there is no rule {name!r}",
            hint=f"did you mean {nearest(name, _BY_NAME)!r}? layerscope gate --explain all lists the rules",
        )
    return rule
