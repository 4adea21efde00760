"""What reports do at the limits of their hosts, and with what images make of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from judging import NOW, judged, made
from making import file, tar_of
from markdown_it import MarkdownIt

from layerscope.gate.check import Policy
from layerscope.gate.verdict import Failed, GateRun, Verdict
from layerscope.report.gatemarkdown import SUMMARY, render_gate_markdown
from layerscope.report.github import outputs_text, render_commands
from layerscope.report.gitlab import MAX_FINDINGS, code_quality
from layerscope.report.junit import render_junit
from layerscope.report.sarif import MAX_RESULTS, MAX_RUNS, sarif_log

TRICK = "\x1b[2J\u202e|</details><script>@someone ``\r\n::error::x%0A,:&<]]>"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """More offenders than any report has room for."""
    tar = tar_of(*(file(f"etc/{number:05}.pem", b"x") for number in range(MAX_RESULTS + 7)))
    return judged(made(tmp_path_factory.mktemp("many"), tar), "forbid-paths = ['*.pem']")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> GateRun:
    name = TRICK.replace("/", "")
    image = made(
        tmp_path_factory.mktemp("hostile"),
        tar_of(file(name, b"x")),
        config={"User": TRICK, "Labels": {TRICK: TRICK}, "Env": [f"{TRICK}=1"], "Entrypoint": [TRICK]},
        history=[{"created_by": TRICK}],
    )
    policy = "max-size = 0\nforbid-paths = '*'\nforbid-user = '*'\nforbid-env = '*'\nforbid-entrypoint = '*'\n"
    verdict = judged(image, policy)
    verdict = dataclasses.replace(verdict, image=dataclasses.replace(verdict.image, reference=TRICK), notes=(TRICK,))
    return GateRun(Policy(()), (verdict, Failed(TRICK, TRICK, "usage", TRICK, TRICK)), NOW)


def test_sarif_leaves_out_and_says_so(many: Verdict) -> None:
    (log,) = sarif_log(GateRun(Policy(()), (many,)), "0")["runs"]
    assert len(log["results"]) == MAX_RESULTS
    said = [note["message"]["text"] for note in log["invocations"][0]["toolExecutionNotifications"]]
    assert said == ["7 more results are left out"]
    document = sarif_log(GateRun(Policy(()), (many,) * (MAX_RUNS + 3)), "0")
    assert len(document["runs"]) == MAX_RUNS
    assert "3 more images" in str(document["runs"][-1]["invocations"])


def test_code_quality_leaves_out_and_says_so(many: Verdict) -> None:
    findings = code_quality(GateRun(Policy(()), (many,)))
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1]["description"] == "7 more findings are left out"


def test_annotations_leave_out_and_say_so(many: Verdict) -> None:
    verdict = dataclasses.replace(many, results=many.results * 13)
    errors = [line for line in render_commands(GateRun(Policy(()), (verdict,))) if line.startswith("::error")]
    assert len(errors) == 10
    assert "and 4 more" in errors[-1]


@pytest.mark.parametrize("room", [2_000, SUMMARY])
def test_markdown_leaves_out_and_says_so(many: Verdict, room: int) -> None:
    run = GateRun(Policy(()), (dataclasses.replace(many, results=many.results * 5_000),))
    text = "".join(render_gate_markdown(run, room))
    assert len(text.encode()) <= room
    assert "more sections are left out" in text


def test_nothing_that_an_image_says_comes_alive(hostile: GateRun) -> None:
    markdown = "".join(render_gate_markdown(hostile))
    assert "\x1b" not in markdown and "\u202e" not in markdown
    for token in MarkdownIt("gfm-like", {"linkify": False}).enable("table").parse(markdown):
        for child in [token, *(token.children or [])]:
            if not child.type.startswith("code"):
                assert "script" not in child.content or child.type == "inline", child
                assert child.type == "inline" or "@someone" not in child.content
    commands = "".join(render_commands(hostile))
    assert "\x1b" not in commands
    assert all(
        line.startswith("::") != line.startswith("::error::x") for line in commands.splitlines() if line[:2] == "::"
    )
    assert not any(line.startswith("::error::x") for line in commands.splitlines())
    root = ElementTree.fromstring("".join(render_junit(hostile)))
    assert "\x1b" not in ElementTree.tostring(root, encoding="unicode")
    assert json.dumps(sarif_log(hostile, "0")).isascii()


def test_outputs_are_words_and_numbers(hostile: GateRun, tmp_path: Path) -> None:
    lines = dict(line.split("=") for line in outputs_text(hostile).splitlines())
    assert lines["status"] == "error" and lines["failed"] == "5"
    assert all(value.isalnum() for value in lines.values())


def test_a_finding_is_the_same_in_the_next_build(tmp_path: Path) -> None:
    def found(tag: str, content: bytes) -> list[str]:
        verdict = judged(made(tmp_path / tag, tar_of(file("a.pem", content))), "forbid-paths = '*.pem'")
        named = dataclasses.replace(verdict.image, reference=f"ghcr.io/org/app:{tag}")
        run = GateRun(Policy(()), (dataclasses.replace(verdict, image=named),))
        (result,) = sarif_log(run, "0")["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"ghcr.io/org/app%3A{tag}"
        return [result["partialFingerprints"]["layerscope/v1"], code_quality(run)[0]["fingerprint"]]

    assert found("one", b"1") == found("two", b"22")


def test_findings_stand_at_the_dockerfiles_line(tmp_path: Path) -> None:
    verdict = judged(made(tmp_path, tar_of(file("a.pem", b"1"))), "forbid-paths = '*.pem'")
    (result,) = verdict.results
    (offender,) = result.offenders
    assert offender.instruction is not None
    at = dataclasses.replace(offender, instruction=dataclasses.replace(offender.instruction, line=7))
    verdict = dataclasses.replace(verdict, results=(dataclasses.replace(result, offenders=(at,)),))
    run = GateRun(Policy(()), (verdict,), dockerfile="build/Dockerfile")
    location = sarif_log(run, "0")["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert (location["artifactLocation"]["uri"], location["region"]["startLine"]) == ("build/Dockerfile", 7)
    assert code_quality(run)[0]["location"] == {"path": "build/Dockerfile", "lines": {"begin": 7}}
    assert next(render_commands(run)).startswith("::error file=build/Dockerfile,line=7,title=layerscope forbid-paths::")
