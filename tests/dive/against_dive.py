"""Every figure, the export and the verdicts, digit for digit, against dive itself. Run by tests/dive/run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .images import IMAGES, ROOT, archive, random_archive
from .peer import build, exported, judged

RECORDED = Path(__file__).parent / "recorded.json"
RULES = [
    {},
    {"lowestEfficiency": "0.95", "highestWastedBytes": "6kB", "highestUserWastedPercent": "0.5"},
    {"lowest-efficiency": "0.2", "highest-wasted-bytes": "20 MiB", "highest-user-wasted-percent": "1"},
    {"lowestEfficiency": "disabled", "highestWastedBytes": "6.5KiB", "highestUserWastedPercent": "disabled"},
    {"lowestEfficiency": "1", "highestWastedBytes": "0", "highestUserWastedPercent": "0"},
]
LINKS = (49, 50)
EVERYTHING_FAILS = "rules:\n  lowestEfficiency: 1\n  highestWastedBytes: 0\n  highestUserWastedPercent: 0\n"


@pytest.fixture(scope="session")
def dive() -> str:
    return build()


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("archives")
    return {image: archive(image, directory) for image in IMAGES}


def layerscope(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "layerscope", "gate", *arguments, "-q"]
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)


def ordered(document: dict[str, Any]) -> dict[str, Any]:
    """With what is left to chance put in order: which of equally wasteful paths comes first, and what some builders
    leave in the link field of a header that is no link's."""
    image = document["image"]
    references = sorted(image["fileReference"], key=lambda each: (-each["sizeBytes"], each["file"]))
    for layer in document["layer"]:
        for each in layer["fileList"]:
            each["linkName"] = each["linkName"] if each["typeFlag"] in LINKS else ""
    return {**document, "image": {**image, "fileReference": references}}


def rules_file(rules: dict[str, str]) -> str:
    return "rules:\n" + "".join(f"  {name}: {value}\n" for name, value in rules.items()) if rules else "rules: {}\n"


@pytest.mark.parametrize("image", IMAGES)
def test_the_export_is_the_same(image: str, archives: dict[str, Path], dive: str, tmp_path: Path) -> None:
    theirs = exported(dive, archives[image], tmp_path)
    done = layerscope(tmp_path, str(archives[image]), "--format", "dive-json", "--lowestEfficiency", "0")
    assert done.returncode == 0, done.stderr
    assert ordered(json.loads(done.stdout)) == ordered(theirs)


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("rules", RULES, ids=["defaults", "some", "kebab", "disabled", "all"])
def test_the_verdicts_are_the_same(
    image: str, rules: dict[str, str], archives: dict[str, Path], dive: str, tmp_path: Path
) -> None:
    camel = {re.sub("-(.)", lambda match: match[1].upper(), name): value for name, value in rules.items()}
    theirs = judged(dive, archives[image], tmp_path, rules_file(camel))  # the release does not know the dashes
    (tmp_path / "ours.yaml").write_text(rules_file(rules))
    done = layerscope(tmp_path, str(archives[image]), "--ci-config", "ours.yaml", "--format", "json")
    assert done.returncode == theirs.code, done.stderr + theirs.output
    (verdict,) = json.loads(done.stdout)["verdicts"]
    found = {result["rule"]: result["status"].upper() for result in verdict["results"]}
    expected = {
        re.sub("([A-Z])", lambda match: "-" + match[1].lower(), name): status
        for name, status in theirs.rules.items()
        if status != "SKIP"
    }
    assert found == expected


@pytest.mark.parametrize("image", IMAGES)
def test_the_dive_block_is_the_same(image: str, archives: dict[str, Path], dive: str, tmp_path: Path) -> None:
    export = exported(dive, archives[image], tmp_path)
    output = judged(dive, archives[image], tmp_path, EVERYTHING_FAILS).output
    percent = re.search(r"user-wasted-bytes=([^ ]+) ", output)
    done = layerscope(tmp_path, str(archives[image]), "--lowestEfficiency", "0", "--format", "json")
    (verdict,) = json.loads(done.stdout)["verdicts"]
    block = verdict["dive"]
    assert block["efficiencyScore"] == export["image"]["efficiencyScore"]
    assert block["wastedBytes"] == export["image"]["inefficientBytes"]
    assert block["userWastedPercent"] == (float(percent[1]) if percent else block["userWastedPercent"])
    if not percent:  # it passed: nothing is wasted, or there is nothing to hold it against
        assert not block["userWastedPercent"]
    if os.environ.get("LAYERSCOPE_REWRITE"):
        _record(image, export, block["userWastedPercent"])


def test_images_no_builder_makes(dive: str, tmp_path: Path) -> None:
    for seed in range(150):
        path = random_archive(seed, tmp_path / "random.tar")
        theirs = exported(dive, path, tmp_path)
        ours = _export(path)
        assert ordered(ours) == ordered(theirs), f"seed {seed}"


def _export(path: Path) -> dict[str, Any]:
    from layerscope.inspection import inspect_image
    from layerscope.layers.reader import LayerReader
    from layerscope.report.divejson import dive_export
    from layerscope.sources.open import open_image

    with open_image(str(path)) as image:
        found = dive_export(inspect_image(image, LayerReader()))
    assert found is not None
    return found


def _record(image: str, export: dict[str, Any], percent: float | None) -> None:
    known = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    known[image] = {
        **{name: export["image"][name] for name in ("sizeBytes", "inefficientBytes", "efficiencyScore")},
        "userWastedPercent": percent,
        "layers": [layer["sizeBytes"] for layer in export["layer"]],
        "files": [len(layer["fileList"]) for layer in export["layer"]],
        "fileReference": ordered(export)["image"]["fileReference"],
    }
    RECORDED.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
