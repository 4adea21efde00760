"""A server on loopback that answers as no cluster would."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from layerscope.cluster.access import Access
from layerscope.cluster.api import Cluster
from layerscope.cluster.connection import Connection

TOKEN = "canary-token"


def reply(body: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body.encode())}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", body]).encode()


@contextlib.contextmanager
def answering(**replies: bytes | None) -> Iterator[tuple[Cluster, list[bytes]]]:
    """A server on loopback: for a request whose path ends like a name, that reply; None: silence, for ever."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        held = []

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                request = client.recv(65536)
                asked.append(request)
                path = request.split(b" ")[1].partition(b"?")[0].decode() if b" " in request else ""
                answer = replies.get(path.rpartition("/")[2], replies.get("other", reply("{}", "404 Not Found")))
                if answer is None:
                    held.append(client)
                    continue
                with contextlib.suppress(OSError):
                    client.sendall(answer)
                client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        access = Access(f"http://127.0.0.1:{port}", "a test", "team", "user 'red'", token=TOKEN)
        try:
            with Cluster(Connection(access, timeout=1)) as cluster:
                yield cluster, asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for client in held:
                client.close()
