"""The Dockerfiles of tests/live/dockerfiles, each built once by one builder, and what layerscope tells of them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .builders import builder_arguments, write_more, write_rootfs
from .product import Product
from .reconstructed import reconstruct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .builders import Builds
    from .imagetar import SavedImage
    from .reconstructed import Reconstructed

DOCKERFILES = Path(__file__).parent / "dockerfiles"
SMALL = (
    "plain", "stages", "arguments", "onbuild", "health", "shell", "volumes", "owners", "modes", "quoting", "continued",
    "sources", "scratch", "escape",
)  # fmt: skip
INSTALLING = ("flask", "npm")
"""What apt, pip and npm install, on Debian."""
NAMES = (*SMALL, *INSTALLING)
ARGUMENTS = {"arguments": ("FLAVOUR=sweet", "PLACE=a far place"), "stages": ("WHERE=/out",)}
TARGETS = {"stages": "final"}
BASES = {"onbuild": "triggers", "scratch": None, "flask": "debian", "npm": "node"}
"""What each stands on, where it is not `tiny`."""
TRIGGERED = {"onbuild"}
"""What the base's ONBUILD made of it, only the base's own config tells."""
NOT_BY = {"modes": {"classic"}}
"""COPY --chmod is unknown to the classic builder."""


@dataclass(frozen=True, slots=True)
class Made:
    """An image that one builder made of one Dockerfile."""

    name: str
    archive: Path
    base: Path | None
    """What it stands on, where layerscope must be told so."""
    builder: Builds

    @property
    def saved(self) -> SavedImage:
        """What is in the archive; read anew, for some are large."""
        return self.builder.read(self.archive)


class Workshop:
    """Builds each image once, with what it stands on; ``bases`` are archives of what all builders share."""

    def __init__(self, builder: Builds, directory: Path, bases: Mapping[str, Path], more: Path = DOCKERFILES) -> None:
        self.builder, self.directory, self.bases, self.more = builder, directory, bases, more
        self.context = directory / "context"
        shutil.copytree(DOCKERFILES / "context", self.context)
        write_rootfs(self.context / "rootfs.tar")
        write_more(self.context / "more.tar")
        self.made: dict[str, Made] = {}
        self.made["tiny"] = self.make("tiny", DOCKERFILES / "base.Dockerfile", None)

    def image(self, name: str) -> Made:
        """The image of a Dockerfile, or what it stands on."""
        if name not in self.made:
            if name in self.bases:
                self.builder.load(name, self.bases[name])
                self.made[name] = Made(name, self.bases[name], None, self.builder)
            else:
                below = self.below(name)
                base = self.image(below) if below else None
                self.made[name] = self.make(name, self.dockerfile(name), base)
        return self.made[name]

    def dockerfile(self, name: str) -> Path:
        """The real one; of ``more``, if it is there."""
        file = self.more / f"{name}.Dockerfile"
        return file if file.exists() else DOCKERFILES / file.name

    @staticmethod
    def below(name: str) -> str | None:
        """The image that another stands on."""
        return BASES.get(name, "tiny")

    def make(self, name: str, dockerfile: Path, base: Made | None) -> Made:
        """Builds and saves one image."""
        target = ["--target", TARGETS[name]] if name in TARGETS else []
        self.builder.build(name, dockerfile, self.context, *target, *builder_arguments(ARGUMENTS.get(name, ())))
        archive = self.directory / f"{name}.tar"
        self.builder.save(name, archive)
        told = self.builder.tells_bases and name not in TRIGGERED
        return Made(name, archive, base.archive if base and not told else None, self.builder)

    def reconstructed(self, made: Made, *arguments: str) -> Reconstructed:
        """What `layerscope dockerfile` makes of an image. One home for all: most layers are those of a base."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        below = ["--base", str(made.base)] if made.base else []
        return reconstruct(Product(home), f"{self.builder.scheme}:{made.archive}", *below, *arguments)


def settings(image: SavedImage) -> dict[str, Any]:
    """The part of a config that a container runs by."""
    found = dict(image.config["config"])
    for name in ("Hostname", "Image", "Domainname"):
        found.pop(name, None)
    return {
        key: value for key, value in json.loads(json.dumps(found)).items() if value not in (None, "", [], {}, False)
    }
