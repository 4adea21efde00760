"""Rules of the gate, explained for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.gate.limit import Kind
from layerscope.report.grid import GAP, hang
from layerscope.report.page import HEADING, KIND, QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.gate.rule import Rule
    from layerscope.report.page import Page


def render_rule(rule: Rule, page: Page) -> Iterator[str]:
    """One rule: what it means, how it is written."""
    return page.lines(_rule(rule, page))


def render_rules(rules: Sequence[Rule], page: Page) -> Iterator[str]:
    """Every rule in a line, by group."""
    return page.lines(_rules(rules, page))


def example(rule: Rule) -> list[str]:
    """A rule as a policy has it: short, and with everything that it takes."""
    key = "patterns" if rule.kind is Kind.PATTERNS else "limit"
    lines = ["[gate]", f"{rule.name} = {rule.example}", "", "# or, with more to say:"]
    lines += [f"[[gate.{rule.name}]]", f"{key} = {rule.example}"]
    if rule.on_layers:
        lines += ['instruction = "RUN apt-get *"  # only layers that it made; or index = -1, or from = "own"']
    if rule.on_paths:
        lines += ['scope = "layers"  # also what a later layer hides; "image" by default']
    lines += ['level = "warn"  # "fail" by default', 'reason = "why the rule is there"']
    match = 'match = "…", ' if rule.itemised else ""
    lines += [f'exempt = [{{ {match}until = 2027-01-31, reason = "why it may" }}]']
    return lines


def _rule(rule: Rule, page: Page) -> Iterator[Text]:
    yield Text(rule.name, style=KIND)
    yield from hang(Text(GAP), rule.title[:1].upper() + rule.title[1:] + ".", page.width)
    yield Text()
    yield from hang(Text(GAP), rule.meaning, page.width)
    yield Text()
    yield from hang(
        Text(GAP), "It fails the gate when it is broken, or unknown; with level warn it only warns.", page.width
    )
    yield Text()
    yield Text(f"{GAP}In a policy:", style=HEADING)
    for line in example(rule):
        yield Text(GAP * 2 + line)
    yield Text()
    flags = f"--{rule.name}" + (f", or as dive has it --{rule.alias}" if rule.alias else "")
    yield from hang(Text(f"{GAP}As a flag: ", style=HEADING), flags, page.width)


def _rules(rules: Sequence[Rule], page: Page) -> Iterator[Text]:
    width = max(len(rule.name) for rule in rules)
    group = ""
    for rule in rules:
        if rule.group != group:
            if group:
                yield Text()
            group = rule.group
            yield Text(group, style=HEADING)
        yield from hang(Text(GAP + rule.name.ljust(width) + GAP), rule.title, page.width, QUIET)
