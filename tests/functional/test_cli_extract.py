"""``layerscope extract`` as a process: files, words on standard error, exit codes; from every kind of source."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from cli_process import ROOT, Cli
from making import device, directory, docker_archive, file, hardlink, simple_layout, symlink, tar_of

CLASSIC = "testdata/classic.docker-archive.tar"


def content(out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}


def test_a_directory(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = cli("extract", CLASSIC, "/srv", "--to", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == f"note: wrote 4 files (15 bytes), 2 directories, 1 symlink to {out}"
    assert (out / "srv/flavour").stat().st_ino == (out / "srv/flavour-again").stat().st_ino
    assert (out / "srv/tool").readlink() == Path("../app/tool")


def test_what_a_later_layer_deleted(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli("extract", CLASSIC, "/srv/cache", "--to", out, "--layer", "3").returncode == 0
    assert sorted(content(out)) == ["srv/cache/deep/two", "srv/cache/one"]
    done = cli("extract", CLASSIC, "/srv/cache", "--to", out)
    assert done.returncode == 3
    assert "hint: --layer 3 has it" in done.stderr


def test_the_whiteouts_of_a_layer_are_no_files(cli: Cli, tmp_path: Path) -> None:
    done = cli("extract", CLASSIC, "/", "--to", tmp_path / "out", "--layer", "6")
    assert "2 whiteouts of the layer passed over" in done.stderr
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name.startswith(".wh.")]


@pytest.mark.parametrize("way", ["archive", "compressed", "stream"])
def test_the_same_from_what_flows(cli: Cli, tmp_path: Path, way: str) -> None:
    assert cli("extract", CLASSIC, "/app", "/etc/", "--to", tmp_path / "expected").returncode == 0
    out = tmp_path / "out"
    if way == "compressed":
        (tmp_path / "image.tar.gz").write_bytes(gzip.compress((ROOT / CLASSIC).read_bytes()))
        done = cli("extract", tmp_path / "image.tar.gz", "/app", "/etc/", "--to", out, "--no-cache")
    elif way == "stream":
        with (ROOT / CLASSIC).open("rb") as given:
            done = cli("extract", "-", "/app", "/etc/", "--to", out, "--no-cache", stdin=given)
    else:
        done = cli("extract", CLASSIC, "/app", "/etc/", "--to", out, "--no-cache")
    assert done.returncode == 0, done.stderr
    assert content(out) == content(tmp_path / "expected")
    assert {"etc/passwd", "app/config.ini", "app/swap/in"} <= set(content(out))


def test_a_stream_read_again_for_what_a_link_leads_to(cli: Cli, tmp_path: Path) -> None:
    """The hard link's content went by before the link did."""
    archive = docker_archive(tmp_path / "a.tar", tar_of(directory("a"), file("a/f", b"content"), hardlink("b", "a/f")))
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(archive.read_bytes()))
    done = cli("extract", tmp_path / "a.tar.gz", "/b", "--to", tmp_path / "out", "--no-cache")
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "out") == {"b": "content"}
    with archive.open("rb") as given:
        done = cli("extract", "-", "/b", "--to", tmp_path / "other", "--no-cache", stdin=given)
    assert done.returncode == 3
    assert not (tmp_path / "other").exists(), "nothing is made before everything is there"


def test_what_is_not_written_is_told_path_by_path(cli: Cli, tmp_path: Path) -> None:
    items = [device("null", 1, 3), symlink("sh", "/bin/sh"), symlink("up", "../x"), file("e\x1b[2J", b"1", 0o4755)]
    layout = simple_layout(tmp_path / "layout", tar_of(*items))
    done = cli("extract", layout, "/", "--to", tmp_path / "out")
    assert done.returncode == 0
    told = [line for line in done.stderr.splitlines() if line.startswith("warning")]
    assert told == [
        "warning: /null is not written: character-devices are not made",
        "warning: /sh is not written: a symlink to /bin/sh, which is absolute",
        "warning: /up is not written: a symlink to ../x, which leads out",
    ]
    assert "3 paths not written; setuid, setgid or sticky bits left out: 1" in done.stderr
    assert "\x1b" not in done.stderr
    assert cli("extract", layout, "/null", "--to", tmp_path / "none").returncode == 2, "nothing at all was written"


def test_nothing_is_overwritten(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "app").mkdir(parents=True)
    (out / "app/config.ini").write_text("mine")
    done = cli("extract", CLASSIC, "/app", "--to", out)
    assert done.returncode == 2
    assert "--force overwrites it" in done.stderr
    assert (out / "app/config.ini").read_text() == "mine"
    assert (out / "app/notes.txt").exists(), "the others are written"
    shutil.rmtree(out / "app/static")
    assert cli("extract", CLASSIC, "/app", "--to", out, "--force").returncode == 0
    assert (out / "app/config.ini").read_text() == "mode = production\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("/nowhere",), 3), (("/app", "--layer", "99"), 2), (("/app/", "/nowhere"), 3)],
    ids=str,
)
def test_errors_make_nothing(cli: Cli, tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    assert cli("extract", CLASSIC, *arguments, "--to", tmp_path / "out").returncode == code
    assert not (tmp_path / "out").exists()
