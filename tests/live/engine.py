"""A real Docker engine: its own data, its own socket, overlay2."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command import run, text
from .need import need, need_root
from .server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEBIAN_CLIENT = Path("/usr/bin/docker")


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine, and the client that speaks to it."""

    host: str
    """unix://…"""
    client: str
    environment: Mapping[str, str]

    def docker(self, *arguments: str | Path, **extra: str) -> str:
        """What a docker command prints; `extra` is added to its environment."""
        return text(self.client, *arguments, env={**self.environment, **extra})

    def inspect(self, name: str) -> Any:
        """`docker inspect` of one image or container."""
        return json.loads(self.docker("inspect", name))[0]

    def history(self, image: str) -> list[str]:
        """The instructions that `docker history` shows, the first step first."""
        shown = self.docker("history", "--no-trunc", "--format", "{{json .CreatedBy}}", image)
        return [json.loads(line) for line in reversed(shown.splitlines())]

    @contextlib.contextmanager
    def running(self, image: str) -> Iterator[Path]:
        """A container that sleeps; yields where its merged filesystem is mounted."""
        container = self.docker("run", "-d", "--network", "none", "--entrypoint", "/bin/sleep", image, "3600")
        try:
            yield Path(self.inspect(container)["GraphDriver"]["Data"]["MergedDir"])
        finally:
            self.docker("rm", "-f", "-v", container)


@contextlib.contextmanager
def serving_engine(directory: Path) -> Iterator[Engine]:
    """dockerd with everything it owns below `directory`, which must be on a disk that overlayfs accepts."""
    need_root()
    need("containerd")
    need("runc")
    binary = need("dockerd")
    # Debian's client brings a BuildKit client of its own; newer ones need a plugin for that.
    client = str(DEBIAN_CLIENT) if DEBIAN_CLIENT.exists() else need("docker")
    socket = directory / "docker.sock"
    settings = directory / "docker-config"
    settings.mkdir()
    host = f"unix://{socket}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")},
        "DOCKER_HOST": host,
        "DOCKER_CONFIG": str(settings),
    }
    command = [binary, "--iptables=false", "--bridge=none", "--storage-driver=overlay2", "-H", host]
    command += ["--data-root", str(directory / "data"), "--exec-root", str(directory / "exec")]
    command += ["--pidfile", str(directory / "docker.pid")]

    def ready() -> bool:
        return subprocess.run([client, "version"], env=environment, capture_output=True, check=False).returncode == 0

    try:
        with serving(command, directory / "dockerd.log", ready):
            engine = Engine(host, client, environment)
            yield engine
            containers = engine.docker("ps", "-aq").split()
            if containers:
                engine.docker("rm", "-f", "-v", *containers)
    finally:
        release(directory)


def release(directory: Path) -> None:
    """Unmounts what the engine leaves mounted below its directory, such as a network namespace."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed(mounts):
        if mount.startswith(f"{directory}/"):
            run("umount", mount)
