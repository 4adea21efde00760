"""Real registries (CNCF distribution) with settings of all kinds, over one storage."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from live.command import text
from live.need import need
from live.server import free_port, serving

from .pulling import CANARY, USER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .authority import Pair


@dataclass(frozen=True)
class Served:
    """A running registry."""

    port: int
    log: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def serve(
    directory: Path,
    storage: Path,
    *,
    tls: Pair | None = None,
    clients: Path | None = None,
    password: str | None = None,
    token: dict[str, str] | None = None,
) -> Iterator[Served]:
    """A registry on loopback: over TLS, for who has a client certificate, a password, or a token."""
    port = free_port()
    http: dict[str, Any] = {"addr": f"127.0.0.1:{port}", "secret": "x"}
    if tls:
        http["tls"] = {"certificate": str(tls.certificate), "key": str(tls.key)}
        if clients:
            http["tls"]["clientcas"] = [str(clients)]
    config: dict[str, Any] = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": http,
    }
    if password is not None:
        passwords = directory / "htpasswd"
        passwords.write_text(text(need("htpasswd"), "-Bbn", USER, password or CANARY))
        config["auth"] = {"htpasswd": {"realm": "live", "path": str(passwords)}}
    if token:
        config["auth"] = {"token": token}
    file, log = directory / "registry.yml", directory / "registry.log"
    file.write_text(json.dumps(config))
    with serving([need("docker-registry"), "serve", str(file)], log, lambda: _listens(port)):
        yield Served(port, log)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
