"""Peak memory by the operating system's own accounting: flat in a layer's size, linear in its entries."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from making import directory, file, simple_layout, tar_of

ALLOWED_BASE = 96 << 20
ALLOWED_PER_ENTRY = 600
GIBIBYTE = 1 << 30
_BLOCK = hashlib.sha256(b"block").digest() * (1 << 15)


# A process starts with its parent's resident set on its account, so that the parent must be a small one.
_RUNNER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
sys.stderr.write(str(usage.ru_maxrss * 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def _peak(arguments: list[str], feed: Iterator[bytes] | None = None) -> tuple[int, dict[str, Any]]:
    """(peak resident bytes, JSON document) of one run of the program."""
    command = [sys.executable, "-m", "layerscope", "inspect", *arguments, "--format", "json", "--no-cache", "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-c", _RUNNER, *command],
        stdin=subprocess.PIPE if feed else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if feed is not None:
        assert process.stdin is not None
        _pour(process.stdin, feed)
        process.stdin = None
    output, peak = process.communicate()
    assert process.returncode == 0, peak
    return int(peak), json.loads(output)


def _pour(pipe: IO[bytes], chunks: Iterator[bytes]) -> None:
    for chunk in chunks:
        pipe.write(chunk)
    pipe.close()


def _big_layer() -> Iterator[bytes]:
    header = file("big").info
    header.size = GIBIBYTE
    yield header.tobuf()
    for _ in range(GIBIBYTE // len(_BLOCK)):
        yield _BLOCK
    yield bytes(1024)


def _archive() -> Iterator[bytes]:
    """A docker-archive with one layer of a gibibyte, made as it flows: layers first, as an engine writes them."""
    diff_id = hashlib.sha256()
    size = 0
    for chunk in _big_layer():
        diff_id.update(chunk)
        size += len(chunk)
    member = file("layer.tar").info
    member.size = size
    yield member.tobuf()
    yield from _big_layer()
    config = json.dumps({"rootfs": {"diff_ids": [f"sha256:{diff_id.hexdigest()}"]}}).encode()
    table = json.dumps([{"Config": "config.json", "Layers": ["layer.tar"]}]).encode()
    yield tar_of(file("config.json", config), file("manifest.json", table))


def test_a_layer_of_a_gibibyte_from_a_stream() -> None:
    peak, document = _peak(["-"], _archive())
    assert document["totals"]["fileBytes"] == GIBIBYTE
    assert peak <= ALLOWED_BASE + ALLOWED_PER_ENTRY, f"{peak / (1 << 20):.0f} MiB"


def test_fifty_thousand_entries(tmp_path: Path) -> None:
    count = 50_000
    items = [directory(f"usr/share/things/{number:03}") for number in range(count // 100)]
    items += [file(f"usr/share/things/{n % 500:03}/some-file-name-{n}", b"%d" % n) for n in range(count - len(items))]
    layout = simple_layout(tmp_path / "layout", tar_of(*items))
    peak, document = _peak([f"oci-dir:{layout}"])
    assert document["totals"]["entries"] == count
    assert peak <= ALLOWED_BASE + ALLOWED_PER_ENTRY * count, f"{peak / (1 << 20):.0f} MiB"


def test_a_bomb_is_stopped_before_it_costs_memory(tmp_path: Path) -> None:
    """Two hundred MiB of zeros in one gzip member: the output is never held."""
    zeros = tar_of(file("zeros", bytes(200 << 20)))
    layout = simple_layout(tmp_path / "layout", zeros)
    peak, _ = _peak([f"oci-dir:{layout}"])
    assert peak <= ALLOWED_BASE
