"""Several images in one run: shared layers once, one failure alone, the highest exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
from making import file, simple_layout, tar_of

from layerscope.report.schema import schema_text

ROOT = Path(__file__).resolve().parents[2]
PAIR = "testdata/pair.docker-archive.tar"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "layerscope", "inspect", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


def test_each_document_is_the_one_that_the_image_has_alone(tmp_path: Path) -> None:
    cache = ("--cache-dir", str(tmp_path))
    done = run(f"{PAIR}:pair:a", f"{PAIR}:pair:b", "--format", "json", *cache)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(schema_text("inspections")))
    assert (done.returncode, document["kind"], document["complete"]) == (0, "inspections", True)
    for name, inspection in zip(("pair:a", "pair:b"), document["inspections"], strict=True):
        assert inspection == json.loads(run(f"{PAIR}:{name}", "--format", "json", *cache).stdout)
        jsonschema.validate(inspection, json.loads(schema_text("inspect")))


def test_layers_that_images_share_are_read_once_also_without_a_cache(tmp_path: Path) -> None:
    shared, own = tar_of(file("shared", b"s" * 999)), tar_of(file("own", b"o"))
    names = [
        f"oci-dir:{simple_layout(tmp_path / 'one', shared)}",
        f"oci-dir:{simple_layout(tmp_path / 'two', shared, own)}",
    ]
    said = run(*names, "--no-cache").stderr
    assert said.count(" read") == 2
    assert said.count("cached") == 1


def test_one_that_fails_does_not_stop_the_rest_and_the_highest_code_counts(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes((ROOT / "testdata/classic.docker-archive.tar").read_bytes()[:9000])
    done = run("none.tar", str(damaged), f"{PAIR}:pair:a", "--format", "json", "--quiet", "--no-cache")
    document = json.loads(done.stdout)
    assert done.returncode == 5
    assert [error["code"] for error in document["errors"]] == ["not-found", "damaged-layer"]
    assert [error["reference"] for error in document["errors"]] == ["none.tar", str(damaged)]
    assert len(document["inspections"]) == 1 and not document["complete"]
    assert done.stderr.count("error: ") == 2
    for form in ("table", "markdown"):
        shown = run("none.tar", f"{PAIR}:pair:a", "--format", form, "--quiet", "--no-cache").stdout
        assert "none.tar: no such file or directory" in shown and "pair:a" in shown


def test_all_platforms() -> None:
    done = run("testdata/platforms.oci-dir", "--all-platforms", "--format", "json", "--quiet", "--no-cache")
    document = json.loads(done.stdout)
    found = [inspection["image"]["platform"] for inspection in document["inspections"]]
    assert (done.returncode, found) == (0, ["linux/amd64", "linux/arm64"])
    alone = run("testdata/buildah.oci-archive.tar", "--all-platforms", "--format", "json", "--quiet", "--no-cache")
    assert len(json.loads(alone.stdout)["inspections"]) == 1
    with (ROOT / PAIR).open("rb") as archive:
        command = [sys.executable, "-m", "layerscope", "inspect", "-", "--all-platforms", "--quiet", "--no-cache"]
        piped = subprocess.run(command, stdin=archive, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (piped.returncode, "passes once" in piped.stderr) == (2, True)
