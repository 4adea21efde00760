"""The two live images: one Dockerfile, built by the classic builder and by BuildKit, pushed to a registry."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .command import run
from .debian import base_archive
from .machine import proxy_arguments, write_settings

if TYPE_CHECKING:
    from .engine import Engine
    from .registry import Registry

CONTEXT = Path(__file__).parent / "image"
BASE = "layerscope-live/base"


@dataclass(frozen=True, slots=True)
class Built:
    """An image that is both in an engine and in a registry."""

    builder: str
    local: str
    """Its name in the engine."""
    pushed: str
    """Its name in the registry, host and all."""
    engine: Engine

    @property
    def reference(self) -> str:
        """What layerscope is asked for."""
        return f"registry:{self.pushed}"

    @property
    def repository(self) -> str:
        """The path in the registry's API, without host and tag."""
        return self.pushed.split("/", 1)[1].rsplit(":", 1)[0]


@dataclass(frozen=True, slots=True)
class Pulled:
    """An image in an engine that pulled it. There, and not where it was built, the disk holds what the blobs say:
    a builder's own directories still have the times and the copies that a layer's tar rounds and leaves out."""

    name: str
    engine: Engine


def import_base(engine: Engine) -> None:
    """Debian, with the machine's package settings laid over it, as the image BASE."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        root.mkdir()
        run("tar", "--numeric-owner", "--xattrs", "-p", "-C", root, "-xf", base_archive())
        write_settings(root)
        archive = Path(scratch) / "base.tar"
        run("tar", "--numeric-owner", "--xattrs", "-C", root, "-cf", archive, ".")
        engine.docker("import", archive, BASE)


def build(engine: Engine, registry: Registry, builder: str) -> Built:
    """Builds the Dockerfile with `classic` or `buildkit`, and pushes it."""
    image = Built(builder, f"layerscope-live/{builder}", f"{registry.address}/live/{builder}:1", engine)
    arguments = ["build", "-q", "--network=host", "--build-arg", f"BASE={BASE}", *proxy_arguments()]
    engine.docker(*arguments, "-t", image.local, CONTEXT, DOCKER_BUILDKIT=str(int(builder == "buildkit")))
    engine.docker("tag", image.local, image.pushed)
    engine.docker("push", "-q", image.pushed)
    return image
