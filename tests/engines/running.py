"""Real engines of our own, each with everything it owns below one directory, ended by its own process id."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from live.command import text
from live.engine import DEBIAN_CLIENT, release
from live.need import missing, need, need_root
from live.server import free_port, serving

from .certificates import Certificates

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTDATA = Path(__file__).parents[2] / "testdata"
ARCHIVES = ("classic.docker-archive.tar", "pair.docker-archive.tar", "podman.docker-archive.tar")
LONGEST_SOCKET = 100


@dataclass(frozen=True, slots=True)
class Running:
    """An engine with the images of ARCHIVES in it."""

    scheme: str
    """``docker`` or ``podman``."""
    socket: Path
    command: tuple[str, ...]
    """Its client, up to the subcommand."""
    secure: str = ""
    """tcp://HOST:PORT where it speaks TLS."""
    certificates: Certificates | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"unix://{self.socket}"

    def client(self, *arguments: str | Path) -> str:
        """What a command of its client prints."""
        return text(*self.command, *arguments, env={**os.environ, **self.environment})


def docker_client() -> str:
    """A docker CLI; Debian's own where there are several."""
    return str(DEBIAN_CLIENT) if DEBIAN_CLIENT.exists() else need("docker")


@contextlib.contextmanager
def serving_docker(directory: Path, driver: str, certificates: Certificates, *, ask_client: bool) -> Iterator[Running]:
    """dockerd on a socket, and on loopback behind TLS; with ``ask_client`` clients must show a certificate there."""
    need_root()
    for program in ("containerd", "runc"):
        need(program)
    socket_path, port = directory / "docker.sock", free_port()
    assert len(str(socket_path)) < LONGEST_SOCKET
    (directory / "config").mkdir()
    command = [need("dockerd"), "--iptables=false", "--bridge=none", f"--storage-driver={driver}"]
    command += ["-H", f"unix://{socket_path}", "-H", f"tcp://127.0.0.1:{port}"]
    command += ["--data-root", str(directory / "data"), "--exec-root", str(directory / "exec")]
    command += ["--pidfile", str(directory / "docker.pid")]
    command += ["--tlsverify" if ask_client else "--tlsverify=false", "--tls", "--tlscacert", str(certificates.ca)]
    command += ["--tlscert", str(certificates.server), "--tlskey", str(certificates.server_key)]
    environment = {"DOCKER_HOST": f"unix://{socket_path}", "DOCKER_CONFIG": str(directory / "config")}
    environment |= {"DOCKER_CONTEXT": "", "DOCKER_TLS_VERIFY": "", "DOCKER_TLS": ""}
    running = Running("docker", socket_path, (docker_client(),), f"tcp://localhost:{port}", certificates, environment)
    try:
        with serving(command, directory / "dockerd.log", lambda: answers(socket_path)):
            for archive in ARCHIVES:
                running.client("load", "-q", "-i", TESTDATA / archive)
            yield running
    finally:
        release(directory)


@contextlib.contextmanager
def serving_podman(directory: Path) -> Iterator[Running]:
    """Podman's API service, with a storage of its own."""
    need_root()
    socket_path = directory / "podman.sock"
    assert len(str(socket_path)) < LONGEST_SOCKET
    # With that variable podman would be the client of another service.
    client = [
        need("env"),
        "-u",
        "CONTAINER_HOST",
        need("podman"),
        "--root",
        str(directory / "root"),
        "--runroot",
        str(directory / "run"),
    ]
    client += ["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
    if subprocess.run([*client, "info"], capture_output=True, check=False).returncode:
        missing("podman does not run here")
    running = Running("podman", socket_path, tuple(client))
    command = [*client, "system", "service", "--time", "0", f"unix://{socket_path}"]
    try:
        with serving(command, directory / "podman.log", lambda: answers(socket_path)):
            for archive in ARCHIVES:
                running.client("load", "-q", "-i", TESTDATA / archive)
            yield running
    finally:
        release(directory)


def answers(path: Path) -> bool:
    """Whether somebody accepts connections on a socket and speaks HTTP there."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(path))
            client.sendall(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")
            return client.recv(12).endswith(b" 200")
        except OSError:
            return False
