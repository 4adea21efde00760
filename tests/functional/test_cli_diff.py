"""``layerscope diff`` as people and programs use it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_process import ROOT, Cli, command, environment
from making import directory, file, simple_layout, symlink, tar_of
from test_cli_schemas import validate

A, B = "testdata/pair.docker-archive.tar:pair:a", "testdata/pair.docker-archive.tar:pair:b"
PAIRS = [
    (A, B),
    ("testdata/classic.docker-archive.tar", "testdata/buildkit.oci-archive.tar"),
    ("testdata/buildah.oci-archive.tar", "testdata/zstd.oci-archive.tar"),
    ("testdata/handmade.oci-dir", "testdata/oddities.oci-dir"),
]


def document(cli: Cli, *arguments: str | bytes | Path) -> Any:
    done = cli("diff", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert done.stdout == json.dumps(found, indent=2) + "\n"
    validate(found, "diff", cli.home)
    return found


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    shared = tar_of(directory("etc"), file("etc/app", b"1"), file("etc/same", b"s" * 100))
    before = tar_of(file("old/name", b"moves"), file("cache/x", b"xx"), symlink("l", "a"), file("m", b"m", 0o644))
    after = tar_of(file("new/name", b"moves"), file("etc/app", b"22"), symlink("l", "b"), file("m", b"m", 0o755))
    paths = [simple_layout(tmp_path / name, shared, own) for name, own in (("before", before), ("after", after))]
    return f"oci-dir:{paths[0]}", f"oci-dir:{paths[1]}"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].removeprefix("testdata/"))
def test_json_adds_up(cli: Cli, pair: tuple[str, str]) -> None:
    found = document(cli, *pair)
    files = found["files"]
    names = ("added", "removed", "moved", "modified", "metadata", "kind")
    assert sum(files[name]["bytes"] for name in (*names, "ignored")) == files["bytes"]
    assert files["bytes"] == found["totals"]["difference"]["squashedBytes"]
    for name in names:
        own = [change for change in files["changes"] if change["change"] == name]
        assert files[name] == {"count": len(own), "bytes": sum(change["bytes"] for change in own)}
    assert sum(part["bytes"] for part in files["byLayer"]) == files["bytes"]
    for part in files["byLayer"]:
        assert part["bytes"] == sum(each["bytes"] for each in part["packages"])
    statuses = ("shared", "moved", "replaced", "removed", "added")
    for size in ("fileBytes", "uncompressedBytes", "compressedBytes"):
        sizes = [found["layers"][status][size] for status in statuses]
        assert (None if None in sizes else sum(sizes)) == found["totals"]["difference"][size]


@pytest.mark.parametrize("image", [A, "testdata/handmade.oci-dir", "testdata/oddities.oci-dir"])
def test_an_image_does_not_differ_from_itself(cli: Cli, image: str) -> None:
    found = document(cli, image, image)
    assert found["same"] and found["files"]["changes"] == [] and found["history"] == []
    assert "No difference" in cli("diff", image, image, "--exit-code").stdout
    assert cli("diff", image, image, "--exit-code").returncode == 0


def test_an_image_from_two_sources(cli: Cli) -> None:
    """buildah's and podman's copy of one image: the same layers, stored otherwise."""
    found = document(cli, "testdata/buildah.oci-archive.tar", "testdata/podman.docker-archive.tar")
    assert found["same"] and found["layers"]["shared"]["count"] == 4
    assert found["annotations"] is None and found["layers"]["transferBytes"] is None


def test_exit_code(cli: Cli) -> None:
    assert cli("diff", A, B).returncode == 0
    assert cli("diff", A, B, "--exit-code").returncode == 1
    assert cli("diff", A, B, "--exit-code", "--only", "labels,platform").returncode == 0
    assert cli("diff", A, B, "--exit-code", "--only", "environment").returncode == 1
    assert cli("diff", A, B, "--exit-code", "--only", "files", "--ignore-path", "/etc/").returncode == 0


def test_only(cli: Cli, two: tuple[str, str]) -> None:
    found = document(cli, *two, "--only", "files", "--only", "config,labels")
    assert found["compared"] == ["files", "config", "labels"]
    assert {"files", "config", "labels"} <= found.keys() and not {"layers", "history", "platform"} & found.keys()
    shown = cli("diff", *two, "--only", "layers").stdout
    assert "Layers" in shown and "Changed files" not in shown


def test_what_needs_no_layer_reads_none(cli: Cli, tmp_path: Path) -> None:
    paths = [simple_layout(tmp_path / name, tar_of(file(name))) for name in ("one", "other")]
    for path in paths:
        manifest = json.loads((path / "index.json").read_text())["manifests"][0]["digest"]
        layers = json.loads((path / "blobs" / manifest.replace(":", "/")).read_text())["layers"]
        (path / "blobs" / layers[0]["digest"].replace(":", "/")).unlink()
    done = cli("diff", *(f"oci-dir:{path}" for path in paths), "--only", "config,environment,labels,history,platform")
    assert (done.returncode, "No difference" in done.stdout) == (0, True)


def test_ignore(cli: Cli, two: tuple[str, str]) -> None:
    def changes(*arguments: str) -> set[tuple[str, str]]:
        return {(c["change"], c["path"]) for c in document(cli, *two, *arguments)["files"]["changes"]}

    everything = changes()
    assert everything == {
        ("moved", "/new/name"),
        ("added", "/new"),
        ("removed", "/old"),
        ("removed", "/cache"),
        ("removed", "/cache/x"),
        ("modified", "/etc/app"),
        ("metadata", "/l"),
        ("metadata", "/m"),
    }
    assert changes("--ignore", "mode,target") == everything - {("metadata", "/l"), ("metadata", "/m")}
    assert changes("--ignore-path", "cache/", "--ignore-path", "m") == everything - {
        ("removed", "/cache"),
        ("removed", "/cache/x"),
        ("metadata", "/m"),
    }
    ignored = document(cli, *two, "--ignore-path", "*", "--ignore-path", "!/etc/app")["files"]["ignored"]
    assert ignored == {"count": 8, "bytes": -2}


def test_what_it_says_to_people(cli: Cli, two: tuple[str, str]) -> None:
    shown = cli("diff", *two, settings={"COLUMNS": "100"}).stdout
    for words in (
        "Files: 1 B smaller, 109 bytes before and 108 bytes after, of which",
        "/old/name → /new/name",
        "target a → b",
        "mode rw-r--r-- → rwxr-xr-x",
        "Layers: 1 shared, 1 replaced",
    ):
        assert words in shown
    assert "heaviest 2 of 8" in cli("diff", *two, "--top", "2").stdout
    assert "/etc/app" not in cli("diff", *two, "--top", "0").stdout


def test_shared_layers_are_read_once_also_without_a_cache(cli: Cli, two: tuple[str, str]) -> None:
    said = cli("diff", *two, "--no-cache").stderr
    assert (said.count(" read"), said.count("cached")) == (3, 1)
    cli("diff", *two)
    said = cli("diff", *two).stderr
    assert (said.count(" read"), said.count("cached")) == (0, 4)


def test_an_error_names_the_image(cli: Cli, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes((ROOT / "testdata/classic.docker-archive.tar").read_bytes()[:9000])
    for pair in ((A, damaged), (damaged, A)):
        done = cli("diff", *pair)
        assert done.returncode == 5 and done.stdout == "" and f"error: {damaged}: " in done.stderr
    done = cli("diff", A, "none.tar")
    assert done.returncode == 3 and "none.tar" in done.stderr
    done = cli("diff", "testdata/platforms.oci-dir", A, "--platform", "linux/s390x")
    assert done.returncode == 3 and "platforms.oci-dir" in done.stderr


def test_usage(cli: Cli) -> None:
    for arguments, words in (
        (("--only", "nothing"), "--only knows no 'nothing'"),
        (("--ignore", "content"), "--ignore knows no 'content'"),
    ):
        done = cli("diff", A, B, *arguments)
        assert done.returncode == 2 and words in done.stderr
    done = cli("diff", "-", "-")
    assert done.returncode == 2 and "passes once" in done.stderr
    assert cli("diff", A).returncode == 2


def test_one_side_from_standard_input(cli: Cli) -> None:
    classic = ROOT / "testdata/classic.docker-archive.tar"
    for pair in (("-", classic), (classic, "-")):
        with classic.open("rb") as archive:
            done = subprocess.run(
                command("diff", *pair, "--exit-code"),
                env=environment(cli.home),
                cwd=ROOT,
                stdin=archive,
                capture_output=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr


def test_two_platforms_of_one_image(cli: Cli) -> None:
    done = cli(
        "diff", *["testdata/platforms.oci-dir"] * 2, "--platform", "linux/amd64", "--other-platform", "linux/arm64"
    )
    assert "Platform" in done.stdout and "linux/amd64 → linux/arm64" in done.stdout


def test_hostile_texts(cli: Cli, hostile: Path, two: tuple[str, str]) -> None:
    for pair in ((f"oci-dir:{hostile}", two[0]), (two[0], f"oci-dir:{hostile}")):
        found = cli("diff", *pair, "--format", "json")
        assert found.stdout.isascii()
        validate(json.loads(found.stdout), "diff", cli.home)
        for form in ("table", "markdown"):
            shown = cli("diff", *pair, "--format", form).stdout
            assert shown.replace("\n", "").replace("\ufe0f", "").isprintable()
            assert "\x1b" not in shown and "\u202e" not in shown


def test_a_skipped_layer(cli: Cli, foreign: Path, two: tuple[str, str]) -> None:
    found = document(cli, f"oci-dir:{foreign}", two[0])
    assert found["files"] is None and not found["complete"] and not found["same"]
    assert found["skipped"][0]["image"] == "before" and found["totals"]["difference"]["squashedBytes"] is None
    assert "not compared" in cli("diff", f"oci-dir:{foreign}", two[0]).stdout
    assert cli("diff", f"oci-dir:{foreign}", two[0], "--only", "files", "--exit-code").returncode == 1
