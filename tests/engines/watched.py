"""A socket in front of an engine that writes down what is asked."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|DELETE) (\S+) HTTP/1\.1\r\n")


@dataclass
class Watched:
    """The proxy's address, and the requests so far as (method, path)."""

    host: str
    requests: list[tuple[str, str]] = field(default_factory=list)

    @property
    def saves(self) -> list[str]:
        """The paths of requests for a whole image."""
        return [path for _, path in self.requests if path.partition("?")[0].endswith("/get")]


@contextlib.contextmanager
def watching(engine: Path, address: Path) -> Iterator[Watched]:
    """Forward every connection on ``address`` to ``engine``, byte for byte."""
    seen = Watched(f"unix://{address}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(16)
        threading.Thread(target=_accept, args=(listener, engine, seen), daemon=True).start()
        yield seen
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, engine: Path, seen: Watched) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(engine))
        threading.Thread(target=_pump, args=(client, server, seen), daemon=True).start()
        threading.Thread(target=_pump, args=(server, client, None), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, seen: Watched | None) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            if seen is not None:  # a request of ours is one small packet without a body
                seen.requests += [(m[1].decode(), m[2].decode()) for m in _REQUEST.finditer(data)]
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()
