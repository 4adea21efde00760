"""``layerscope cat`` as a process: bytes on standard output, words on standard error, exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from cli_process import ROOT, Cli, command, environment
from making import directory, docker_archive, file, hardlink, simple_layout, symlink, tar_of

CLASSIC = "testdata/classic.docker-archive.tar"


def test_the_bytes_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    data = bytes(range(256)) * 100
    layout = simple_layout(tmp_path / "layout", tar_of(file("data", data)))
    done = subprocess.run(command("cat", layout, "data"), env=environment(cli.home), capture_output=True, check=True)
    assert done.stdout == data


def test_to_a_file_whole_or_not_at_all(cli: Cli, tmp_path: Path) -> None:
    assert cli("cat", CLASSIC, "/app/config.ini", "-o", tmp_path / "out").stdout == ""
    assert (tmp_path / "out").read_text() == "mode = production\n"
    done = cli("cat", CLASSIC, "/nowhere", "-o", tmp_path / "out")
    assert done.returncode == 3
    assert (tmp_path / "out").read_text() == "mode = production\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("/app/confg.ini",), 3, "is it /app/config.ini?"),
        (("/app",), 2, "/app is a directory"),
        (("/srv/cache/one",), 3, "layer 6 took /srv/cache away"),
        (("/app/config.ini", "--layer", "12"), 2, "there is no layer 12"),
        (("/app/config.ini", "--layer", "9"), 3, "it is there from layer 5"),
        (("/app/config.ini", "-o", "/nowhere/at/all"), 2, "there is no directory"),
    ],
    ids=lambda value: str(value),
)
def test_errors(cli: Cli, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = cli("cat", CLASSIC, *arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stdout == ""


def on_a_terminal(cli: Cli, *arguments: str | Path) -> tuple[int, bytes, bytes]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("cat", *arguments), env=environment(cli.home), stdout=theirs, stderr=subprocess.PIPE, cwd=ROOT
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:
            break
        if not read:
            break
        shown += read
    os.close(ours)
    _, said = process.communicate()
    return process.returncode, shown.replace(b"\r\n", b"\n"), said


@pytest.mark.parametrize(
    "content", [b"\x7fELF\0", b"\x1b]0;title\x07", b"latin \xe9 text", b"over\rwrite", b"c1 \xc2\x9b"]
)
def test_a_terminal_is_spared_what_would_act_on_it(cli: Cli, tmp_path: Path, content: bytes) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(file("data", content)))
    code, shown, said = on_a_terminal(cli, layout, "data", "-q")
    assert (code, shown) == (2, b"")
    assert b"-o FILE" in said
    assert on_a_terminal(cli, layout, "data", "-q", "-o", "-")[0] == 0


def test_text_is_shown_on_a_terminal(cli: Cli, tmp_path: Path) -> None:
    text = "tab\tand naïve — ünïcode\nline\n".encode()
    layout = simple_layout(tmp_path / "layout", tar_of(file("text", text)))
    assert on_a_terminal(cli, layout, "text", "-q") == (0, text, b"")


def test_a_closed_pipe(cli: Cli, tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(file("data", bytes(8 << 20))))
    process = subprocess.Popen(
        command("cat", layout, "data", "-q"), env=environment(cli.home), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


@pytest.fixture
def backwards(tmp_path: Path) -> Path:
    """An archive whose links lead to what has gone by already."""
    tar = tar_of(directory("bin"), file("bin/dash", b"#!"), symlink("bin/sh", "dash"), hardlink("zz", "bin/dash"))
    return docker_archive(tmp_path / "made.tar", tar)


@pytest.mark.parametrize("path", ["/bin/sh", "/zz"])
def test_a_stream_that_has_passed_is_asked_for_again_where_it_can_be(cli: Cli, backwards: Path, path: str) -> None:
    subprocess.run(["gzip", "-k", backwards], check=True)
    done = cli("cat", f"{backwards}.gz", path, "--no-cache")
    assert (done.returncode, done.stdout) == (0, "#!")
    with backwards.open("rb") as given:
        done = cli("cat", "-", path, "--no-cache", stdin=given)
    assert done.returncode == 3
    assert "/bin/dash had gone by" in done.stderr
    with backwards.open("rb") as given:
        assert cli("cat", "-", "/bin/dash", "--no-cache", stdin=given).stdout == "#!"


def test_names_need_not_be_utf8(cli: Cli, tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(file("caf\udce9", b"found")))
    assert cli("cat", layout, b"/caf\xe9").stdout == "found"
    done = cli("cat", layout, b"/caf\xe8")
    assert done.returncode == 3
    assert "\\xe9" in done.stderr


def test_what_is_listed_as_deleted_can_be_read(cli: Cli) -> None:
    listed = json.loads(cli("files", CLASSIC, "--deleted", "--format", "json").stdout)
    assert listed["deleted"] is True
    assert len(listed["files"]) == 10
    for row in listed["files"]:
        done = subprocess.run(
            command("cat", CLASSIC, row["path"], "--layer", str(row["layer"]), "-q"),
            env=environment(cli.home),
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        assert row["digest"] == f"sha256:{hashlib.sha256(done.stdout).hexdigest()}"
        assert row["buriedBy"] > row["layer"]


def test_the_list_of_what_is_deleted(cli: Cli) -> None:
    lines = cli("files", CLASSIC, "--deleted", "--layer", "3").stdout.splitlines()
    assert lines[0].split() == ["cause", "mode", "owner", "size", "layer", "buried", "by", "digest", "path"]
    assert [line.split()[0] for line in lines[1:]] == ["deleted", "deleted", "opaque", "opaque"]


def test_empty_files_and_links_are_among_the_deleted(cli: Cli, tmp_path: Path) -> None:
    bottom = tar_of(file("empty"), symlink("link", "empty"), file("kept", b"x"), hardlink("again", "kept"))
    layout = simple_layout(
        tmp_path / "layout", bottom, tar_of(*(file(f".wh.{name}") for name in ("empty", "link", "again")))
    )
    listed = json.loads(cli("files", layout, "--deleted", "--format", "json").stdout)["files"]
    assert [(row["path"], row["kind"], row["cause"], row["buriedBy"]) for row in listed] == [
        ("/empty", "file", "deleted", 1),
        ("/link", "symlink", "deleted", 1),
    ]


def test_changes_and_deleted_do_not_mix(cli: Cli) -> None:
    done = cli("files", CLASSIC, "--layer", "3", "--changes", "--deleted")
    assert done.returncode == 2
    done = cli("files", CLASSIC, "/app/tool/x", "--deleted")
    assert done.returncode == 3
    assert "nothing there was deleted or overwritten" in done.stderr
