"""The index cache: answers only what was verified, survives damage, kills and other processes."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from making import OCI_LAYER, Layout, docker_archive, file, sha256, simple_layout, tar_of

from layerscope.errors import DamagedLayer, UnsafeImage
from layerscope.inspection import Inspection, inspect_image
from layerscope.layers.cache import IndexCache
from layerscope.layers.limits import Limits
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image

ONE = tar_of(file("one", b"1" * 5000))
TWO = tar_of(file("two", b"2" * 5000))


class Recorder:
    """A Progress that remembers how each layer ended and how many stored bytes were read."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.bytes = 0

    def start(self, label: str, total: int | None) -> Recorder:
        return self

    def advance(self, count: int) -> None:
        self.bytes += count

    def finish(self, outcome: str) -> None:
        self.outcomes.append(outcome)


def inspect(name: str | Path, cache: Path) -> tuple[Inspection, Recorder]:
    recorder = Recorder()
    reader = LayerReader(cache=IndexCache(cache), progress=recorder)
    with open_image(str(name), reader=reader) as image:
        return inspect_image(image, reader), recorder


@pytest.mark.parametrize("kind", ["layout", "archive"])
def test_warm_reads_no_layer_byte(tmp_path: Path, kind: str) -> None:
    name: str | Path = docker_archive(tmp_path / "x.tar", ONE, TWO)
    if kind == "layout":
        name = f"oci-dir:{simple_layout(tmp_path / 'layout', ONE, TWO)}"
    cold, first = inspect(name, tmp_path / "cache")
    warm, second = inspect(name, tmp_path / "cache")
    assert first.outcomes == ["read", "read"] and first.bytes > 0
    assert second.outcomes == ["cached", "cached"] and second.bytes == 0
    assert (warm.totals, warm.layers, warm.reclaimable) == (cold.totals, cold.layers, cold.reclaimable)


def test_a_layer_is_shared_by_images_that_have_it(tmp_path: Path) -> None:
    inspect(f"oci-dir:{simple_layout(tmp_path / 'a', ONE)}", tmp_path / "cache")
    _, recorder = inspect(f"oci-dir:{simple_layout(tmp_path / 'b', ONE, TWO)}", tmp_path / "cache")
    assert sorted(recorder.outcomes) == ["cached", "read"]


def test_a_layer_that_occurs_twice_is_read_once(tmp_path: Path) -> None:
    report, recorder = inspect(f"oci-dir:{simple_layout(tmp_path / 'a', ONE, TWO, ONE)}", tmp_path / "cache")
    assert len(recorder.outcomes) == 2
    assert [layer.file_bytes for layer in report.layers] == [5000, 5000, 5000]


def test_a_config_that_claims_a_known_diff_id_for_another_blob_is_caught_when_warm(tmp_path: Path) -> None:
    inspect(f"oci-dir:{simple_layout(tmp_path / 'honest', ONE, TWO)}", tmp_path / "cache")
    liar = Layout(tmp_path / "liar")
    liar.index(liar.image([ONE], blobs=[gzip.compress(TWO, mtime=0)], media_types=[OCI_LAYER + "+gzip"]))
    with pytest.raises(DamagedLayer, match="DiffID is wrong"):
        inspect(f"oci-dir:{liar.path}", tmp_path / "cache")


def test_an_archive_altered_in_place_is_read_again(tmp_path: Path) -> None:
    """The same path, size and modification time: only the change time tells, and it does."""
    path = docker_archive(tmp_path / "x.tar", ONE)
    inspect(path, tmp_path / "cache")
    before = path.stat()
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1" * 5000, b"3" * 5000))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    with pytest.raises(DamagedLayer, match="DiffID is wrong"):
        inspect(path, tmp_path / "cache")


def test_every_damaged_file_is_dropped_and_made_again(tmp_path: Path) -> None:
    layout = f"oci-dir:{simple_layout(tmp_path / 'layout', ONE)}"
    cold, _ = inspect(layout, tmp_path / "cache")
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(files) == 2
    for path in files:
        whole = path.read_bytes()
        for damaged in (b"", whole[:10], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), whole + b"x", b"x" * 500):
            path.write_bytes(damaged)
            found, recorder = inspect(layout, tmp_path / "cache")
            assert found.totals == cold.totals
            assert recorder.outcomes == ["read"]
            assert path.read_bytes() == whole


def test_unusable_directories_warn_once_and_are_gone_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    layout = f"oci-dir:{simple_layout(tmp_path / 'layout', ONE, TWO)}"
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the directory should be")
    report, _ = inspect(layout, blocked)
    assert report.complete
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


_WRITER = """
import sys
from pathlib import Path
import layerscope
while True:
    for path in Path(sys.argv[2]).iterdir():
        for file in Path(sys.argv[2]).parent.joinpath("cache").rglob("*"):
            if file.is_file() and not file.name.startswith("."):
                file.unlink(missing_ok=True)
        layerscope.inspect(f"oci-dir:{path}", cache=Path(sys.argv[1]))
        print("done", flush=True)
"""


def test_killed_at_any_moment_the_cache_stays_sound(tmp_path: Path) -> None:
    layouts = tmp_path / "layouts"
    layouts.mkdir()
    big = tar_of(*(file(f"many/{number:05}", b"x") for number in range(3000)))
    layout = simple_layout(layouts / "one", big, ONE)
    expected, _ = inspect(f"oci-dir:{layout}", tmp_path / "other")
    for attempt in range(12):
        command = [sys.executable, "-c", _WRITER, str(tmp_path / "cache"), str(layouts)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.013 * attempt)
            process.send_signal(signal.SIGKILL)
        found, _ = inspect(f"oci-dir:{layout}", tmp_path / "cache")
        assert found.totals == expected.totals
        warm, recorder = inspect(f"oci-dir:{layout}", tmp_path / "cache")
        assert warm.totals == expected.totals and recorder.outcomes == ["cached", "cached"]


def test_processes_share_it(tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", ONE, TWO)
    script = "import sys, layerscope, pathlib as p; "
    script += "print(layerscope.inspect(sys.argv[1], cache=p.Path(sys.argv[2])).totals)"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, f"oci-dir:{layout}", str(tmp_path / "cache")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    outputs = {process.communicate()[0] for process in running}
    assert len(outputs) == 1 and all(process.returncode == 0 for process in running)
    assert not list((tmp_path / "cache").rglob(".*"))


def test_limits_hold_warm_as_cold(tmp_path: Path) -> None:
    layout = f"oci-dir:{simple_layout(tmp_path / 'layout', ONE, tar_of(file('zeros', bytes(1 << 20))))}"
    inspect(layout, tmp_path / "cache")
    for limits in (
        Limits(max_uncompressed_bytes=5000),
        Limits(max_entries=0),
        Limits(max_file_bytes=4999),
        Limits(ratio_applies_from=1, max_ratio=2),
    ):
        for cache in (None, IndexCache(tmp_path / "cache")):
            with open_image(layout) as image, pytest.raises(UnsafeImage):
                LayerReader(cache=cache, limits=limits).read_all(image.layers)


def test_prune_and_clear(tmp_path: Path) -> None:
    cache = IndexCache(tmp_path / "cache")
    for number, tar in enumerate((ONE, TWO)):
        inspect(f"oci-dir:{simple_layout(tmp_path / str(number), tar)}", cache.directory)
    files = list(cache.files())
    assert len(files) == 4
    old = cache.directory / "v1/indexes" / sha256(ONE).replace(":", "-")
    os.utime(old, (0, 0))
    foreign = cache.directory / "v0" / "indexes" / "left"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("of another version")
    removed = {file.path for file in cache.prune(older_than=3600)}
    assert removed == {old, foreign}
    total = sum(file.size for file in cache.files())
    assert cache.prune(max_bytes=total) == []
    cache.prune(max_bytes=total - 1)
    assert sum(file.size for file in cache.files()) < total
    cache.clear()
    assert list(cache.files()) == []
    assert cache.clear() == []


def test_probe_results_are_kept_by_id_and_version(tmp_path: Path) -> None:
    class Run:
        def __init__(self) -> None:
            self.seen = bytearray()

        def wants(self, member: object) -> bool:
            return True

        def feed(self, chunk: memoryview) -> None:
            self.seen += chunk

        def end(self) -> None:
            self.seen += b"|"

        def result(self) -> bytes:
            return bytes(self.seen)

    class Probe:
        id = "collector"

        def __init__(self, version: int) -> None:
            self.version = version

        def run(self) -> Run:
            return Run()

    layout = f"oci-dir:{simple_layout(tmp_path / 'layout', tar_of(file('a', b'AA'), file('b', b'B'), file('c')))}"

    def outcomes(version: int) -> tuple[list[str], dict[tuple[str, int], bytes]]:
        recorder = Recorder()
        reader = LayerReader(cache=IndexCache(tmp_path / "cache"), progress=recorder, probes=(Probe(version),))
        with open_image(layout) as image:
            (read,) = reader.read_all(image.layers)
        return recorder.outcomes, read.probes  # type: ignore[union-attr]

    assert outcomes(1) == (["read"], {("collector", 1): b"AA|B||"})
    assert outcomes(1) == (["cached"], {("collector", 1): b"AA|B||"})
    assert outcomes(2)[0] == ["read"]
    assert inspect(layout, tmp_path / "cache")[1].outcomes == ["cached"]
