"""Verdicts as GitHub-flavoured Markdown: for a pull request's comment, a job's summary.

What does not fit is left out section by section, the last first, and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.gate.growing import brought
from layerscope.gate.totals import LARGEST
from layerscope.gate.verdict import Failed, Status
from layerscope.report.display import display_words
from layerscope.report.markdown import code
from layerscope.report.quantities import human
from layerscope.report.verdictwords import asides, demand, failure, found, grown, headline, label, named, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.gate.growth import Growth
    from layerscope.gate.verdict import GateRun, Result, Verdict

COMMENT = 60_000
"""Characters for a comment, which may have 65 536."""
SUMMARY = 900_000
"""Bytes for a step's summary on GitHub, which may have 1 MiB."""
_SIGNS = {
    Status.PASS: "✅",
    Status.EXEMPT: "☑️",
    Status.WARN: "⚠️",
    Status.UNKNOWN: "❓",
    Status.FAIL: "❌",
}


def render_gate_markdown(run: GateRun, room: int = COMMENT) -> Iterator[str]:
    """A run in at most ``room`` bytes."""
    marker = "<!-- layerscope gate -->\n"  # by which a bot finds its own comment again
    left = room - len(marker) - 100
    yield marker
    parts = list(_parts(run))
    for number, part in enumerate(parts):
        left -= len(part.encode())
        if left < 0:
            yield f"\n*{len(parts) - number} more sections are left out; `--report json=FILE` has everything.*\n"
            return
        yield part


def _parts(run: GateRun) -> Iterator[str]:
    """The verdicts, and behind all of them what broke them: where room is short, details go first."""
    for outcome in run.outcomes:
        if isinstance(outcome, Failed):
            hint = f" {code(display_words(outcome.hint))}" if outcome.hint else ""
            yield f"### ❌ not judged\n\n{code(display_words(failure(outcome)))}{hint}\n\n"
        else:
            yield _verdict(outcome, run)
    for verdict in run.verdicts:
        if verdict.growth is not None:
            yield _growth(verdict.growth)
        for result in verdict.results:
            if result.status not in (Status.PASS, Status.EXEMPT):
                yield _details(result)


def _verdict(verdict: Verdict, run: GateRun) -> str:
    sign = _SIGNS[verdict.status]
    lines = [f"### {sign} {code(display_words(label(verdict, run)))}", "", f"**{headline(verdict)}**", ""]
    if verdict.results:
        lines += ["| | rule | measured | allowed |", "|---|---|--:|--:|"]
        lines += [
            f"| {_SIGNS[result.status]} {result.status} | {code(display_words(result.check.title))} "
            f"| {_cell(found(result))} | {_cell(demand(result))} |"
            for result in verdict.results
        ]
        lines.append("")
    lines += [f"- {code(display_words(note))}" for note in verdict.notes]
    return "\n".join(lines) + "\n\n"


def _details(result: Result) -> str:
    title = f"{result.check.title}: {result.status}"
    lines = [f"<details><summary>{_html(display_words(title))}</summary>", "", code(display_words(sentence(result)))]
    lines += ["", *(f"- {code(display_words(line))}" for line in asides(result))]
    for offender in result.offenders[:LARGEST]:
        size = "" if offender.bytes is None else f"**{human(offender.bytes)}** "
        made = f" {code(display_words(offender.instruction.text))}" if offender.instruction else ""
        lines.append(f"- {size}{code(display_words(named(offender)))}{made}")
    if len(result.offenders) > LARGEST:
        lines.append(f"- and {len(result.offenders) - LARGEST:,} more")
    return "\n".join([*lines, "", "</details>", "", ""])


def _growth(growth: Growth) -> str:
    parts = brought(growth)
    lines = [f"<details><summary>Growth: {_html(grown(growth))}</summary>", ""]
    if parts:
        lines += ["| size | layer | instruction | package or file |", "|--:|--:|---|---|"]
    texts = {part.index: part.text for part in growth.layers}
    lines += [
        f"| +{human(each.bytes or 0)} | {each.layer} | {_cell(texts.get(each.layer, ''))} | {_cell(each.name)} |"
        for each in parts[:LARGEST]
    ]
    if len(parts) > LARGEST:
        lines += ["", f"and {len(parts) - LARGEST:,} more"]
    return "\n".join([*lines, "", "</details>", "", ""])


def _cell(text: str) -> str:
    return code(display_words(text)) if text else "–"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;").replace("`", "'")
