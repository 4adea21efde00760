"""What images that install packages stand on, Debian and Debian with Node: made by one engine for all builders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .command import run
from .machine import proxy_arguments
from .need import need

if TYPE_CHECKING:
    from .engine import Engine

DOCKERFILES = Path(__file__).parent / "dockerfiles" / "bases"
NPM = "10.9.9"
"""The last npm that Debian 12's Node runs."""


def shared_bases(engine: Engine, directory: Path) -> dict[str, Path]:
    """A docker-archive of each; the engine holds what ``import_base`` made."""
    context = directory / "context"
    context.mkdir()
    run("env", "-C", context, need("npm"), "pack", "--silent", f"npm@{NPM}")
    (context / f"npm-{NPM}.tgz").rename(context / "npm.tgz")
    archives = {}
    for name in ("debian", "node"):
        options = ["-q", "--network=host", *proxy_arguments(), "-f", DOCKERFILES / f"{name}.Dockerfile", "-t", name]
        engine.docker("build", *options, context, DOCKER_BUILDKIT="1")
        archives[name] = directory / f"{name}.tar"
        engine.docker("save", "-o", archives[name], name)
    return archives
