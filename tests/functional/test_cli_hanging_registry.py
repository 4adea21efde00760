"""A registry that stops talking in the middle of a layer holds nobody: Ctrl-C ends the process."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cli_process import Cli, command, environment
from making import OCI_MANIFEST, file, simple_layout, tar_of


class Hanging(ThreadingHTTPServer):
    """Serves a layout as a registry; of a layer, only the first bytes."""

    daemon_threads = True

    def __init__(self, layout: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.layout = layout
        (descriptor,) = json.loads((layout / "index.json").read_text())["manifests"]
        self.manifest = self.blob(descriptor["digest"])
        self.layers = {layer["digest"] for layer in json.loads(self.manifest)["layers"]}
        self.asked = threading.Event()
        self.over = threading.Event()

    def blob(self, digest: str) -> bytes:
        return (self.layout / "blobs" / digest.replace(":", "/")).read_bytes()


class Answer(BaseHTTPRequestHandler):
    server: Hanging

    def do_GET(self) -> None:
        digest = self.path.rpartition("/")[2]
        if "/manifests/" in self.path:
            self.send(self.server.manifest, OCI_MANIFEST)
        elif "/blobs/" not in self.path:
            self.send(b"", "text/plain")
        elif digest not in self.server.layers:
            self.send(self.server.blob(digest), "application/octet-stream")
        else:
            data = self.server.blob(digest)
            self.send(data[:20], "application/octet-stream", len(data))
            self.server.asked.set()
            self.server.over.wait(60)

    def do_HEAD(self) -> None:
        self.send(b"", OCI_MANIFEST, len(self.server.manifest))

    def send(self, data: bytes, media_type: str, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Hanging]:
    layout = simple_layout(tmp_path / "layout", tar_of(file("a", b"1" * 5000)), tar_of(file("b", b"2" * 5000)))
    with Hanging(layout) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def test_interrupted_while_a_layer_hangs(cli: Cli, registry: Hanging, tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("inspect", f"registry:127.0.0.1:{registry.server_port}/some/image:1", "-o", tmp_path / "out"),
        env=environment(cli.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert registry.asked.wait(60)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    stdout, stderr = process.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert (process.returncode, stdout) == (130, b"")
    assert b"Traceback" not in stderr
    assert not (tmp_path / "out").exists()
