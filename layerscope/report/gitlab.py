"""Verdicts as GitLab's code quality report: a list of findings, each with a fingerprint, a severity and a place.

https://docs.gitlab.com/ci/testing/code_quality/: description, check_name, fingerprint, severity, location.path and
location.lines.begin, which is 1 at least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerscope.gate.check import Level
from layerscope.gate.verdict import Status
from layerscope.report.display import display_words
from layerscope.report.json import json_text
from layerscope.report.places import Fingerprints, place
from layerscope.report.verdictwords import failure, named, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.gate.verdict import GateRun, Offender, Result, Verdict

MAX_FINDINGS = 5_000
_SEVERITY = {Status.FAIL: "critical", Status.UNKNOWN: "major", Status.WARN: "minor"}


def render_code_quality(run: GateRun) -> Iterator[str]:
    """A whole report."""
    yield json_text(code_quality(run))


def code_quality(run: GateRun) -> list[dict[str, Any]]:
    """The findings, and how many are left out where there are too many."""
    prints = Fingerprints()
    found = [
        item
        for verdict in run.verdicts
        for result in verdict.results
        if result.status not in (Status.PASS, Status.EXEMPT)
        for item in _findings(run, verdict, result, prints)
    ]
    left_out = len(found) - MAX_FINDINGS
    found = found[:MAX_FINDINGS]
    if left_out > 0:
        found.append(_plain("info", f"{left_out:,} more findings are left out", "left-out", run))
    found += [
        _plain("blocker", display_words(f"{failure(failed)}. {failed.hint}".strip()), failed.code, run)
        for failed in run.failures
    ]
    return found


def _findings(run: GateRun, verdict: Verdict, result: Result, prints: Fingerprints) -> Iterator[dict[str, Any]]:
    if result.check.rule.itemised and result.offenders:
        for offender in result.offenders:
            text = f"{result.check.rule.title}: {named(offender)}"
            yield _finding(run, verdict, result, offender, text, prints.of(verdict, result.check.title, offender.name))
    else:
        first = next(iter(result.offenders), None)
        yield _finding(run, verdict, result, first, sentence(result), prints.of(verdict, result.check.title, ""))


def _finding(
    run: GateRun, verdict: Verdict, result: Result, offender: Offender | None, text: str, fingerprint: str
) -> dict[str, Any]:
    path, line = place(run, verdict, offender)
    severity = "minor" if result.check.level is Level.WARN else _SEVERITY[result.status]
    return {
        "description": display_words(text),
        "check_name": f"layerscope/{result.check.rule.name}",
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    }


def _plain(severity: str, text: str, name: str, run: GateRun) -> dict[str, Any]:
    import hashlib

    return {
        "description": text,
        "check_name": f"layerscope/{name}",
        "fingerprint": hashlib.sha256(f"{name}\0{text}".encode()).hexdigest(),
        "severity": severity,
        "location": {"path": run.dockerfile or "layerscope", "lines": {"begin": 1}},
    }
