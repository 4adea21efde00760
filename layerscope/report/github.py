"""Verdicts for a GitHub Actions job: annotations as workflow commands, and what a later step may ask for.

A step shows ten errors and ten warnings; the last of each says how many there are more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.gate.verdict import Status
from layerscope.report.display import display_words
from layerscope.report.places import place
from layerscope.report.verdictwords import NAMED, asides, failure, headline, label, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.gate.verdict import GateRun, Result, Verdict

MAX_ANNOTATIONS = 10
_MAX_TEXT = 4_000
"""Characters of one annotation."""


def render_commands(run: GateRun) -> Iterator[str]:
    """Annotations; the places are those of the Dockerfile where its lines are known."""
    errors = [_command("error", "layerscope", failure(failed), hint=failed.hint) for failed in run.failures]
    warnings, notices = [], []
    for verdict in run.verdicts:
        for result in verdict.results:
            if result.status is Status.EXEMPT:
                notices.append(_of_result("notice", run, verdict, result))
            elif result.breaks:
                errors.append(_of_result("error", run, verdict, result))
            elif result.status is not Status.PASS:
                warnings.append(_of_result("warning", run, verdict, result))
    yield from _cut("error", errors)
    yield from _cut("warning", warnings)
    yield from _cut("notice", notices)
    for verdict in run.verdicts:
        yield f"layerscope: {display_words(label(verdict, run))}: {headline(verdict)}\n"


def outputs_text(run: GateRun) -> str:
    """Lines for GITHUB_OUTPUT: words and numbers of ours alone, nothing that came out of an image."""
    counts = {status: sum(verdict.count(status) for verdict in run.verdicts) for status in Status}
    lines = {
        "status": run.status,
        "images": len(run.verdicts),
        "errors": len(run.failures),
        "failed": counts[Status.FAIL],
        "unknown": counts[Status.UNKNOWN],
        "warned": counts[Status.WARN],
        "exempt": counts[Status.EXEMPT],
        "passed": counts[Status.PASS],
    }
    if len(run.verdicts) == 1:
        totals = run.verdicts[0].totals
        figures = {
            "file-bytes": totals.file_bytes,
            "compressed-bytes": totals.compressed_bytes,
            "squashed-bytes": totals.squashed_bytes,
            "reclaimable-bytes": totals.reclaimable_bytes,
            "layers": totals.layers,
        }
        lines |= {name: value for name, value in figures.items() if value is not None}
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _of_result(kind: str, run: GateRun, verdict: Verdict, result: Result) -> str:
    offender = next(iter(result.offenders), None)
    path, line = place(run, verdict, offender) if run.dockerfile else ("", 0)
    text = "\n".join([f"{label(verdict, run)}: {sentence(result, named=NAMED)}", *asides(result)])
    return _command(kind, f"layerscope {result.check.title}", text, path, line)


def _command(kind: str, title: str, text: str, path: str = "", line: int = 0, hint: str = "") -> str:
    shown = "\n".join(display_words(each) for each in [*text.split("\n"), hint] if each)[:_MAX_TEXT]
    properties = {"title": display_words(title)}
    if path:
        properties = {"file": path, "line": str(line), **properties}
    listed = ",".join(f"{name}={_escaped(value, properties=True)}" for name, value in properties.items())
    return f"::{kind} {listed}::{_escaped(shown)}\n"


def _cut(kind: str, commands: Sequence[str]) -> Iterator[str]:
    if len(commands) <= MAX_ANNOTATIONS:
        yield from commands
        return
    yield from commands[: MAX_ANNOTATIONS - 1]
    yield _command(kind, "layerscope", f"and {len(commands) - MAX_ANNOTATIONS + 1} more, see the job's summary")


def _escaped(text: str, *, properties: bool = False) -> str:
    """As the runner reads it: percent, line ends, and in properties colon and comma."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if properties else text
