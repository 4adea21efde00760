"""A proxy that tunnels: CONNECT, and nothing else. Names under ``.test`` lead to loopback."""

from __future__ import annotations

import socket
import threading


class Proxy:
    """Running while the block lasts."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.tunnels: list[str] = []
        """Where it was asked to go: host:port."""
        self.heads = ""
        """Every request for a tunnel as it came."""

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                inside, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(inside,), daemon=True).start()

    def _tunnel(self, inside: socket.socket) -> None:
        with inside:
            head = b""
            while b"\r\n\r\n" not in head:
                more = inside.recv(4096)
                if not more:
                    return
                head += more
            self.heads += head.decode()
            target = head.split()[1].decode()
            self.tunnels.append(target)
            with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2]))) as outside:
                inside.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(outside, inside), daemon=True)
                back.start()
                _pump(inside, outside)
                back.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
