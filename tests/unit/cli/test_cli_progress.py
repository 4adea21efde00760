from __future__ import annotations

import io
import re
import sys

import pytest

from layerscope.cli.progress import BarWatch, LineWatch, short, watch
from layerscope.layers.blob import LayerBlob
from layerscope.oci.digest import Digest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_for(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called by the test itself: pytest puts its own stream in place between a fixture and its test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    for name in ("CI", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_a_label_is_short() -> None:
    hexadecimal = "0123456789abcdef" * 4
    assert short(f"layer 3 (sha256:{hexadecimal})") == "layer 3 (0123456789ab)"
    assert short(f"blobs/sha256/{hexadecimal}") == "blobs/0123456789ab"
    assert short(f"{hexadecimal}/layer.tar\x1b") == "0123456789ab/layer.tar\\x1b"
    assert short(f"layer 0 (sha512:{hexadecimal * 2})") == "layer 0 (0123456789ab)"


def test_who_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal_for(monkeypatch)
    assert isinstance(watch(quiet=False), BarWatch)
    assert not isinstance(watch(quiet=True), LineWatch)
    for name, value in (("CI", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert isinstance(watch(quiet=False), LineWatch)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(watch(quiet=False), LineWatch)
    monkeypatch.setattr(sys, "stderr", None)
    with watch(quiet=False) as watching:
        watching.progress.start("layer", 1).finish("read")


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with LineWatch() as watching:
        read, cached, passed = (watching.progress.start(name, 10) for name in ("one", "two", "three"))
        read.advance(5)
        read.advance(5)
        read.finish("read")
        cached.finish("cached")
        passed.finish("read")  # its bytes went by before
        watching.progress.start("four", None).finish("skipped")
    assert capsys.readouterr().err == "one: 10 B read\ntwo: cached\nfour: skipped\n"


def test_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    monkeypatch.setattr("layerscope.cli.progress._PATIENCE", 0.0)
    monkeypatch.setattr("layerscope.cli.progress._EVERY", 0.0)
    digests = [Digest.of(bytes([number])) for number in range(40)]
    blobs = [LayerBlob(number, digest, None, digest, 1000) for number, digest in enumerate(digests)]
    with BarWatch() as watching:
        watching.expect([*blobs, blobs[0]])
        tasks = [watching.progress.start(blob.label, blob.size) for blob in blobs]
        for task in tasks:
            task.advance(400)
        for task in tasks[:-1]:
            task.advance(600)
            task.finish("read")
        tasks[-1].finish("failed")
        passed = watching.progress.start("passed", 10)
        passed.finish("read")
    straggler = watching.progress.start("late", 10)
    straggler.advance(10)
    straggler.finish("read")
    sent = terminal.getvalue()
    assert "40.0 kB" in sent, "the whole is known, what is twice counted once"
    assert f"layer 0 ({digests[0].hex[:12]})" in sent
    assert "failed" in sent
    assert "late" not in sent
    frames = re.split(r"all layers", sent)
    assert all(frame.count("layer ") <= 24 for frame in frames), "no more than the terminal is high"
    assert sent.count("\x1b[?25l") == sent.count("\x1b[?25h") == 1


def test_no_bars_for_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    with BarWatch() as watching:
        task = watching.progress.start("layer", 10)
        task.advance(10)
        task.finish("read")
    assert terminal.getvalue() == ""
