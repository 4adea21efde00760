"""Every exit code of the contract, and the two lines that go with an error."""

from __future__ import annotations

import pty
import re
from pathlib import Path

import pytest
from cli_process import Cli
from making import file, simple_layout, tar_of

PLATFORMS = "testdata/platforms.oci-dir"
CLASSIC = "testdata/classic.docker-archive.tar"


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect",),
        ("history", CLASSIC, "surplus"),
        ("inspect", CLASSIC, "--no-such-option"),
        ("inspect", CLASSIC, "--format", "xml"),
        ("inspect", CLASSIC, "--platform", "a/b/c/d"),
        ("inspect", CLASSIC, "--report", "json"),
        ("inspect", CLASSIC, "--report", "xml=file"),
        ("inspect", CLASSIC, "-o", "no/such/directory/file"),
        ("inspect", CLASSIC, "-o", "testdata"),
        ("inspect", CLASSIC, "--max-layer-size", "much"),
        ("inspect", CLASSIC, "--top", "-1"),
        ("inspect", CLASSIC, "--timeout", "nan"),
        ("inspect", "docker://nginx"),
        ("inspect", "containers-storage:x"),
        ("inspect", "UPPER/case:tag:tag"),
        ("inspect", "registry:"),
        ("inspect", "testdata/pair.docker-archive.tar"),
        ("history",),
        ("files", CLASSIC, "--changes"),
        ("files", CLASSIC, "--layer", "12"),
        ("files", CLASSIC, "--layer", "-1"),
        ("files", CLASSIC, "--sort", "name"),
        ("cache", "prune"),
        ("cache", "prune", "--older-than", "30"),
        ("schema", "nothing"),
        ("no-such-command",),
        (),
        ("cache",),
    ],
    ids=" ".join,
)
def test_usage(cli: Cli, arguments: tuple[str, ...]) -> None:
    done = cli(*arguments)
    assert done.returncode == 2, done
    assert_two_lines(done.stderr)
    assert done.stdout == ""


def test_a_terminal_is_no_archive(cli: Cli) -> None:
    _, terminal = pty.openpty()
    done = cli("inspect", "-", stdin=terminal)
    assert done.returncode == 2
    assert "standard input" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "./no-such-archive.tar"),
        ("inspect", f"{CLASSIC}:no-such-tag"),
        ("inspect", PLATFORMS, "--platform", "linux/s390x"),
        ("history", PLATFORMS, "--platform", "linux/s390x"),
        ("files", CLASSIC, "/no/such/path", "-q"),
        ("files", CLASSIC, "/app", "--layer", "0", "-q"),
        ("inspect", "localhost:1/some/where", "--retries", "0"),
    ],
    ids=" ".join,
)
def test_not_found_or_unreachable(cli: Cli, arguments: tuple[str, ...]) -> None:
    done = cli(*arguments)
    assert done.returncode == 3, done
    assert_two_lines(done.stderr)
    assert done.stdout == ""


def test_an_invalid_image(cli: Cli) -> None:
    done = cli("inspect", "testdata/README.md")
    assert (done.returncode, done.stdout) == (5, "")
    assert_two_lines(done.stderr)


def test_a_damaged_layer_names_layer_and_offset(cli: Cli, tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(file("a", b"1" * 1000))[:700])
    done = cli("inspect", layout, "-q")
    assert (done.returncode, done.stdout) == (5, "")
    assert "layer 0" in done.stderr
    assert re.search(r"offset|byte|at \d+", done.stderr)


@pytest.mark.parametrize(
    "limit",
    [("--max-layer-size", "2kB"), ("--max-file-size", "10"), ("--max-entries", "3")],
    ids=" ".join,
)
def test_a_limit(cli: Cli, limit: tuple[str, str]) -> None:
    assert cli("inspect", CLASSIC, *limit).returncode == 5


def test_our_own_bug_is_said_to_be_one(cli: Cli, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import layerscope.inspection as i\n"
        "def fail(*a, **k): raise ZeroDivisionError('a \\x1b[31m bug')\n"
        "i.inspect_image = fail\n"
    )
    settings = {"PYTHONPATH": f"{broken}:{Path(__file__).parents[2]}"}
    done = cli("inspect", CLASSIC, settings=settings)
    assert (done.returncode, done.stdout) == (70, "")
    assert "Traceback" not in done.stderr
    assert "ZeroDivisionError: a \\x1b[31m bug" in done.stderr
    assert "report" in done.stderr
    told = cli("inspect", CLASSIC, "-vv", settings=settings).stderr
    assert "Traceback" in told
    assert "\x1b" not in told


def test_an_error_is_harmless_whatever_the_name(cli: Cli) -> None:
    done = cli("inspect", "./\x1b[2J\u202e\nerror: no.tar")
    assert done.returncode == 3
    assert_two_lines(done.stderr)
    assert "\\x1b[2J\\u202e" in done.stderr


def test_a_name_that_is_not_utf8(cli: Cli) -> None:
    done = cli("inspect", b"./no-\xff.tar")
    assert done.returncode == 3
    assert "no-\\xff.tar" in done.stderr


def assert_two_lines(stderr: str) -> None:
    lines = [line for line in stderr.splitlines() if not line.startswith("note: ")]
    assert lines[0].startswith("error: ")
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: "))
    assert all(line.isprintable() for line in lines)
