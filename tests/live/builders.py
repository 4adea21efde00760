"""The three builders that Debian has, as one thing that builds, saves and is asked."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .command import run
from .imagetar import SavedImage, read_saved
from .machine import proxy_arguments
from .need import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .engine import Engine

APPLETS = ("cat", "chmod", "cp", "echo", "ln", "ls", "mkdir", "mv", "rm", "rmdir", "sh", "sleep", "touch")


class Builds(Protocol):
    """What builds, saves and takes images, of names without a registry."""

    @property
    def name(self) -> str:
        """Which one it is."""

    @property
    def scheme(self) -> str:
        """What layerscope calls the archives it saves."""

    @property
    def records_owners(self) -> bool:
        """Whether --chown is in its history."""

    @property
    def tells_bases(self) -> bool:
        """Whether what it says of an image names what that stands on."""

    def build(self, image: str, dockerfile: Path, context: Path, *arguments: str, cached: bool = True) -> None:
        """Builds an image."""

    def save(self, image: str, archive: Path) -> None:
        """Writes an image as an archive."""

    def read(self, archive: Path) -> SavedImage:
        """Reads such an archive."""

    def load(self, image: str, archive: Path) -> None:
        """Takes an image of a docker-archive."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Classic, BuildKit or Buildah, as Debian has them."""

    name: str
    engine: Engine | None
    storage: tuple[str, ...] = ()
    scheme: str = "docker-archive"
    tells_bases: bool = False

    @property
    def records_owners(self) -> bool:
        """The classic builder does."""
        return self.name == "classic"

    def read(self, archive: Path) -> SavedImage:
        """Reads a docker-archive."""
        return read_saved(archive)

    def build(self, image: str, dockerfile: Path, context: Path, *arguments: str, cached: bool = True) -> None:
        """Builds an image, of a name without a registry."""
        options = ["-f", str(dockerfile), "-t", image, *proxy_arguments(), *arguments]
        if self.engine is not None:
            quiet = ["build", "-q", "--network=host", *([] if cached else ["--no-cache"])]
            self.engine.docker(*quiet, *options, context, DOCKER_BUILDKIT=str(int(self.name == "buildkit")))
        else:
            command = ["buildah", *self.storage, "bud", "-q", "--layers", "--isolation", "chroot", "--format", "docker"]
            run(*command, *([] if cached else ["--no-cache"]), *options, context)

    def save(self, image: str, archive: Path) -> None:
        """Writes the image as a docker-archive."""
        archive.unlink(missing_ok=True)
        if self.engine is not None:
            self.engine.docker("save", "-o", archive, image)
        else:
            run("buildah", *self.storage, "push", "-q", image, f"docker-archive:{archive}")

    def load(self, image: str, archive: Path) -> None:
        """Takes an image of a docker-archive, under a name without a registry."""
        if self.engine is not None:
            self.engine.docker("load", "-q", "-i", archive)
        else:
            taken = run("buildah", *self.storage, "pull", "-q", f"docker-archive:{archive}").decode().strip()
            run("buildah", *self.storage, "tag", taken, f"localhost/{image}")


OF_DEBIAN = ("classic", "buildkit", "buildah")


@contextlib.contextmanager
def builder_of_debian(name: str, engine: Engine) -> Iterator[Builder]:
    """One of the three; the engine is what two of them run in."""
    if name != "buildah":
        yield Builder(name, engine)
        return
    with buildah() as found:
        yield found


@contextlib.contextmanager
def buildah() -> Iterator[Builder]:
    """Buildah with a storage of its own."""
    need("buildah")
    with tempfile.TemporaryDirectory(prefix="ls-") as directory:
        storage = ("--root", f"{directory}/root", "--runroot", f"{directory}/run", "--storage-driver", "overlay")
        try:
            yield Builder("buildah", None, storage)
        finally:
            subprocess.run(["buildah", *storage, "rmi", "-a", "-f"], capture_output=True, check=False)


def write_rootfs(target: Path) -> None:
    """A root filesystem of one static binary and links to it."""
    binary = Path("/bin/busybox")
    assert binary.exists() or need("busybox")
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:

        def add(name: str, kind: bytes, mode: int, link: str = "", content: bytes = b"") -> None:
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.linkname, member.size = kind, mode, link, len(content)
            archive.addfile(member, io.BytesIO(content))

        for directory in ("bin", "etc"):
            add(directory, tarfile.DIRTYPE, 0o755)
        add("tmp", tarfile.DIRTYPE, 0o1777)
        add("bin/busybox", tarfile.REGTYPE, 0o755, content=binary.read_bytes())
        for applet in APPLETS:
            add(f"bin/{applet}", tarfile.SYMTYPE, 0o777, "busybox")
        add("etc/passwd", tarfile.REGTYPE, 0o644, content=b"root:x:0:0:root:/:/bin/sh\n")


def write_more(target: Path) -> None:
    """A small archive for ADD to unpack."""
    with tarfile.open(target, "w") as archive:
        for name in ("in", "in/archive"):
            member = tarfile.TarInfo(name)
            member.type, member.mode = (tarfile.DIRTYPE, 0o755) if name == "in" else (tarfile.REGTYPE, 0o640)
            archive.addfile(member)


def builder_arguments(arguments: Sequence[str]) -> list[str]:
    """`--build-arg` for each."""
    return [word for each in arguments for word in ("--build-arg", each)]
