"""The gate's reports as they were looked at and found good.

LAYERSCOPE_REWRITE=1 pytest tests/golden      writes what comes out now; read the diff before you keep it
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from judging import NOW, inspected, with_dive

from layerscope.gate.evaluate import evaluate
from layerscope.gate.growth import compare_snapshots
from layerscope.gate.policy import read_policy
from layerscope.gate.snapshot import snapshot
from layerscope.gate.subject import Subject
from layerscope.gate.verdict import Failed, GateRun
from layerscope.report.gatedocument import gate_document
from layerscope.report.gatemarkdown import render_gate_markdown
from layerscope.report.gatetable import render_gate_table
from layerscope.report.github import outputs_text, render_commands
from layerscope.report.gitlab import render_code_quality
from layerscope.report.json import json_text
from layerscope.report.junit import render_junit
from layerscope.report.page import Page
from layerscope.report.sarif import render_sarif

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = Path(__file__).parent / "expected" / "gate"
SCHEMAS = ROOT / "tests" / "schemas"
POLICY = """
max-size = [
  { limit = "126kB", level = "warn", reason = "it is pulled by every node" },
  { limit = "1MB" },
]
max-compressed-size = "70KiB"
max-layers = 12
max-single-layer = { limit = "1kB", instruction = "RUN *" }
max-single-file = { limit = "50kB", exempt = [{ match = "/bin/busybox", until = 2027-12-31, reason = "one binary" }] }
max-reclaimable = { limit = "5%", exempt = { until = 2027-01-31, reason = "until the rebuild" } }
max-growth = "1%"
forbid-paths = { patterns = ["tool", "*.pem"], scope = "layers" }
require-labels = ["org.opencontainers.image.title", "org.opencontainers.image.source"]
forbid-user = "root"
allow-registries = ["ghcr.io"]
lowest-efficiency = 0.95
"""
REPORTS: dict[str, Callable[[GateRun], Iterable[str]]] = {
    "gate-80.txt": lambda run: render_gate_table(run, Page(80)),
    "gate-200.txt": lambda run: render_gate_table(run, Page(200)),
    "gate-colour.txt": lambda run: render_gate_table(run, Page(100, colour=True)),
    "gate.json": lambda run: [json_text(gate_document(run))],
    "gate.md": render_gate_markdown,
    "junit.xml": render_junit,
    "gate.sarif": lambda run: render_sarif(run, "0.0.0"),
    "github.txt": render_commands,
    "github-output.txt": lambda run: [outputs_text(run)],
    "gl-code-quality.json": render_code_quality,
}


@pytest.fixture(scope="module")
def run() -> GateRun:
    """Two images, one of them held against the other, and one that could not be read."""
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        classic, buildkit = (
            inspected("testdata/classic.docker-archive.tar"),
            inspected("testdata/buildkit.oci-archive.tar"),
        )
    finally:
        os.chdir(here)
    policy = read_policy(tomllib.loads(POLICY), "layerscope.toml")
    growth = compare_snapshots(snapshot(classic), snapshot(buildkit))
    return GateRun(
        policy,
        (
            evaluate(policy, Subject("buildkit", with_dive(buildkit), NOW, growth)),
            evaluate(policy, Subject("classic", with_dive(classic), NOW)),
            Failed("nosuch.tar", None, "not-found", "nosuch.tar: no such file or directory", "write registry:NAME"),
        ),
        NOW,
    )


def text_of(name: str, run: GateRun) -> str:
    return "".join(REPORTS[name](run))


@pytest.mark.parametrize("name", REPORTS)
def test_report(name: str, run: GateRun) -> None:
    text = text_of(name, run)
    path = EXPECTED / name
    if os.environ.get("LAYERSCOPE_REWRITE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_junit_is_as_its_schema_says(run: GateRun) -> None:
    schema = xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))
    schema.validate(text_of("junit.xml", run))
    schema.validate("".join(render_junit(GateRun(run.policy, run.failures))))


def test_sarif_is_as_its_schema_says(run: GateRun) -> None:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text("utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.validate(json.loads(text_of("gate.sarif", run)))
    validator.validate(json.loads("".join(render_sarif(GateRun(run.policy, run.failures), "0.0.0"))))


def test_code_quality_is_as_gitlab_documents_it(run: GateRun) -> None:
    findings: list[dict[str, Any]] = json.loads(text_of("gl-code-quality.json", run))
    assert findings
    for finding in findings:
        assert set(finding) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert finding["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert finding["location"]["path"] and not finding["location"]["path"].startswith(("./", "/"))
        assert finding["location"]["lines"]["begin"] >= 1
    prints = [finding["fingerprint"] for finding in findings]
    assert len(set(prints)) == len(prints)


def test_json_is_as_our_schema_says(run: GateRun) -> None:
    from layerscope.report.schema import schema_text

    jsonschema.Draft202012Validator(json.loads(schema_text("gate"))).validate(json.loads(text_of("gate.json", run)))
