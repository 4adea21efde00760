"""Standard output carries data, standard error speaks to people, and neither ever ends in a traceback."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_process import ROOT, Cli, command, environment
from making import docker_archive, file, tar_of

CLASSIC = "testdata/classic.docker-archive.tar"


def test_stdout_is_data_and_stderr_one_line_a_layer(cli: Cli) -> None:
    cold = cli("inspect", CLASSIC, "--format", "json")
    assert json.loads(cold.stdout)["totals"]["layers"] == 12
    lines = cold.stderr.splitlines()
    assert sorted(line.split()[1] for line in lines) == sorted(map(str, range(12)))
    assert all(line.endswith(" read") and len(line) < 60 for line in lines)
    warm = cli("inspect", CLASSIC, "--format", "json")
    assert warm.stdout == cold.stdout
    assert all(line.endswith(": cached") for line in warm.stderr.splitlines())


def test_a_stream_tells_of_each_layer_once(cli: Cli) -> None:
    done = cli("inspect", "testdata/buildkit.docker-archive.tar.gz")
    assert len([line for line in done.stderr.splitlines() if line.endswith(" read")]) == 12


@pytest.mark.parametrize("name", ["inspect", "history", "files"])
def test_quiet(cli: Cli, name: str) -> None:
    done = cli(name, CLASSIC, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_standard_input(cli: Cli) -> None:
    with (ROOT / CLASSIC).open("rb") as archive:
        done = cli("inspect", "-", "--format", "json", stdin=archive)
    assert done.returncode == 0
    assert json.loads(done.stdout)["totals"]["reclaimableBytes"] == 6568


def test_the_remark_on_a_scheme_goes_to_stderr(cli: Cli) -> None:
    done = cli("history", "registry:2", "--retries", "0", settings={"HTTPS_PROXY": "http://127.0.0.1:1"})
    assert "docker.io/library/registry:2" in done.stderr.splitlines()[0]
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments", [("files",), ("files", "--format", "json"), ("files", "--format", "jsonl"), ("inspect",)], ids=" ".join
)
def test_a_closed_pipe(cli: Cli, large: Path, arguments: tuple[str, ...]) -> None:
    name, *options = arguments
    process = subprocess.Popen(
        command(name, large, *options, "-q"),
        env=environment(cli.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    if name == "files":
        process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["inspect", "--help"]], ids=" ".join)
def test_a_pipe_closed_before_help(cli: Cli, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command(*arguments), env=environment(cli.home), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("inspect", CLASSIC, "-q"), ("files", CLASSIC, "-q"), ("--help",)], ids=" ".join)
def test_a_full_disk(cli: Cli, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments), env=environment(cli.home), cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert b"Traceback" not in done.stderr
    assert done.returncode in (2, 3)
    assert b"No space left on device" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("arguments", ["inspect " + CLASSIC, "--version", "--help", "inspect", "inspect -"])
def test_closed_streams(cli: Cli, arguments: str, closed: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m layerscope {arguments} {closed}"],
        env=environment(cli.home),
        cwd=ROOT,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode in (0, 2, 5)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {"LANG": "C"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "cp1252"},
    ],
    ids=str,
)
@pytest.mark.parametrize("arguments", [("inspect",), ("files",), ("history",), ("inspect", "--format", "markdown")])
def test_any_locale(cli: Cli, hostile: Path, settings: dict[str, str], arguments: tuple[str, ...]) -> None:
    name, *options = arguments
    done = subprocess.run(
        command(name, hostile, *options), env=environment(cli.home, **settings), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    if settings.get("PYTHONIOENCODING") == "ascii":
        assert done.stdout.isascii()
        if not options:
            assert b"\\u20" not in done.stdout.replace(b"\\u202e", b"")  # our own characters are ASCII then


NOBODY = """
import pwd, sys
def unknown(*_): raise KeyError("no such user")
pwd.getpwuid = unknown
sys.argv = ["layerscope", *sys.argv[1:]]
from layerscope.__main__ import main
main()
"""


def test_no_home(cli: Cli, tmp_path: Path) -> None:
    nowhere = environment(cli.home)
    del nowhere["HOME"]
    work = tmp_path / "work"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, "inspect", str(ROOT / CLASSIC)],
        env=nowhere,
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert len([line for line in done.stderr.splitlines() if line.startswith("warning: ")]) == 1
    assert list(work.iterdir()) == []
    asked = subprocess.run(
        [sys.executable, "-c", NOBODY, "cache", "info"], env=nowhere, cwd=work, capture_output=True, check=False
    )
    assert asked.returncode == 2


@pytest.mark.parametrize("place", ["/proc/no-cache", "file/below"])
def test_a_cache_that_cannot_be_used_warns_once(cli: Cli, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    done = cli("inspect", CLASSIC, "--format", "json", "--cache-dir", tmp_path / place)
    assert done.returncode == 0
    assert json.loads(done.stdout)["complete"]
    assert len([line for line in done.stderr.splitlines() if line.startswith("warning: ")]) == 1
    assert cli("inspect", CLASSIC, "-q", "--cache-dir", tmp_path / place).stderr == ""


def test_a_full_cache_warns_once(cli: Cli) -> None:
    def no_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    done = cli("inspect", CLASSIC, preexec_fn=no_files)
    assert done.returncode == 0
    assert len([line for line in done.stderr.splitlines() if line.startswith("warning: ")]) == 1


def test_no_cache_keeps_nothing(cli: Cli) -> None:
    for _ in range(2):
        done = cli("inspect", CLASSIC, "--no-cache")
        assert "cached" not in done.stderr
    assert list(cli.home.iterdir()) == []


def test_interrupted(cli: Cli, tmp_path: Path) -> None:
    """On a stream that never comes to its end: 130 at once, and nothing half-written."""
    archive = docker_archive(tmp_path / "whole.tar", tar_of(file("a", b"1" * 100_000)))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    written = tmp_path / "written"
    written.mkdir()
    (written / "old.json").write_text("old")
    process = subprocess.Popen(
        command(
            "inspect", pipe, "--format", "json", "-o", written / "old.json", "--report", f"json={written}/new.json"
        ),
        env=environment(cli.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with pipe.open("wb") as slow:
        slow.write(archive.read_bytes()[:50_000])
        slow.flush()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        stdout, stderr = process.communicate(timeout=30)
        assert time.monotonic() - began < 5
    assert (process.returncode, stdout) == (130, b"")
    assert b"Traceback" not in stderr
    assert [(each.name, each.read_text()) for each in written.iterdir()] == [("old.json", "old")]


def test_interrupted_while_starting(cli: Cli) -> None:
    process = subprocess.Popen(
        command("inspect", CLASSIC), env=environment(cli.home), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(0.15)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode in (0, 130, -signal.SIGINT)  # done already; or Python itself was still starting
    assert process.returncode == -signal.SIGINT or b"Traceback" not in stderr


def test_verbose(cli: Cli) -> None:
    assert "info: " in cli("inspect", CLASSIC, "-v").stderr
    damaged = cli("inspect", "testdata/README.md", "-vv")
    assert damaged.returncode == 5
    assert "debug: " in damaged.stderr
