"""A file of five gigabytes in an archive of a few kilobytes: handed out and written in flat memory, holes as holes."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from making import Item, simple_layout, tar_of

SIZE = 5_000_000_000
PARTS = {0: b"first", 3_000_000_000: b"middle", SIZE - 4: b"last"}
ALLOWED = 96 << 20

_RUNNER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
sys.stderr.write(str(usage.ru_maxrss * 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image with a sparse file, as GNU tar writes one."""
    info = tarfile.TarInfo("big")
    stored = b"".join(PARTS.values())
    info.size = len(stored)
    runs = ",".join(f"{offset},{len(data)}" for offset, data in PARTS.items())
    info.pax_headers = {"GNU.sparse.size": str(SIZE), "GNU.sparse.map": runs, "GNU.sparse.name": "big"}
    return simple_layout(tmp_path_factory.mktemp("sparse") / "layout", tar_of(Item(info, stored)))


@pytest.fixture(scope="module")
def cache(layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cache")
    subprocess.run([*_command("files", layout, directory)], check=True, capture_output=True)
    return directory


def _command(name: str, layout: Path, cache: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "layerscope", name, str(layout), *more, "--cache-dir", str(cache), "-q"]


def test_cat_streams(layout: Path, cache: Path) -> None:
    command = [sys.executable, "-c", _RUNNER, *_command("cat", layout, cache, "/big")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    zeros = bytes(1 << 20)
    at = 0
    found: dict[int, bytes] = {}
    while chunk := process.stdout.read(1 << 20):
        if chunk != zeros[: len(chunk)]:
            begins = len(chunk) - len(chunk.lstrip(b"\0"))
            found[at + begins] = chunk.strip(b"\0")
        at += len(chunk)
    peak = process.stderr.read()
    assert process.wait(60) == 0, peak
    process.stdout.close()
    process.stderr.close()
    assert at == SIZE
    assert found == PARTS
    assert int(peak) <= ALLOWED, f"{int(peak) / (1 << 20):.0f} MiB"


def test_extract_keeps_the_holes(layout: Path, cache: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _RUNNER, *_command("extract", layout, cache, "/", "--to", str(tmp_path / "out"))]
    done = subprocess.run(command, capture_output=True, check=True)
    assert int(done.stderr) <= ALLOWED, f"{int(done.stderr) / (1 << 20):.0f} MiB"
    status = (tmp_path / "out/big").stat()
    assert status.st_size == SIZE
    assert status.st_blocks * 512 < 4 << 20
    with (tmp_path / "out/big").open("rb") as file:
        for offset, data in PARTS.items():
            assert os.pread(file.fileno(), len(data), offset) == data
            assert os.pread(file.fileno(), 1, max(offset - 1, len(PARTS[0]))) == b"\0"
