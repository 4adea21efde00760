"""Verdicts as JUnit XML: a test suite an image, a test case a rule. The form that Jenkins, GitLab and others read.

A broken rule is a failure, an image that could not be judged an error, an exempt rule is skipped. What only warns has
no place in the form: it passes, and says so in the case's output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from layerscope.gate.verdict import Status
from layerscope.report.display import display_words
from layerscope.report.verdictwords import asides, failure, label, named, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.gate.verdict import GateRun, Result

LISTED = 100
"""Offenders of a rule that a case lists."""


def render_junit(run: GateRun) -> Iterator[str]:
    """A whole document."""
    suites = Element("testsuites", name="layerscope gate")
    for verdict in run.verdicts:
        name = display_words(label(verdict, run))
        suite = _suite(suites, name, run, len(verdict.results))
        for result in verdict.results:
            _case(suite, name, result)
        suite.set("failures", str(sum(result.breaks for result in verdict.results)))
        suite.set("skipped", str(verdict.count(Status.EXEMPT)))
    for failed in run.failures:
        name = display_words(failed.name) or "policy"
        suite = _suite(suites, name, run, 1)
        suite.set("errors", "1")
        case = SubElement(suite, "testcase", classname=name, name="judged", time="0")
        error = SubElement(case, "error", message=display_words(failure(failed)), type=failed.code)
        error.text = display_words(failed.hint)
    for key in ("tests", "failures", "errors"):
        suites.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    indent(suites)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _suite(suites: Element, name: str, run: GateRun, tests: int) -> Element:
    suite = SubElement(
        suites, "testsuite", name=name, tests=str(tests), failures="0", errors="0", skipped="0", time="0"
    )
    if run.moment is not None:
        suite.set("timestamp", run.moment.strftime("%Y-%m-%dT%H:%M:%S"))
    return suite


def _case(suite: Element, image: str, result: Result) -> None:
    case = SubElement(suite, "testcase", classname=image, name=display_words(result.check.title), time="0")
    said = display_words(sentence(result))
    lines = [display_words(line) for line in asides(result)]
    if result.breaks:
        found = SubElement(case, "failure", message=said, type=result.check.rule.name)
        found.text = "\n".join([said, *lines, *_offenders(result)])
    elif result.status is Status.EXEMPT:
        SubElement(case, "skipped", message="; ".join(lines) or said)
    elif result.status is not Status.PASS:
        SubElement(case, "system-out").text = "\n".join([f"warning: {said}", *lines, *_offenders(result)])


def _offenders(result: Result) -> Iterator[str]:
    for offender in result.offenders[:LISTED]:
        size = "" if offender.bytes is None else f"{offender.bytes:>15,} bytes  "
        made = f": {display_words(offender.instruction.text)}" if offender.instruction else ""
        yield f"{size}{display_words(named(offender))}{made}"
    if len(result.offenders) > LISTED:
        yield f"and {len(result.offenders) - LISTED:,} more"
