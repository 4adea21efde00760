"""dive's arithmetic against what dive itself said of the images of testdata (see tests/dive)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from judging import inspected
from making import directory, file, layer_of, opaque, whiteout

from layerscope.filesystem.dive import DiveFigures, dive_figures
from layerscope.inspection import dive_of
from layerscope.report.divejson import dive_export

ROOT = Path(__file__).resolve().parents[3]
RECORDED: dict[str, Any] = json.loads((ROOT / "tests/dive/recorded.json").read_text())


@pytest.mark.parametrize("image", RECORDED)
def test_as_dive_said(image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", "linux/amd64")
    inspection = inspected(f"{ROOT}/testdata/{image}")
    figures, said = dive_of(inspection), RECORDED[image]
    assert figures is not None
    assert figures.efficiency == said["efficiencyScore"]
    assert figures.wasted_bytes == said["inefficientBytes"]
    assert figures.size_bytes == said["sizeBytes"]
    assert list(figures.layer_bytes) == said["layers"]
    percent = figures.user_wasted_percent
    assert (percent if math.isfinite(percent) else None) == said["userWastedPercent"]
    export = dive_export(inspection)
    assert export is not None
    assert export["image"]["fileReference"] == said["fileReference"]
    assert [len(layer["fileList"]) for layer in export["layer"]] == said["files"]


def figures(*layers: Any) -> DiveFigures:
    return dive_figures([layer_of(*items) for items in layers])


def test_one_layer_has_no_users_bytes() -> None:
    found = figures([file("a", b"1")])
    assert (found.efficiency, found.wasted_bytes, math.isnan(found.user_wasted_percent)) == (1.0, 0, True)
    assert figures([directory("a")], [directory("a")]).user_wasted_percent != 0


def test_the_kept_copy_is_wasted_too() -> None:
    found = figures([file("a", b"x" * 10)], [file("a", b"y" * 30)])
    assert (found.wasted_bytes, found.efficiency) == (40, 10 / 40)
    assert [(each.path, each.leaves, each.bytes) for each in found.references()] == [(b"a", 2, 40)]


def test_what_goes_with_its_directory_is_not() -> None:
    deleted = figures([directory("d"), file("d/a", b"x" * 10)], [whiteout("d")])
    assert (deleted.wasted_bytes, deleted.efficiency) == (0, 1.0)
    hidden = figures([directory("d"), file("d/a", b"x" * 10)], [directory("d"), opaque("d")])
    assert (hidden.wasted_bytes, hidden.efficiency) == (0, 1.0)


def test_a_whiteout_of_nothing_ends_the_layer() -> None:
    found = figures([file("a", b"x" * 10), file("z", b"y" * 10)], [whiteout("b"), file("a", b""), file("z", b"")])
    assert found.wasted_bytes == 0
    assert found.efficiency == (10 + 10 - 1) / 20  # what dive has for a path it looked at and did not count
