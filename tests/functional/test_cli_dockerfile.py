"""``layerscope dockerfile``, and the Dockerfile that other commands take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_process import Cli
from making import file, simple_layout, tar_of

from layerscope.history.dockerfile.parse import parse_dockerfile

CLASSIC = "testdata/classic.docker-archive.tar"
BUILDKIT = "testdata/buildkit.oci-archive.tar"
ATTESTED = "testdata/attested.oci-archive.tar"
HEREDOCS = "testdata/heredocs.oci-archive.tar"
HEREDOCS_BASE = "testdata/dockerfiles/heredocs-base.Dockerfile"
TOUR = "testdata/dockerfiles/tour.Dockerfile"
MOUNTED = "testdata/dockerfiles/mounted.Dockerfile"


def document(cli: Cli, *arguments: str | Path) -> Any:
    done = cli("dockerfile", *arguments, "--format", "json", "-q")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("image", [CLASSIC, BUILDKIT, ATTESTED, HEREDOCS, "testdata/buildah.oci-archive.tar"])
def test_what_is_written_is_a_dockerfile_with_every_layer(cli: Cli, image: str) -> None:
    text = cli("dockerfile", image, "-q").stdout
    read = parse_dockerfile(text)
    told = document(cli, image)
    own = [each for each in told["instructions"] if each["text"] and not each["base"]]
    assert [each.keyword for each in read.statements] == [each["text"].split()[0].upper() for each in own]
    layers = json.loads(cli("inspect", image, "--format", "json", "-q").stdout)["layers"]
    cost = {each["layer"]: each for each in told["instructions"] if each["layer"] is not None}
    assert cost.keys() == {layer["index"] for layer in layers}
    for layer in layers:
        for name in ("fileBytes", "reclaimableBytes", "changes"):
            assert cost[layer["index"]][name] == layer[name]


@pytest.mark.parametrize("image", [CLASSIC, BUILDKIT])
def test_a_written_dockerfile_is_the_images_own(cli: Cli, image: str, tmp_path: Path) -> None:
    written = tmp_path / "Dockerfile"
    assert cli("dockerfile", image, "-q", "-o", written).returncode == 0
    against = document(cli, image, "--against", written)["against"]
    assert against["matched"] == against["expected"] > 20
    assert against["unmatchedHistory"] == []


@pytest.mark.parametrize("image", [CLASSIC, BUILDKIT])
def test_every_line_of_the_real_one(cli: Cli, image: str) -> None:
    against = document(cli, image, "--against", TOUR)["against"]
    assert against["matched"] == against["expected"] > 20
    made = {layer: line["start"] for line in against["lines"] for layer in line["layers"]}
    lines = Path(__file__).parents[2].joinpath(TOUR).read_text().splitlines()
    assert [lines[made[layer] - 1].split()[0] for layer in sorted(made)] == (
        ["ADD", "COPY", "WORKDIR", *["RUN"] * 8, "COPY"]
    )


def test_lines_are_exact_where_the_provenance_says_so(cli: Cli) -> None:
    for arguments in (("--against", MOUNTED), ("--original",)):
        told = document(cli, ATTESTED, *arguments)
        exact = {line["start"]: line["layers"] for line in told["against"]["lines"] if line["match"] == "exact"}
        assert exact == {8: [0], 9: [1], 10: [2], 11: [3]}
    assert document(cli, BUILDKIT, "--against", TOUR)["provenance"] is None


def test_provenance_of_slsa_v1_with_heredocs_and_a_base(cli: Cli) -> None:
    told = document(cli, HEREDOCS, "--original")
    assert told["base"]["name"] == "registry.example/base:1"
    assert (told["base"]["layers"], told["base"]["toldBy"]) == (1, "provenance")
    below = parse_dockerfile(Path(__file__).parents[2].joinpath(HEREDOCS_BASE).read_text()).statements
    recorded = [each.keyword for each in below if each.keyword not in ("FROM", "ONBUILD")]
    assert told["base"]["historyEntries"] == len(recorded)
    of_the_base = [each["createdBy"].split()[0] for each in told["instructions"] if each["base"] and each["createdBy"]]
    assert of_the_base == recorded
    against = told["against"]
    assert against["matched"] == against["expected"] == 20
    layers = {line["start"]: line["layers"] for line in against["lines"] if line["match"] in ("exact", "base")}
    assert layers == {10: [1], 17: [2], 21: [3], 24: [4], 29: [5], 31: [6], 36: [7], 37: [8], 39: [9]}
    inferred = document(cli, HEREDOCS, "--against", "testdata/dockerfiles/heredocs.Dockerfile")
    assert inferred["against"]["matched"] == 20


def test_a_changed_dockerfile_is_not_exact(cli: Cli, tmp_path: Path) -> None:
    changed = tmp_path / "Dockerfile"
    changed.write_text("# one line more\n" + Path(__file__).parents[2].joinpath(MOUNTED).read_text())
    told = document(cli, ATTESTED, "--against", changed)
    assert {line["match"] for line in told["against"]["lines"]} == {"inferred", "other-stage", "base"}
    assert "not the Dockerfile that the image's provenance carries" in told["notes"][0]["text"]


def test_another_images_dockerfile_is_said_how_far_it_matches(cli: Cli) -> None:
    done = cli("dockerfile", ATTESTED, "--against", TOUR, "-q")
    assert done.returncode == 0
    assert "only 1 of 24 instructions" in " ".join(done.stdout.split())


def test_inspect_takes_the_lines(cli: Cli) -> None:
    told = json.loads(cli("inspect", BUILDKIT, "--dockerfile", TOUR, "--format", "json", "-q").stdout)
    assert [layer["instruction"]["line"] for layer in told["layers"]] == [8, 11, 12, 14, 16, 18, 20, 22, 24, 26, 29, 30]
    assert all(step["instruction"]["line"] for step in told["history"])


def test_the_base_is_kept_apart(cli: Cli, tmp_path: Path) -> None:
    one, two = tar_of(file("a", b"1")), tar_of(file("b", b"22"))
    below = [{"created_by": "ADD a / # buildkit", "comment": "buildkit.dockerfile.v0"}]
    base = simple_layout(tmp_path / "base", one, history=below)
    app = simple_layout(
        tmp_path / "app", one, two, history=[*below, {"created_by": "COPY b / # buildkit", "comment": "buildkit.x"}]
    )
    told = document(cli, app, "--base", base)
    assert [(each["text"], each["base"]) for each in told["instructions"]] == [
        ("ADD a /", True), (f"FROM {base}", False), ("COPY b /", False),
    ]  # fmt: skip
    layers = json.loads(cli("inspect", app, "--base", base, "--format", "json", "-q").stdout)["layers"]
    assert [layer["base"] for layer in layers] == [True, False]
    assert "here the base image ends" in cli("inspect", app, "--base", base, "-q").stdout
    assert "here the base image ends" in cli("history", app, "--base", base, "-q").stdout
    other = document(cli, app, "--base", CLASSIC)
    assert other["base"] is None
    assert "is no base of this image" in other["notes"][0]["text"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FROM a\n\nRUM x\n", "Dockerfile:3: unknown instruction: RUM"),
        ("FROM a\nRUN <<E\nx\n", "Dockerfile:2: the here-document E does not end"),
        ("", "holds no instruction"),
        ("FROM a b c d\n", "Dockerfile:1: FROM takes an image"),
    ],
)
def test_a_dockerfile_that_does_not_parse(cli: Cli, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    done = cli("dockerfile", BUILDKIT, "--against", tmp_path / "Dockerfile")
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--against", "/nowhere/Dockerfile"), "cannot read the Dockerfile /nowhere/Dockerfile"),
        (("--against", "/"), "cannot read the Dockerfile /"),
        (("--original",), "the image brings no provenance"),
        (("--original", "--against", TOUR), "two Dockerfiles"),
        (("--against", TOUR, "--target", "x"), "no stage 'x'"),
        (("--against", TOUR, "--build-arg", "x"), "not a build argument"),
    ],
)
def test_usage(cli: Cli, arguments: tuple[str, ...], says: str) -> None:
    done = cli("dockerfile", BUILDKIT, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
