"""``layerscope packages`` and ``inspect --packages``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_process import Cli
from making import file, simple_layout, tar_of, whiteout
from packaged import dist, dpkg
from test_cli_schemas import validate

SITE = "usr/lib/python3/dist-packages"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A base, an upgrade, and packages of Python, one of them a part of a Debian one."""
    debian = [f"{SITE}/flask-2.dist-info/METADATA", f"{SITE}/flask-2.dist-info/RECORD", f"{SITE}/flask/app.py"]
    return simple_layout(
        tmp_path / "image",
        tar_of(*dpkg(("libc6", "1", ["lib/libc.so"]), ("dash", "1", ["bin/sh"])), file("lib/libc.so", b"x" * 3000)),
        tar_of(
            *dpkg(("libc6", "2", ["lib/libc.so"]), ("python3-flask", "2-1", debian)),
            *dist("flask", "2", ["flask/app.py"], at=SITE),
            file("lib/libc.so", b"y" * 4000),
            file(f"{SITE}/flask/app.py", b"z" * 500),
            file("var/cache/apt/pkgcache.bin", b"c" * 9000),
            whiteout("var/lib/dpkg/info/dash.list"),
        ),
        history=[{"created_by": "ADD base"}, {"created_by": "RUN apt-get upgrade"}],
    )


def told(cli: Cli, image: Path, *options: str) -> Any:
    done = cli("packages", image, "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    validate(document, "packages", cli.home)
    return document


def named(document: Any) -> list[tuple[str, str]]:
    return [(each["name"], each["version"]) for each in document["packages"]]


def test_the_costliest_first_and_what_is_gone_again(cli: Cli, image: Path) -> None:
    document = told(cli, image)
    assert named(document)[:2] == [("libc6", "2"), ("libc6", "1")]
    assert ("dash", "1") not in named(document)  # gone, and no layer ships a byte for it
    old, new = document["packages"][1], document["packages"][0]
    assert (old["removedBy"], new["replaces"], new["layer"], new["firstSeen"]) == (1, "1", 1, 0)
    assert [layer["instruction"]["text"] for layer in document["layers"]] == ["ADD base", "RUN apt-get upgrade"]
    assert (document["layers"][1]["changed"], document["layers"][1]["removed"]) == (1, 1)


def test_selection(cli: Cli, image: Path) -> None:
    assert named(told(cli, image, "--kind", "python")) == [("flask", "2")]
    assert named(told(cli, image, "--kind", "python", "--kind", "npm")) == [("flask", "2")]
    assert named(told(cli, image, "--top", "1")) == [("libc6", "2")]
    assert named(told(cli, image, "--sort", "name"))[0] == ("flask", "2")
    layer = told(cli, image, "--layer", "1")
    assert named(layer)[0] == ("libc6", "2")
    assert ("dash", "1") in named(layer)
    assert layer["largestUnowned"][0] == {"path": "/var/cache/apt/pkgcache.bin", "bytes": 9000}


def test_a_part_of_another_package(cli: Cli, image: Path) -> None:
    (flask,) = told(cli, image, "--kind", "python")["packages"]
    assert flask["within"] == {"kind": "dpkg", "name": "python3-flask", "version": "2-1"}
    assert flask["bytes"] == 0


def test_the_table(cli: Cli, image: Path) -> None:
    shown = cli("packages", image, "-q", settings={"COLUMNS": "80"}).stdout
    assert all(len(line) <= 80 for line in shown.splitlines()[1:])
    assert "gone by layer 1" in shown
    assert "1 package of them without bytes" in shown
    assert " flask " not in shown
    assert " flask " in cli("packages", image, "-q", "--kind", "python").stdout
    layer = cli("packages", image, "-q", "--layer", "1").stdout
    assert "was 1" in layer
    assert "part of dpkg python3-flask" in layer
    assert "/var/cache/apt/pkgcache.bin" in layer


def test_markdown(cli: Cli, image: Path) -> None:
    shown = cli("packages", image, "-q", "--format", "markdown").stdout
    assert shown.startswith("<!-- layerscope packages -->")
    assert "| 4.0 kB | 4.0 kB | dpkg | `libc6` | `2` | 1 | 0 |" in shown


def test_inspect_names_the_heaviest_of_each_layer(cli: Cli, image: Path) -> None:
    assert "packages: libc6 4.0 kB" in cli("inspect", image, "--packages", "-q").stdout
    assert "packages:" not in cli("inspect", image, "-q").stdout
    document = json.loads(cli("inspect", image, "--packages", "--format", "json").stdout)
    validate(document, "inspect", cli.home)
    whole = told(cli, image)
    assert document["packages"]["totals"] == whole["totals"]
    assert {json.dumps(each) for each in whole["packages"]} <= {
        json.dumps(each) for each in document["packages"]["packages"]
    }
    several = json.loads(cli("inspect", image, image, "--packages", "--format", "json").stdout)
    assert [each["packages"] for each in several["inspections"]] == [document["packages"]] * 2


def test_warm_runs_read_no_layer(cli: Cli, image: Path) -> None:
    cold = told(cli, image)
    manifest = json.loads((image / "index.json").read_text())["manifests"][0]["digest"]
    layers = json.loads((image / "blobs/sha256" / manifest.partition(":")[2]).read_text())["layers"]
    for layer in layers:
        (image / "blobs/sha256" / layer["digest"].partition(":")[2]).write_bytes(b"gone")
    assert told(cli, image) == cold
    assert cli("packages", image, "--no-cache").returncode == 5


def test_an_inspection_before_it_is_no_hindrance(cli: Cli, image: Path) -> None:
    """Its cache knows the layers, but not what the probe would find in them: they are read again."""
    cli("inspect", image)
    assert told(cli, image)["totals"]["installed"] == 3


def test_a_layer_that_cannot_be_read_leaves_packages_unknown(cli: Cli, foreign: Path) -> None:
    document = told(cli, foreign, "--layer", "0")
    assert (document["packages"], document["totals"], document["complete"]) == (None, None, False)
    assert "Packages are not known" in cli("packages", foreign, "-q").stdout
    assert "are not known" in cli("packages", foreign, "-q", "--format", "markdown").stdout


def test_no_such_layer(cli: Cli, image: Path) -> None:
    done = cli("packages", image, "--layer", "2")
    assert done.returncode == 2
    assert "there is no layer 2" in done.stderr


def test_an_image_without_packages(cli: Cli) -> None:
    document = told(cli, Path("testdata/classic.docker-archive.tar"))
    assert document["packages"] == []
    assert document["totals"]["unownedBytes"] == document["totals"]["fileBytes"]
    assert cli("packages", "testdata/classic.docker-archive.tar", "-q").returncode == 0


def test_a_kind_that_is_not_there(cli: Cli, image: Path) -> None:
    assert "No such package was found" in cli("packages", image, "-q", "--kind", "rpm").stdout
    assert "No package database was found" in cli("packages", "testdata/classic.docker-archive.tar", "-q").stdout
