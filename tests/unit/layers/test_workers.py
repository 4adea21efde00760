"""Layers read in processes of their own: the same layers, the same errors, and nobody left when it is over."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from making import docker_archive, file, simple_layout, tar_of

from layerscope.content.capture import Capture
from layerscope.errors import DamagedLayer, LayerscopeError, SourceUnreachable, UnsafeImage
from layerscope.layers import workers
from layerscope.layers.indexfile import pack
from layerscope.layers.limits import Limits
from layerscope.layers.reader import LayerReader
from layerscope.layers.workers import Workers
from layerscope.packages.probe import PACKAGES
from layerscope.sources.open import open_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layerscope.layers.blob import LayerBlob, ReadLayer, SkippedLayer
    from layerscope.layers.probe import Probe

STATUS = b"Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
TARS = [
    tar_of(
        *(file(f"{number}/{name}", os.urandom(3000 + name)) for name in range(200)), file("var/lib/dpkg/status", STATUS)
    )
    for number in range(4)
]


@pytest.fixture(autouse=True)
def every_blob_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_BYTES", 1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The blobs that were read elsewhere."""
    labels: list[str] = []
    read = Workers.read

    def counted(self: Workers, blob: LayerBlob, chunks: Iterator[bytes], advance: Callable[[int], None]) -> ReadLayer:
        found = read(self, blob, chunks, advance)
        labels.append(blob.label)
        return found

    monkeypatch.setattr(Workers, "read", counted)
    return labels


def children() -> set[int]:
    """Of every thread."""
    return {int(each) for of in Path("/proc/self/task").glob("*/children") for each in of.read_text().split()}


@pytest.fixture
def started() -> Callable[[], set[int]]:
    """The processes that there are now and were not at first."""
    before = children()
    return lambda: children() - before


def made(directory: Path, kind: str) -> str:
    if kind == "archive":
        return f"docker-archive:{docker_archive(directory / 'x.tar', *TARS)}"
    return f"oci-dir:{simple_layout(directory / 'layout', *TARS)}"


def told(read: ReadLayer | SkippedLayer) -> object:
    return pack(read.index), replace(read, index=None)


class Counted:
    """A Progress that adds up."""

    bytes = 0

    def start(self, label: str, total: int | None) -> Counted:
        return self

    def advance(self, count: int) -> None:
        self.bytes += count

    def finish(self, outcome: str) -> None:
        pass


@pytest.mark.parametrize("kind", ["archive", "layout"])
@pytest.mark.parametrize("probes", [(), (PACKAGES,)], ids=["plain", "packages"])
def test_the_same_layers(
    tmp_path: Path, kind: str, probes: tuple[Probe, ...], asked: list[str], started: Callable[[], set[int]]
) -> None:
    watching = Counted()
    reader = LayerReader(probes=probes, progress=watching, workers=3)
    with open_image(made(tmp_path, kind)) as image:
        here = reader.read_all(image.layers)
        watching.bytes, once = 0, watching.bytes
        elsewhere = replace(reader, processes=True).read_all(image.layers)
    assert [told(read) for read in elsewhere] == [told(read) for read in here]
    assert 2 <= len(asked) <= len(TARS)  # the third thread reads here
    assert watching.bytes == once == sum(read.stored_bytes for read in here)
    assert not started()


def flowing(blob: LayerBlob, fails_after: int | None = None) -> LayerBlob:
    """The blob as a registry delivers it: chunks that lie nowhere; or as one that is cut."""
    opened = blob.open
    assert opened is not None

    @contextmanager
    def chunks() -> Iterator[Iterator[bytes]]:
        def flow(whole: Iterator[bytes]) -> Iterator[bytes]:
            data = b"".join(whole)
            for at in range(0, len(data), 5000):
                if fails_after is not None and at >= fails_after:
                    raise SourceUnreachable("the connection was cut")
                yield data[at : at + 5000]

        with opened() as whole:
            yield flow(whole)

    return replace(blob, open=chunks)


def test_what_flows_is_read_elsewhere_too(tmp_path: Path, asked: list[str]) -> None:
    reader = LayerReader(workers=2)
    with open_image(made(tmp_path, "layout")) as image:
        here = reader.read_all(image.layers)
        elsewhere = replace(reader, processes=True).read_all([flowing(blob) for blob in image.layers])
    assert [told(read) for read in elsewhere] == [told(read) for read in here]
    assert len(asked) == len(TARS)


@pytest.mark.parametrize("flows", [False, True])
def test_damage_is_told_in_the_same_words(tmp_path: Path, flows: bool, started: Callable[[], set[int]]) -> None:
    path = docker_archive(tmp_path / "x.tar", *TARS)
    data = bytearray(path.read_bytes())
    at = data.index(b"2/150\0")
    data[at : at + 5] = b"2/xxx"
    path.write_bytes(data)
    said = []
    for processes in (False, True):
        with (
            open_image(f"docker-archive:{path}") as image,
            pytest.raises(DamagedLayer, match="checksum is wrong") as caught,
        ):
            blobs = [flowing(blob) for blob in image.layers] if flows else image.layers
            LayerReader(processes=processes, workers=2).read_all(blobs)
        said.append((caught.value.message, caught.value.hint))
    assert said[0] == said[1]
    assert not started()


def test_limits_hold(tmp_path: Path) -> None:
    with open_image(made(tmp_path, "archive")) as image, pytest.raises(UnsafeImage, match="more than 20 entries"):
        LayerReader(limits=Limits(max_entries=20), processes=True, workers=2).read_all(image.layers)


def test_a_source_that_fails_is_the_error(tmp_path: Path, started: Callable[[], set[int]]) -> None:
    with open_image(made(tmp_path, "layout")) as image, pytest.raises(SourceUnreachable, match="connection was cut"):
        blobs = [flowing(blob, fails_after=20_000 if blob.position == 1 else None) for blob in image.layers]
        LayerReader(processes=True, workers=2).read_all(blobs)
    assert not started()


def test_a_source_that_failed_leaves_nothing_for_the_next(tmp_path: Path) -> None:
    """Half a blob's answer must not be taken for the whole of another."""
    with open_image(made(tmp_path, "layout")) as image:
        here = LayerReader().read_all(image.layers)
        elsewhere = Workers(Limits(), ())
        assert elsewhere.has_one()
        first = flowing(image.layers[0], fails_after=20_000)
        assert first.open is not None
        with first.open() as chunks, pytest.raises(SourceUnreachable):
            elsewhere.read(first, chunks, lambda _: None)
        second = image.layers[1]
        assert second.open is not None
        with second.open() as chunks:
            assert pack(elsewhere.read(second, chunks, lambda _: None).index) == pack(here[1].index)
        elsewhere.close()


def test_a_layer_whose_process_is_killed_is_read_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, started: Callable[[], set[int]]
) -> None:
    killed = []

    class Killing(Counted):
        def advance(self, count: int) -> None:
            if not killed:
                killed.append(min(started()))
                os.kill(killed[0], signal.SIGKILL)

    with open_image(made(tmp_path, "archive")) as image:
        here = LayerReader().read_all(image.layers)
        elsewhere = LayerReader(progress=Killing(), processes=True, workers=2).read_all(image.layers)
    assert killed
    assert [told(read) for read in elsewhere] == [told(read) for read in here]
    assert "is read again" in caplog.text


def test_where_none_can_be_started_layers_are_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: Callable[[], set[int]]
) -> None:
    with open_image(made(tmp_path, "archive")) as image:
        here = LayerReader().read_all(image.layers)
        for program in ("/nonexistent", "/bin/true"):
            monkeypatch.setattr(workers.sys, "executable", program)
            elsewhere = LayerReader(processes=True, workers=2).read_all(image.layers)
            assert [told(read) for read in elsewhere] == [told(read) for read in here]
    assert not started()


def test_a_probe_that_keeps_content_here_stays_here(tmp_path: Path, asked: list[str]) -> None:
    with Capture([b"0"]) as capture, open_image(made(tmp_path, "archive")) as image:
        reader = LayerReader(probes=(capture,), processes=True, workers=1)
        first = replace(reader, workers=2).read_all(image.layers[:1])[0]
        assert capture.has(first.probes[Capture.id, Capture.version], 0)
    assert asked == []


def test_the_first_error_ends_what_the_others_do(tmp_path: Path, started: Callable[[], set[int]]) -> None:
    with open_image(made(tmp_path, "layout")) as image, pytest.raises(LayerscopeError):
        blobs = [flowing(blob, fails_after=0 if blob.position == 3 else None) for blob in image.layers]
        LayerReader(processes=True, workers=4).read_all(blobs)
    assert not started()
