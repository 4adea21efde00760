"""A web server of our own on loopback: every answer is made by a function, and may be broken on the way out."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


@dataclass
class Ask:
    """A request as it came."""

    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    """Names in lower case."""
    nth: int
    """How many requests of this path, query apart, there have been: the first is 1."""
    status: int = 0
    """What it was answered with."""
    body: bytes = b""

    @property
    def is_blob(self) -> bool:
        return "/blobs/" in self.path

    @property
    def is_manifest(self) -> bool:
        return "/manifests/" in self.path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form that was posted."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass
class Reply:
    """What goes out, and how it breaks."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    """Body bytes after which the connection ends."""
    reset: bool = False
    """Whether a cut is a TCP reset."""
    stall: float = 0
    """Seconds of silence at the cut (or, without one, before the head)."""
    drip: float = 0
    """Seconds between single body bytes."""
    chunked: bool = False
    """Whether the body goes without a Content-Length."""
    length: int | None = None
    """A Content-Length to claim instead of the true one."""
    several: list[tuple[str, str]] = field(default_factory=list)
    """More headers, of which names may repeat."""


Answer = "Callable[[Ask], Reply]"


class Web:
    """A running server; use it with ``with``."""

    def __init__(self, answer: Callable[[Ask], Reply], tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.answer = answer
        self.seen: list[Ask] = []
        self.done = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Web:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def note(self, method: str, path: str, headers: dict[str, str]) -> Ask:
        """Write a request down."""
        with self._lock:
            bare = path.partition("?")[0]
            nth = 1 + sum(1 for ask in self.seen if ask.path.partition("?")[0] == bare)
            ask = Ask(method, path, headers, nth)
            self.seen.append(ask)
            return ask

    def asked(self, part: str) -> list[Ask]:
        """The requests whose path has ``part`` in it."""
        return [ask for ask in self.seen if part in ask.path]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Clients hang up here all the time."""


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            ask = web.note(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
            ask.body = self.rfile.read(int(ask.headers.get("content-length", "0")))
            reply = web.answer(ask)
            ask.status = reply.status
            if reply.stall and reply.cut is None:
                web.done.wait(reply.stall)
            self._head(reply)
            if self.command != "HEAD":
                self._body(reply)

        do_HEAD = do_GET
        do_POST = do_GET

        def _head(self, reply: Reply) -> None:
            self.send_response_only(reply.status)
            for name, value in [*reply.headers.items(), *reply.several]:
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            if reply.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            self.end_headers()

        def _body(self, reply: Reply) -> None:
            body = reply.body if reply.cut is None else reply.body[: reply.cut]
            if reply.drip:
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    if web.done.wait(reply.drip):
                        break
            elif reply.chunked:
                for start in range(0, len(body), 50_000):
                    part = body[start : start + 50_000]
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                if reply.cut is None:
                    self.wfile.write(b"0\r\n\r\n")
            else:
                self.wfile.write(body)
            if reply.cut is not None or reply.length is not None:
                self.close_connection = True
                web.done.wait(reply.stall)
                if reply.reset:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def forward(address: str) -> Callable[[Ask], Reply]:
    """Answers with what the server at ``address`` answers."""

    def answer(ask: Ask) -> Reply:
        upstream = http.client.HTTPConnection(address, timeout=30)
        try:
            headers = {name: value for name, value in ask.headers.items() if name not in {"host", "connection"}}
            upstream.request(ask.method, ask.path, headers=headers)
            response = upstream.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            upstream.close()

    return answer


def watching(address: str) -> Web:
    """A proxy that only notes what passes. A registry writes its own log too late to be counted on."""
    return Web(forward(address))


def faulty(address: str, fault: Callable[[Ask, Reply], Reply | None]) -> Web:
    """A proxy before the server at ``address``; ``fault`` may change each reply, or give another."""
    honest = forward(address)

    def answer(ask: Ask) -> Reply:
        reply = honest(ask)
        return fault(ask, reply) or reply

    return Web(answer)
