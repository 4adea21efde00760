"""A link of a given speed, a program of its own: a TCP proxy on loopback with a token bucket for each direction.

    python -I throttle.py TARGET-PORT BITS-PER-SECOND

Prints the port it listens on. All connections share the two buckets, as they would share a cable. Bytes go from socket
to socket through a pipe, by splice(2), so that the proxy takes next to nothing from the processor that is measured.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time

PIECE = 64 << 10
"""What one grab of tokens may carry, which is also what a pipe holds."""
BURST_SECONDS = 0.02


class Bucket:
    """So many bytes a second, in order of asking."""

    def __init__(self, bytes_per_second: float) -> None:
        self._rate = bytes_per_second
        self._free_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Returns when `count` bytes may have passed."""
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - BURST_SECONDS) + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            time.sleep(wait)


def pump(source: socket.socket, target: socket.socket, bucket: Bucket) -> None:
    """Moves bytes until the source ends, then ends the target."""
    out, into = os.pipe()
    try:
        while count := os.splice(source.fileno(), into, PIECE):
            bucket.take(count)
            while count:
                count -= os.splice(out, target.fileno(), count)
    except OSError:
        pass  # either side has gone: so does the connection
    finally:
        os.close(out)
        os.close(into)
        for each, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
            with contextlib.suppress(OSError):
                each.shutdown(how)


def carry(client: socket.socket, port: int, up: Bucket, down: Bucket) -> None:
    """One connection, both ways."""
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sending = threading.Thread(target=pump, args=(client, server, up), daemon=True)
        sending.start()
        pump(server, client, down)
        sending.join()


def main() -> None:
    port, rate = int(sys.argv[1]), float(sys.argv[2]) / 8
    up, down = Bucket(rate), Bucket(rate)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=carry, args=(client, port, up, down), daemon=True).start()


if __name__ == "__main__":
    main()
