"""JSON output against the schemas that ship, read strictly: what a schema does not name must not appear."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_process import Cli

IMAGES = [
    "testdata/classic.docker-archive.tar",
    "testdata/buildkit.oci-archive.tar",
    "testdata/buildah.oci-archive.tar",
    "testdata/zstd.oci-archive.tar",
    "testdata/pair.docker-archive.tar:pair:b",
    "testdata/platforms.oci-dir",
    "testdata/handmade.oci-dir",
    "testdata/oddities.oci-dir",
]


@functools.cache
def schema(kind: str, home: Path) -> dict[str, Any]:
    return dict(json.loads(Cli(home)("schema", kind).stdout))


def strict(value: Any) -> Any:
    if isinstance(value, dict):
        closed = (
            {"additionalProperties": False} if "properties" in value and "additionalProperties" not in value else {}
        )
        return {key: strict(item) for key, item in value.items()} | closed
    return [strict(item) for item in value] if isinstance(value, list) else value


def validate(document: Any, kind: str, home: Path, part: str = "") -> None:
    found = strict(schema(kind, home))
    if part:
        found = {"$ref": f"#/$defs/{part}", "$defs": found["$defs"]}
    jsonschema.Draft202012Validator.check_schema(found)
    jsonschema.Draft202012Validator(found).validate(document)


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("name", ["inspect", "history", "files", "dockerfile", "packages", "volumes"])
def test_testdata(cli: Cli, name: str, image: str) -> None:
    done = cli(name, image, "--format", "json")
    validate(json.loads(done.stdout), name, cli.home)


@pytest.mark.parametrize("name", ["inspect", "history", "files", "dockerfile", "packages", "volumes"])
def test_hostile(cli: Cli, name: str, hostile: Path) -> None:
    done = cli(name, hostile, "--format", "json")
    assert done.stdout.isascii()
    assert done.stdout.replace("\n", "").isprintable()
    json.loads(done.stdout).__str__().encode("utf-8")  # no lone surrogate
    validate(json.loads(done.stdout), name, cli.home)


@pytest.mark.parametrize("name", ["inspect", "history", "files", "dockerfile", "packages"])
def test_incomplete(cli: Cli, name: str, foreign: Path) -> None:
    validate(json.loads(cli(name, foreign, "--format", "json").stdout), name, cli.home)


@pytest.mark.parametrize(
    "options", [(), ("--layer", "4"), ("--layer", "4", "--changes"), ("--glob", "nothing")], ids=str
)
def test_files(cli: Cli, options: tuple[str, ...]) -> None:
    done = cli("files", "testdata/handmade.oci-dir", "--format", "json", *options)
    document = json.loads(done.stdout)
    validate(document, "files", cli.home)
    lines = cli("files", "testdata/handmade.oci-dir", "--format", "jsonl", *options).stdout.splitlines()
    assert [json.loads(line) for line in lines] == document["files"]
    assert done.stdout == json.dumps(document, indent=2) + "\n"


def test_a_line_of_jsonl_is_the_schemas_file(cli: Cli) -> None:
    for line in cli("files", "testdata/handmade.oci-dir", "--format", "jsonl").stdout.splitlines():
        validate(json.loads(line), "files", cli.home, "file")


def test_what_schemas_share_is_the_same(cli: Cli) -> None:
    inspect, history, files, packages = (
        schema(kind, cli.home)["$defs"] for kind in ("inspect", "history", "files", "packages")
    )
    for name in ("digest", "platform", "healthcheck", "config", "image", "instruction"):
        assert inspect[name] == history[name] == files[name] == packages[name]
    assert inspect["step"] == history["step"]
    assert inspect["note"] == history["note"] == packages["note"]
    assert inspect["skipped"] == files["skipped"] == packages["skipped"]
    for name in ("packageKind", "packageTotals", "package"):
        assert inspect[name] == packages[name]
    assert inspect["base"] == history["base"]
    dockerfile, diff = schema("dockerfile", cli.home)["$defs"], schema("diff", cli.home)["$defs"]
    for name in dockerfile.keys() & inspect.keys():
        assert dockerfile[name] == inspect[name]
    for name in diff.keys() & inspect.keys():
        assert diff[name] == inspect[name]
    assert diff["file"] == files["file"]


@pytest.mark.parametrize("image", IMAGES[:2])
def test_output_is_stable(cli: Cli, image: str) -> None:
    outputs = [cli("inspect", image, "--format", "json", "--no-cache").stdout for _ in range(2)]
    outputs.append(
        cli("inspect", image, "--format", "json", settings={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}).stdout
    )
    assert len(set(outputs)) == 1
