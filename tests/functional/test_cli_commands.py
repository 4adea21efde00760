"""What each command answers."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from cli_process import Cli

CLASSIC = "testdata/classic.docker-archive.tar"
BUILDKIT = "testdata/buildkit.oci-archive.tar"
HANDMADE = "testdata/handmade.oci-dir"
PLATFORMS = "testdata/platforms.oci-dir"


def rows(cli: Cli, *arguments: str | Path) -> list[dict[str, Any]]:
    done = cli("files", *arguments, "--format", "jsonl", "-q")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def paths(cli: Cli, *arguments: str | Path) -> list[str]:
    return [row["path"] for row in rows(cli, *arguments)]


# -- inspect and history ---------------------------------------------------------------------------------------------


def test_inspect_tells_what_testdata_readme_tells(cli: Cli) -> None:
    totals = json.loads(cli("inspect", BUILDKIT, "--format", "json").stdout)["totals"]
    assert totals == {
        "layers": 12,
        "entries": 89,
        "compressedBytes": 72_789,
        "uncompressedBytes": 195_584,
        "fileBytes": 126_993,
        "squashedBytes": 120_425,
        "reclaimableBytes": 6_568,
        "duplicateBytes": 18,
        "efficiency": 120_425 / 126_993,
    }


def test_top_bounds_the_table_and_not_json(cli: Cli) -> None:
    table = cli("inspect", BUILDKIT, "--top", "2").stdout
    assert "Reclaimable: 10 paths, the largest 2" in table
    assert "/app/tool" in table and "/app/notes.txt" not in table.split("Reclaimable: ")[1]
    assert "Reclaimable: " not in cli("inspect", BUILDKIT, "--top", "0").stdout
    assert len(json.loads(cli("inspect", BUILDKIT, "--top", "2", "--format", "json").stdout)["reclaimable"]) == 10


@pytest.mark.parametrize(
    "settings",
    [{"DOCKER_DEFAULT_PLATFORM": "linux/arm64"}, {"LAYERSCOPE_PLATFORM": "arm64", "DOCKER_DEFAULT_PLATFORM": "x/y"}],
)
def test_platform(cli: Cli, settings: dict[str, str]) -> None:
    image = json.loads(cli("history", PLATFORMS, "--format", "json", settings=settings).stdout)["image"]
    assert image["platform"] == "linux/arm64"
    assert [offer["platform"] for offer in image["platforms"]] == ["linux/amd64", "linux/arm64"]
    chosen = cli("history", PLATFORMS, "--format", "json", "--platform", "linux/amd64", settings=settings).stdout
    assert json.loads(chosen)["image"]["platform"] == "linux/amd64"


def test_history_reads_no_layer(cli: Cli, tmp_path: Path) -> None:
    from making import Layout, file, tar_of

    layout = Layout(tmp_path / "layout")
    tar = tar_of(file("a", b"1"))
    path = layout.index(
        layout.image([tar], history=[{"created_by": "COPY a /"}, {"created_by": "CMD x", "empty_layer": True}])
    )
    layout.blob(tar).unlink()
    document = json.loads(cli("history", path, "--format", "json").stdout)
    assert [(step["layer"], step["instruction"]["kind"]) for step in document["history"]] == [
        (0, "COPY"),
        (None, "CMD"),
    ]
    assert document["layers"][0]["compressedBytes"] == len(tar)
    assert not (cli.home / ".cache").exists()


def test_history_of_a_stream(cli: Cli) -> None:
    document = json.loads(cli("history", "testdata/buildkit.docker-archive.tar.gz", "--format", "json").stdout)
    assert (len(document["history"]), len(document["layers"])) == (24, 12)
    assert document["totals"] == {"layers": 12, "compressedBytes": None}


def test_what_is_skipped_is_in_every_output(cli: Cli, foreign: Path) -> None:
    document = json.loads(cli("inspect", foreign, "--format", "json").stdout)
    assert document["complete"] is False
    assert document["reclaimable"] is None
    assert document["layers"][1]["skipped"]
    assert document["layers"][0]["fileBytes"] == 1 and document["layers"][0]["changes"] is None
    assert document["skipped"] == [{"layer": 1, "path": None, "reason": document["layers"][1]["skipped"]}]
    for settings in ("table", "markdown"):
        assert "foreign layer whose blob is not with the image" in cli("inspect", foreign, "--format", settings).stdout


# -- files -----------------------------------------------------------------------------------------------------------


def test_files_of_the_merged_image(cli: Cli) -> None:
    found = {row["path"]: row for row in rows(cli, HANDMADE)}
    assert len(found) == 56
    assert found["/bin/setuid"]["mode"] == "4755"
    assert found["/dev/null"]["device"] == {"major": 1, "minor": 3}
    assert found["/lib"]["link"] == "usr/lib"
    assert found["/bin/tool"]["xattrs"]["user.note"] == base64.b64encode(b"a note").decode()
    assert found["/sparse/pax-1.0"]["size"] == 300_000
    assert found["/implied/by"]["mtime"] is None
    assert found["/pax/escape\x1b[31mred\nnew-line"]["layer"] == 1
    assert found["/pax/raw\ufffd\ufffd"]["pathBytes"] == base64.b64encode(b"/pax/raw\xff\xfe").decode()
    assert all("pathBytes" not in row for path, row in found.items() if "\ufffd" not in path)


@pytest.mark.parametrize("path", ["/opt/app", "opt/app/", "./opt//app", "/opt/x/../app"])
def test_files_below_a_path(cli: Cli, path: str) -> None:
    assert paths(cli, HANDMADE, path) == ["/opt/app", "/opt/app/cache", "/opt/app/cache/new", "/opt/app/cache/second"]


def test_a_path_that_is_not_utf8(cli: Cli) -> None:
    done = cli("files", HANDMADE, b"/pax/raw\xff\xfe", "-q")
    assert done.returncode == 0
    assert "/pax/raw\\xff\\xfe" in done.stdout


def test_files_of_a_layer_show_markers(cli: Cli) -> None:
    kinds = {row["path"]: row["kind"] for row in rows(cli, HANDMADE, "--layer", "4")}
    assert kinds == {
        "/opt/app/cache": "directory",
        "/opt/app/cache/new": "file",
        "/opt/app/cache/second": "file",
        "/opt/app/cache/.wh..wh..opq": "opaque",
        "/srv/.wh.remove": "whiteout",
        "/opt/app/.wh.keep": "whiteout",
    }
    assert paths(cli, HANDMADE, "/srv", "--layer", "4") == ["/srv/.wh.remove"]


def test_files_of_a_layer_read_that_layer_alone(cli: Cli) -> None:
    done = cli("files", HANDMADE, "--layer", "2")
    assert done.stderr.count(" read\n") == 1


def test_changes_of_a_layer(cli: Cli) -> None:
    found = [(row["path"], row["change"], row["bytes"]) for row in rows(cli, HANDMADE, "--layer", "4", "--changes")]
    assert found == [
        ("/opt/app/cache/deep", "deleted", 0),
        ("/opt/app/cache/deep/entry", "deleted", 7),
        ("/opt/app/cache/new", "added", 4),
        ("/opt/app/cache/second", "modified", 5),
        ("/opt/app/keep", "deleted", 0),
        ("/opt/app/keep/file", "deleted", 5),
        ("/srv/remove", "deleted", 7),
    ]
    counts = json.loads(cli("inspect", HANDMADE, "--format", "json").stdout)["layers"][4]["changes"]
    assert sum(each["count"] for each in counts.values()) == len(found)


def test_sort_top_and_glob(cli: Cli) -> None:
    assert paths(cli, CLASSIC, "/app", "--top", "2") == ["/app/tool", "/app/notes.txt"]
    assert paths(cli, CLASSIC, "/app", "--sort", "path", "--top", "2") == ["/app", "/app/config.ini"]
    sizes = [row["size"] for row in rows(cli, CLASSIC, "--sort", "size")]
    assert sizes == sorted(sizes, reverse=True)
    assert paths(cli, CLASSIC, "/app", "--glob", "*.txt", "--glob", "*.css") == [
        "/app/notes.txt",
        "/app/static/site.css",
    ]
    assert "/app/tool" not in paths(cli, CLASSIC, "--glob", "/app/**", "--glob", "!tool")
    assert all(
        path.startswith("/app/static/") for path in paths(cli, CLASSIC, "--glob", "static/") if path != "/app/static"
    )
    assert paths(cli, CLASSIC, "--glob", "no-such-name") == []


def test_files_of_an_image_with_a_skipped_layer(cli: Cli, foreign: Path) -> None:
    done = cli("files", foreign, "--format", "json")
    document = json.loads(done.stdout)
    assert document["complete"] is False
    assert [(row["path"], row["layer"]) for row in document["files"]] == [("/a", 0), ("/c", 2)]
    assert "warning: layer 1 is not listed" in done.stderr
    assert json.loads(cli("files", foreign, "--format", "json", "--layer", "1").stdout)["complete"] is False
    assert json.loads(cli("files", foreign, "--format", "json", "--layer", "2", "--changes").stdout)["files"] == []
    assert json.loads(cli("files", foreign, "--format", "json", "--layer", "0", "--changes").stdout)["complete"] is True


# -- cache -----------------------------------------------------------------------------------------------------------


def cache(cli: Cli, *arguments: str | Path) -> Any:
    done = cli("cache", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_cache(cli: Cli) -> None:
    assert cache(cli, "info")["holds"]["count"] == 0
    cli("inspect", BUILDKIT)
    info = cache(cli, "info")
    assert info["directory"] == str(cli.home / ".cache/layerscope")
    assert {room: held["count"] for room, held in info["holds"]["kinds"].items()} == {
        "indexes": 12, "blobs": 12, "documents": 0, "probes": 0, "witnesses": 0, "other": 0,
    }  # fmt: skip
    index = next((cli.home / ".cache/layerscope/v1/indexes").iterdir())
    os.utime(index, (time.time() - 8 * 86400,) * 2)
    assert cache(cli, "prune", "--older-than", "1w")["removed"]["count"] == 1
    assert cache(cli, "prune", "--max-size", "1kB")["removed"]["count"] > 0
    assert cache(cli, "info")["holds"]["bytes"] <= 1000
    assert cache(cli, "clear")["removed"]["count"] > 0
    assert cache(cli, "info")["holds"]["count"] == 0
    assert "0 entries" in cli("cache", "info").stdout


def test_clearing_the_wrong_directory_harms_nothing(cli: Cli, tmp_path: Path) -> None:
    precious = [tmp_path / name for name in ("file", "deep/file", "v1/file", "v1/other/file", "version/indexes/file")]
    for file in precious:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("precious")
    for arguments in (("clear",), ("prune", "--older-than", "0s"), ("prune", "--max-size", "1")):
        assert cache(cli, *arguments, "--cache-dir", tmp_path)["removed"]["count"] == 0
    assert all(file.exists() for file in precious)


def test_a_directory_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    cli("inspect", BUILDKIT, settings={"LAYERSCOPE_CACHE_DIR": str(tmp_path / "here")})
    assert cache(cli, "info", "--cache-dir", tmp_path / "here")["holds"]["count"] == 24


# -- the environment -------------------------------------------------------------------------------------------------


def test_options_from_the_environment(cli: Cli, tmp_path: Path) -> None:
    settings = {
        "LAYERSCOPE_FORMAT": "json",
        "LAYERSCOPE_QUIET": "1",
        "LAYERSCOPE_NO_CACHE": "true",
        "LAYERSCOPE_REPORT": f"markdown={tmp_path / 'a.md'} table={tmp_path / 'b.txt'}",
        "LAYERSCOPE_TOP": "1",
    }
    done = cli("inspect", BUILDKIT, settings=settings)
    assert json.loads(done.stdout)["kind"] == "inspect"
    assert done.stderr == ""
    assert not (cli.home / ".cache").exists()
    assert "the largest 1" in (tmp_path / "a.md").read_text()
    assert "the largest 1" in (tmp_path / "b.txt").read_text()
    assert cli("inspect", BUILDKIT, "--format", "markdown", settings=settings).stdout == (tmp_path / "a.md").read_text()


@pytest.mark.parametrize("name", ["FORMAT", "MAX_ENTRIES", "PLATFORM"])
def test_nonsense_in_the_environment(cli: Cli, name: str) -> None:
    done = cli("inspect", BUILDKIT, settings={f"LAYERSCOPE_{name}": "non/sen/se/!"})
    assert (done.returncode, done.stdout) == (2, "")
    assert cli("inspect", BUILDKIT, settings={f"LAYERSCOPE_{name}": ""}).returncode == 0
