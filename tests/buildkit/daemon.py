"""A current BuildKit: its daemon on a socket, the registry that answers for Docker Hub, and its parser."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from live.command import run
from live.imagetar import SavedImage, read_oci
from live.machine import proxy_arguments
from live.need import need, need_root
from live.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live.registry import Registry

SETTINGS = """
[registry."docker.io"]
  mirrors = ["{registry}"]
[registry."{registry}"]
  http = true
"""
PROVENANCE = "attest:provenance=mode=max,version=v1"


@dataclass(frozen=True, slots=True)
class BuildKit:
    """A running daemon, as a builder: what it builds it keeps as an archive, and pushes for others to stand upon."""

    binaries: Path
    host: str
    registry: str
    kept: Path
    name: str = "current"
    scheme: str = "oci-archive"
    records_owners: bool = True
    tells_bases: bool = True

    def build(self, image: str, dockerfile: Path, context: Path, *arguments: str, cached: bool = True) -> None:
        """One build, with the provenance of every step."""
        command = [str(self.binaries / "buildctl"), "--addr", self.host, "build", "--progress", "plain"]
        command += ["--frontend", "dockerfile.v0", "--opt", f"filename={dockerfile.name}", "--opt", PROVENANCE]
        command += ["--local", f"context={context}", "--local", f"dockerfile={dockerfile.parent}"]
        command += ["--output", f"type=oci,name={image},dest={self.kept / image}.tar"]
        command += [] if cached else ["--no-cache"]
        run(*command, *options([*proxy_arguments(), *arguments]))
        source, target = f"oci-archive:{self.kept / image}.tar", f"docker://{self.registry}/library/{image}:latest"
        run(need("skopeo"), "copy", "-q", "--dest-tls-verify=false", source, target)

    def save(self, image: str, archive: Path) -> None:
        """Hands the archive on."""
        (self.kept / f"{image}.tar").rename(archive)

    def read(self, archive: Path) -> SavedImage:
        """Reads such an archive."""
        return read_oci(archive)

    def load(self, image: str, archive: Path) -> None:
        """Pushes it to where Docker Hub's images are looked for."""
        target = f"docker://{self.registry}/library/{image}:latest"
        run(need("skopeo"), "copy", "-q", "--dest-tls-verify=false", f"docker-archive:{archive}", target)


def options(arguments: list[str]) -> Iterator[str]:
    """The arguments of `docker build` as those of its frontend."""
    for name, given in zip(arguments[::2], arguments[1::2], strict=True):
        value = given if name != "--build-arg" or "=" in given else f"{given}={os.environ[given]}"
        yield from ("--opt", f"build-arg:{value}" if name == "--build-arg" else f"{name.removeprefix('--')}={value}")


@contextlib.contextmanager
def serving_buildkit(binaries: Path, directory: Path, registry: Registry) -> Iterator[BuildKit]:
    """buildkitd with everything it owns below ``directory``."""
    need_root()
    need("runc")
    settings = directory / "buildkitd.toml"
    settings.write_text(SETTINGS.format(registry=registry.address))
    host = f"unix://{directory}/buildkit.sock"
    command = [str(binaries / "buildkitd"), "--config", str(settings), "--addr", host]
    command += ["--root", str(directory / "root"), "--oci-worker-net", "host", "--containerd-worker=false"]
    asking = [str(binaries / "buildctl"), "--addr", host, "debug", "workers"]

    def ready() -> bool:
        return subprocess.run(asking, capture_output=True, check=False).returncode == 0

    kept = directory / "kept"
    kept.mkdir()
    with serving(command, directory / "buildkitd.log", ready):
        yield BuildKit(binaries, host, registry.address, kept)


def parsed(binaries: Path, dockerfile: Path) -> Any:
    """What BuildKit's parser says of a file; see modules/parse."""
    return json.loads(run(binaries / "parse", dockerfile))
