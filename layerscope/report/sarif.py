"""Verdicts as SARIF 2.1.0: a run an image. GitHub's limits are kept by leaving out, and saying how much.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/ and GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from layerscope.gate.check import Level
from layerscope.gate.verdict import Status
from layerscope.report.display import display_words
from layerscope.report.json import json_text
from layerscope.report.places import Fingerprints, place
from layerscope.report.verdictwords import asides, failure, named, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.gate.check import Exemption
    from layerscope.gate.rule import Rule
    from layerscope.gate.verdict import Failed, GateRun, Offender, Result, Verdict

MAX_RUNS = 20
MAX_RESULTS = 5_000
"""Of a run; GitHub takes 25 000 and shows so many."""
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Status.FAIL: "error", Status.UNKNOWN: "error", Status.WARN: "warning", Status.EXEMPT: "note"}


def render_sarif(run: GateRun, version: str) -> Iterator[str]:
    """A whole log; ``version`` is layerscope's."""
    yield json_text(sarif_log(run, version))


def sarif_log(run: GateRun, version: str) -> dict[str, Any]:
    """The log as a value that JSON has."""
    verdicts = run.verdicts[:MAX_RUNS]
    left_out = len(run.verdicts) - len(verdicts)
    runs = [_run(run, verdict, version) for verdict in verdicts] or [_empty_run(version)]
    notifications = [_notification(failed) for failed in run.failures]
    if left_out:
        text = f"{left_out} more images were judged; a log has room for {MAX_RUNS}"
        notifications.append({"level": "warning", "message": {"text": text}})
    invocation = runs[-1]["invocations"][0]
    invocation["executionSuccessful"] = not run.failures
    if notifications:
        invocation["toolExecutionNotifications"] = [*invocation.get("toolExecutionNotifications", []), *notifications]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}


def _run(run: GateRun, verdict: Verdict, version: str) -> dict[str, Any]:
    rules: dict[str, Rule] = {}
    for result in verdict.results:
        rules.setdefault(result.check.rule.name, result.check.rule)
    numbers = {name: number for number, name in enumerate(rules)}
    prints = Fingerprints()
    found = [
        item
        for result in verdict.results
        if result.status is not Status.PASS
        for item in _results(run, verdict, result, numbers[result.check.rule.name], prints)
    ]
    image = verdict.image
    platform = image.config.platform.name if image.config.platform else "unknown"
    log = _empty_run(version, list(rules.values()))
    log["automationDetails"] = {"id": display_words(f"layerscope/{image.reference}/{platform}/")}
    log["results"] = found[:MAX_RESULTS]
    log["properties"] = {
        "imageName": display_words(image.reference),
        "imageDigest": None if image.digest is None else str(image.digest),
        "status": str(verdict.status),
    }
    if len(found) > MAX_RESULTS:
        text = f"{len(found) - MAX_RESULTS:,} more results are left out"
        log["invocations"][0]["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return log


def _empty_run(version: str, rules: Sequence[Rule] = ()) -> dict[str, Any]:
    return {
        "tool": {"driver": {"name": "layerscope", "version": version, "rules": [_rule(rule) for rule in rules]}},
        "invocations": [{"executionSuccessful": True}],
        "results": [],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    title = rule.title[:1].upper() + rule.title[1:]
    return {
        "id": rule.name,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": f"{title}."},
        "fullDescription": {"text": rule.meaning},
        "help": {"text": f"{rule.meaning}\n\nlayerscope gate --explain {rule.name}"},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["container", rule.group.lower()]},
    }


def _results(
    run: GateRun, verdict: Verdict, result: Result, number: int, prints: Fingerprints
) -> Iterator[dict[str, Any]]:
    """One for each single thing that breaks a rule; one in all where the rule is about a total."""
    text = display_words(sentence(result))
    more = [display_words(line) for line in asides(result)]
    if result.check.rule.itemised and result.offenders:
        for offender in result.offenders:
            said = display_words(f"{result.check.rule.title}: {named(offender)}")
            yield _result(run, verdict, result, number, [said, *more], offender, prints)
    elif result.status is not Status.EXEMPT:
        yield _result(run, verdict, result, number, [text, *more], next(iter(result.offenders), None), prints)
    for exempt, exemption in result.exempt:
        said = display_words(f"{result.check.rule.title}: {named(exempt)}") if exempt else text
        yield {
            **_result(run, verdict, result, number, [said], exempt, prints),
            "level": "note",
            "suppressions": [_suppression(exemption)],
        }


def _result(
    run: GateRun,
    verdict: Verdict,
    result: Result,
    number: int,
    texts: Sequence[str],
    offender: Offender | None,
    prints: Fingerprints,
) -> dict[str, Any]:
    path, line = place(run, verdict, offender)
    path = quote(path) if run.dockerfile else path
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line, "startColumn": 1}},
        "logicalLocations": [{"fullyQualifiedName": display_words(_logical(verdict, offender))}],
    }
    level = "warning" if result.check.level is Level.WARN else _LEVELS[result.status]
    name = offender.name if offender is not None and result.check.rule.itemised else ""
    return {
        "ruleId": result.check.rule.name,
        "ruleIndex": number,
        "level": level,
        "message": {"text": "\n".join(texts)},
        "locations": [location],
        "partialFingerprints": {"layerscope/v1": prints.of(verdict, result.check.title, name)},
    }


def _logical(verdict: Verdict, offender: Offender | None) -> str:
    if offender is None or offender.layer is None:
        return verdict.image.reference
    return f"{verdict.image.reference}@layer {offender.layer}:{offender.name}"


def _suppression(exemption: Exemption) -> dict[str, Any]:
    reason = f": {exemption.reason}" if exemption.reason else ""
    return {"kind": "external", "justification": f"exempt until {exemption.until}{display_words(reason)}"}


def _notification(failed: Failed) -> dict[str, Any]:
    return {
        "level": "error",
        "descriptor": {"id": failed.code},
        "message": {"text": display_words(f"{failure(failed)}. {failed.hint}".strip())},
    }
