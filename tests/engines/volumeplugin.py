"""A volume driver of our own: Docker's plugin protocol on a unix socket, volumes as directories."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, socket: Path, root: Path) -> None:
        super().__init__(str(socket), _Handler)
        self.root = root
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def address_string(self) -> str:
        """A unix socket has none."""
        return ""

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        """Answer one question of the protocol."""
        question = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        self.server.asked.append(self.path)
        body = json.dumps(self._answer(self.path, question.get("Name", ""))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, path: str, name: str) -> dict[str, Any]:
        place = self.server.root / name
        match path.removeprefix("/VolumeDriver."):
            case "/Plugin.Activate":
                return {"Implements": ["VolumeDriver"]}
            case "Create":
                place.mkdir(parents=True)
            case "Remove":
                place.rmdir()
            case "Mount" | "Path":
                return {"Mountpoint": str(place), "Err": ""}
            case "Get":
                if not place.is_dir():
                    return {"Err": "no such volume"}
                return {"Volume": {"Name": name, "Mountpoint": str(place), "Status": {"kept": "here"}}, "Err": ""}
            case "List":
                names = sorted(each.name for each in self.server.root.iterdir())
                return {"Volumes": [{"Name": each, "Mountpoint": str(self.server.root / each)} for each in names]}
            case "Capabilities":
                return {"Capabilities": {"Scope": "global"}}
        return {"Err": ""}


@contextlib.contextmanager
def serving_plugin(socket: Path, root: Path) -> Iterator[list[str]]:
    """A driver that listens; yields the questions it is asked."""
    root.mkdir(parents=True, exist_ok=True)
    with _Server(socket, root) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.asked
        finally:
            server.shutdown()
            socket.unlink()
