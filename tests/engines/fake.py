"""An engine that says what a test tells it to: for what no engine of today can be made to do."""

from __future__ import annotations

import contextlib
import json
import re
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Answer = Callable[[str, dict[str, str]], Any]
_IMAGE = re.compile(r"/images/(?P<name>.+)/(?P<what>json|history|get)")


@dataclass
class FakeEngine:
    """What it answers. ``requests`` are paths with their query, as they came."""

    host: str = ""
    api: str = "1.41"
    oldest: str = "1.24"
    ping: dict[str, str] = field(default_factory=dict)
    """More headers of /_ping."""
    account: dict[str, Any] = field(default_factory=dict)
    """/images/NAME/json, whatever the name; empty for: no such image."""
    account_for: Answer | None = None
    """The same, by name and query."""
    history: Any = None
    info: dict[str, Any] = field(default_factory=dict)
    archive: bytes = b""
    cut_after: int | None = None
    """Bytes of the archive after which the connection is dropped."""
    pause: float = 0.0
    """Seconds before the first byte of any answer but /_ping."""
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    engine: FakeEngine

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of some tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        engine: FakeEngine = self.server.engine  # type: ignore[attr-defined]
        engine.requests.append(self.path)
        engine.headers.append(dict(self.headers))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = re.sub(r"^/v\d+\.\d+", "", unquote(parts.path))
        if path == "/_ping":
            return self._send(b"OK", {"Api-Version": engine.api, **engine.ping})
        time.sleep(engine.pause)
        if path == "/version":
            return self._json({"ApiVersion": engine.api, "MinAPIVersion": engine.oldest})
        if path == "/info":
            return self._json(engine.info)
        match = _IMAGE.fullmatch(path)
        account = engine.account
        if match and engine.account_for:
            account = engine.account_for(match["name"], query)
        if match is None or not account:
            return self._json({"message": f"No such image: {path}"}, 404)
        if match["what"] == "get":
            return self._save(engine)
        return self._json(account if match["what"] == "json" else engine.history or [])

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), {"Content-Type": "application/json"}, status)

    def _send(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _save(self, engine: FakeEngine) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-tar")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        body = engine.archive[: engine.cut_after]
        for start in range(0, len(body), 1 << 15):
            chunk = body[start : start + (1 << 15)]
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        if engine.cut_after is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True


@contextlib.contextmanager
def serving_fake(directory: Path, **settings: Any) -> Iterator[FakeEngine]:
    """A fake engine on a socket below ``directory``."""
    path = directory / "fake.sock"
    with _Server(str(path), _Handler) as server:
        server.engine = FakeEngine(f"unix://{path}", **settings)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server.engine
        finally:
            server.shutdown()
            path.unlink()
