"""Files that output goes to: whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from cli_process import ROOT, Cli, command, environment

CLASSIC = "testdata/classic.docker-archive.tar"


def test_output_goes_to_a_file(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    done = cli("inspect", CLASSIC, "--format", "json", "-o", file)
    assert (done.returncode, done.stdout) == (0, "")
    assert file.read_text() == cli("inspect", CLASSIC, "--format", "json").stdout


def test_several_reports_at_once(cli: Cli, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("json", "markdown", "table")}
    options = [f"--report={name}={file}" for name, file in files.items()]
    done = cli("inspect", CLASSIC, "--format", "json", *options)
    assert json.loads(done.stdout) == json.loads(files["json"].read_text())
    assert files["markdown"].read_text() == cli("inspect", CLASSIC, "--format", "markdown").stdout
    assert files["table"].read_text() == cli("inspect", CLASSIC).stdout


@pytest.mark.parametrize("name", ["json", "jsonl", "table"])
def test_reports_of_files(cli: Cli, tmp_path: Path, name: str) -> None:
    done = cli("files", CLASSIC, "--report", f"{name}={tmp_path / 'out'}", "--format", name, "--top", "5")
    assert done.returncode == 0
    assert (tmp_path / "out").read_text() == done.stdout != ""


def test_files_are_never_coloured(cli: Cli, tmp_path: Path) -> None:
    cli("inspect", CLASSIC, "-o", tmp_path / "out", settings={"FORCE_COLOR": "1"})
    assert "\x1b" not in (tmp_path / "out").read_text()


def test_two_outputs_to_one_file_are_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    done = cli("inspect", CLASSIC, "-o", tmp_path / "file", "--report", f"json={tmp_path / 'link'}")
    assert done.returncode == 2
    assert not (tmp_path / "file").exists()


def test_an_error_leaves_the_old_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    assert cli("inspect", "testdata/README.md", "-o", tmp_path / "out").returncode == 5
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir() if each.is_file()] == [("out", "old")]


def test_modes(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    (tmp_path / "old").chmod(0o600)
    umask = 'umask 027; exec "$@"'
    for name in ("old", "new"):
        line = ["bash", "-c", umask, "bash", *command("inspect", CLASSIC, "-o", tmp_path / name)]
        subprocess.run(line, env=environment(cli.home), cwd=ROOT, check=True, capture_output=True)
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_link_stays_a_link(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("directory/file")
    cli("inspect", CLASSIC, "-o", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "directory/file").stat().st_size > 0


def test_what_is_no_file_is_written_to_not_replaced(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    process = subprocess.Popen(
        command("files", CLASSIC, "-q", "--format", "jsonl", "-o", pipe), env=environment(cli.home), cwd=ROOT
    )
    assert json.loads(pipe.read_text().splitlines()[0])["path"] == "/app"
    assert process.wait(60) == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert cli("inspect", CLASSIC, "-o", "/dev/null").returncode == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_dash_is_standard_output(cli: Cli, tmp_path: Path) -> None:
    done = cli("schema", "inspect", "-o", "-", cwd=tmp_path)
    assert json.loads(done.stdout)["title"] == "layerscope inspect --format json"
    assert not (tmp_path / "-").exists()


def test_a_full_disk_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    import resource

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    done = cli("inspect", CLASSIC, "--no-cache", "-o", tmp_path / "out", preexec_fn=small_files)
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert not [each for each in tmp_path.iterdir() if each.is_file()]
