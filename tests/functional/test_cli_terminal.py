"""On a terminal: colour where it is wanted, bars while there is something to wait for."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest
from cli_process import ROOT, Cli, command, environment

BUILDKIT = "testdata/buildkit.oci-archive.tar"
ESCAPE = "\x1b["


def on_terminal(
    cli: Cli,
    *arguments: str | Path,
    columns: int = 80,
    feed: Path | None = None,
    settings: dict[str, str] | None = None,
) -> tuple[int, str]:
    """Exit code and everything that a terminal was sent."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        command(*arguments),
        env=environment(cli.home, **{"TERM": "xterm", **(settings or {})}),
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    if feed is not None:
        threading.Thread(target=slowly, args=(feed, Path(arguments[1])), daemon=True).start()
    sent = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            data = os.read(ours, 65536)
        except OSError:  # Linux's way to say that nobody holds the other end any more
            break
        if not data:
            break
        sent += data
    os.close(ours)
    return process.wait(60), sent.decode()


def slowly(source: Path, pipe: Path) -> None:
    data = source.read_bytes()
    with pipe.open("wb") as stream:
        for start in range(0, len(data), len(data) // 6):
            stream.write(data[start : start + len(data) // 6])
            stream.flush()
            time.sleep(0.2)


def test_colour_on_a_terminal(cli: Cli) -> None:
    code, sent = on_terminal(cli, "inspect", BUILDKIT, "-q")
    assert code == 0
    assert re.search(r"\x1b\[[\d;]*32m21\x1b", sent), "added is green"
    assert re.search(r"\x1b\[[\d;]*31m5\x1b", sent), "deleted is red"
    assert re.search(r"\x1b\[[\d;]*33m1\x1b", sent), "modified is yellow"


@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
@pytest.mark.parametrize("name", ["inspect", "history", "files"])
def test_no_colour(cli: Cli, name: str, settings: dict[str, str]) -> None:
    code, sent = on_terminal(cli, name, BUILDKIT, "-q", settings=settings)
    assert code == 0
    assert "\x1b" not in sent


def test_colour_is_forced(cli: Cli) -> None:
    assert ESCAPE in cli("files", BUILDKIT, settings={"FORCE_COLOR": "1"}).stdout
    assert ESCAPE not in cli("files", BUILDKIT).stdout
    assert ESCAPE not in cli("files", BUILDKIT, "--format", "json", settings={"FORCE_COLOR": "1"}).stdout


@pytest.mark.parametrize("columns", [80, 200])
def test_lines_fit_the_terminal(cli: Cli, columns: int) -> None:
    _, sent = on_terminal(cli, "inspect", BUILDKIT, "-q", columns=columns, settings={"NO_COLOR": "1"})
    longest = max(len(line) for line in sent.splitlines())
    assert columns - 40 < longest <= columns


def test_columns_wins(cli: Cli) -> None:
    done = cli("inspect", BUILDKIT, "-q", settings={"COLUMNS": "80"})
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_bars_while_waiting_and_gone_in_the_end(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    code, sent = on_terminal(cli, "inspect", pipe, feed=ROOT / "testdata/classic.docker-archive.tar")
    assert code == 0
    assert "all layers" in sent
    assert "5aacfbd86c89" in sent or "layer.tar" in sent
    assert sent.count("\x1b[?25l") == sent.count("\x1b[?25h"), "the cursor is back"
    assert "image    " in sent[sent.rindex("\x1b[?25h") :]


@pytest.mark.parametrize("settings", [{"CI": "true"}, {"TERM": "dumb"}])
def test_no_bars_in_ci(cli: Cli, tmp_path: Path, settings: dict[str, str]) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    code, sent = on_terminal(
        cli, "inspect", pipe, feed=ROOT / "testdata/classic.docker-archive.tar", settings={"NO_COLOR": "1", **settings}
    )
    assert code == 0
    assert "all layers" not in sent
    assert sent.count(" read\r\n") == 12


def test_nothing_is_drawn_for_what_takes_no_time(cli: Cli) -> None:
    cli("inspect", BUILDKIT)
    _, sent = on_terminal(cli, "inspect", BUILDKIT, settings={"NO_COLOR": "1"})
    assert "\x1b" not in sent


def test_an_error_on_a_terminal_is_two_lines(cli: Cli) -> None:
    code, sent = on_terminal(cli, "inspect", "./no-such.tar")
    assert code == 3
    assert len(sent.splitlines()) == 2
