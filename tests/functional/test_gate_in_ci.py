"""The action, the template and the hook that the gate comes with: valid by the hosts' schemas, and run as hosts do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_process import ROOT, environment

ACTION = ROOT / ".github/actions/layerscope"
TEMPLATE = ROOT / ".gitlab/ci/layerscope.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
BUILDKIT = "testdata/buildkit.oci-archive.tar"


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """Where a GitHub runner puts things, and layerscope on the path as the action's first step leaves it."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "layerscope"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m layerscope "$@"\n')
    program.chmod(0o755)
    (tmp_path / "temp").mkdir()
    files = {name: str(tmp_path / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
    home = tmp_path / "home"
    home.mkdir()
    return {
        **environment(home),
        **files,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GITHUB_ACTION_PATH": str(ACTION),
    }


def step(number: int, inputs: dict[str, str], runner: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One of the action's steps that run a script, with inputs put in as the host does."""
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    chosen = action["runs"]["steps"][number]
    values = {name: str(each.get("default", "")) for name, each in action["inputs"].items()} | inputs
    variables = {
        name: values[text.removeprefix("${{ inputs.").removesuffix(" }}")] for name, text in chosen["env"].items()
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", chosen["run"]]
    return subprocess.run(shell, env={**runner, **variables}, cwd=ROOT, capture_output=True, text=True, check=False)


def gate(inputs: dict[str, str], runner: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return step(1, inputs, runner)


def outputs(runner: dict[str, str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in Path(runner["GITHUB_OUTPUT"]).read_text().splitlines())


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", ACTION / "action.yml"),
        ("vendor.github-workflows", ACTION / "example-workflow.yml"),
        ("vendor.gitlab-ci", TEMPLATE),
    ],
    ids=["action", "workflow", "template"],
)
def test_valid_by_the_hosts_schema(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_passes(runner: dict[str, str], tmp_path: Path) -> None:
    done = gate({"image": BUILDKIT, "options": "--max-layers=12\n\n--max-size=250 MB\n"}, runner)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outputs(runner)["status"] == "pass" and outputs(runner)["passed"] == "2"
    assert "the gate passes" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()


def test_the_action_fails_with_every_report(runner: dict[str, str], tmp_path: Path) -> None:
    policy = tmp_path / "my policy.toml"
    policy.write_text('[gate]\nmax-size = "100 kB"\nforbid-paths = ["tool"]\n')
    junit = tmp_path / "junit.xml"
    inputs = {
        "image": f"{BUILDKIT}\ntestdata/classic.docker-archive.tar",
        "policy": str(policy),
        "reports": f"junit={junit}\nmarkdown={tmp_path}/gate.md",
        "upload-sarif": "true",
        "write-baseline": str(tmp_path / "baseline.json"),
    }
    done = gate(inputs, runner)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("::error title=layerscope max-size::") == 2
    found = outputs(runner)
    assert (found["status"], found["failed"], found["images"]) == ("fail", "4", "2")
    assert json.loads(Path(found["sarif-file"]).read_text())["version"] == "2.1.0"
    assert junit.read_text().startswith("<?xml") and (tmp_path / "gate.md").exists()
    assert len(json.loads((tmp_path / "baseline.json").read_text())["images"]) == 2
    assert "<!-- layerscope gate -->" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()


def test_the_first_run_has_no_baseline(runner: dict[str, str], tmp_path: Path) -> None:
    baseline = str(tmp_path / "baseline.json")
    inputs = {"image": BUILDKIT, "baseline": baseline, "options": "--max-layers=12", "write-baseline": baseline}
    first = gate(inputs, runner)
    assert (first.returncode, "there is no baseline" in first.stdout) == (0, True)
    second = gate(inputs | {"options": "--max-growth=0%"}, runner)
    assert (second.returncode, "there is no baseline" in second.stdout) == (0, False), second.stdout + second.stderr


def test_inputs_are_never_read_as_shell(runner: dict[str, str], tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    trick = f'"; touch {marker}; echo "$(touch {marker})`touch {marker}`'
    done = gate({"image": trick, "policy": trick, "options": f"--max-layers={trick}", "reports": trick}, runner)
    assert done.returncode == 2
    assert not marker.exists()
    assert gate({"image": " \n"}, runner).returncode == 2


def test_the_action_installs_what_it_brings(runner: dict[str, str]) -> None:
    """The install step with pip in its place recorded: an installation needs a network."""
    done = subprocess.run(["bash", "-n", str(ACTION / "install.sh")], capture_output=True, check=False)
    assert done.returncode == 0
    root = (ACTION / "../../..").resolve()
    assert (root / "pyproject.toml").exists(), "what install.sh installs by default"
    for script in ("install.sh", "gate.sh"):
        assert os.access(ACTION / script, os.X_OK)


def test_the_template_runs(runner: dict[str, str], tmp_path: Path) -> None:
    job: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text())[".layerscope-gate"]
    place = tmp_path / "project"
    place.mkdir()
    shutil.copy(ROOT / BUILDKIT, place / "image.oci-archive.tar")
    variables = {
        **runner,
        "GATE_PACKAGE": "layerscope",
        "GATE_IMAGE": "image.oci-archive.tar",
        "GATE_OPTIONS": "--max-layers 3 --max-size 1MB",
        "CI_REGISTRY": "registry.example.com",
        "CI_REGISTRY_USER": "user",
        "CI_REGISTRY_PASSWORD": "hunter2'\"",
    }
    before = [line for line in job["before_script"] if not line.startswith("pip ")]
    script = "\n".join([*before, *job["script"]])
    done = subprocess.run(
        ["bash", "-e", "-c", script], env=variables, cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    (finding,) = json.loads((place / job["artifacts"]["reports"]["codequality"]).read_text())
    assert finding["check_name"] == "layerscope/max-layers"
    assert (place / job["artifacts"]["reports"]["junit"]).exists()
    config = place / ".layerscope-docker/config.json"
    assert config.stat().st_mode & 0o077 == 0
    assert "hunter2" not in done.stdout + done.stderr
    auth = json.loads(config.read_text())["auths"]["registry.example.com"]["auth"]
    import base64

    assert base64.b64decode(auth).decode() == "user:hunter2'\""
    subprocess.run(["bash", "-e", "-c", "\n".join(job["after_script"])], cwd=place, check=True)
    assert not config.exists()


def test_the_hook_runs(runner: dict[str, str]) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())
    assert {"id", "name", "entry", "language"} <= set(hook) and hook["pass_filenames"] is False
    done = subprocess.run(
        [*hook["entry"].split(), BUILDKIT, "--max-layers", "3"], env=runner, cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 1
