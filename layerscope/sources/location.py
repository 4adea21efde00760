"""What a user wrote for IMAGE: ``[SCHEME:]NAME``, and where that may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import UsageError

STDIN = "-"
REGISTRY = "registry"
DOCKER = "docker"
PODMAN = "podman"
ENGINES = (DOCKER, PODMAN)
DOCKER_ARCHIVE = "docker-archive"
OCI_ARCHIVE = "oci-archive"
OCI_DIR = "oci-dir"
PATH = "path"
"""A file or directory whose kind its content tells."""

_SCHEMES = {
    "registry": REGISTRY,
    "docker": DOCKER,
    "docker-daemon": DOCKER,
    "podman": PODMAN,
    "docker-archive": DOCKER_ARCHIVE,
    "oci-archive": OCI_ARCHIVE,
    "oci-dir": OCI_DIR,
    "oci": OCI_DIR,
}
_ARCHIVE_NAME = re.compile(r"\.(tar|tgz|txz|tzst|tar\.(gz|zst|zstd|xz))(:|$)", re.IGNORECASE)
_PATH_START = ("/", "./", "../", "~")


@dataclass(frozen=True, slots=True)
class Location:
    """One place where an image may be."""

    kind: str
    name: str
    """A reference, an engine's image ID, or a path, perhaps with ``:TAG`` behind it; ``-`` is standard input."""
    remark: str = ""
    """What a person should be told about how the name was read."""


def locate(text: str) -> Location:
    """Decide where ``text`` points, without opening it. UsageError names what is ambiguous or cannot be read."""
    if text == STDIN:
        return Location(PATH, STDIN)
    _refuse_urls(text)
    scheme, colon, name = text.partition(":")
    if colon and scheme in _SCHEMES:
        if not name:
            raise UsageError(f"{text!r} names a scheme and nothing behind it", hint=f"write {scheme}:NAME")
        kind = _SCHEMES[scheme]
        remark = ""
        if _may_be_a_tag(scheme, name) and not Path(text).exists():
            remark = f"{text!r} was read as scheme {scheme!r} and name {name!r}"
            remark += f"; for the repository called {scheme!r} write docker.io/library/{text}"
        return Location(kind, name, remark)
    if _is_path(text):
        return Location(PATH, text)
    return Location(REGISTRY, text)


def _may_be_a_tag(scheme: str, name: str) -> bool:
    """Whether somebody who wrote this may have meant the repository called like the scheme: ``registry:2``.

    Of an engine's images too many have names like that to remark on each; tags of ``docker`` begin with a digit.
    """
    return name[0].isdigit() if scheme in ENGINES else scheme == REGISTRY and "/" not in name


def _is_path(text: str) -> bool:
    if text.startswith(_PATH_START) or _ARCHIVE_NAME.search(text):
        return True
    path = Path(text)
    try:
        return path.is_file() or path.joinpath("oci-layout").is_file()
    except (OSError, ValueError):
        return False


def _refuse_urls(text: str) -> None:
    if text.startswith("docker://"):
        name = text.removeprefix("docker://")
        raise UsageError(
            f"{text!r} means a registry to some tools and the local engine to others",
            hint=f"write registry:{name} for the registry, or docker:{name} for the engine",
        )
    if text.startswith("containers-storage:"):
        name = text.removeprefix("containers-storage:").lstrip("/") or "NAME"
        raise UsageError(
            f"{text!r}: images in containers-storage cannot be read directly",
            hint=f"export it: podman save --format oci-archive -o image.tar {name} && layerscope inspect image.tar",
        )


def split_path(name: str) -> tuple[Path, str]:
    """Divide ``PATH[:TAG]``: the whole if such a path exists, else at the first colon behind an existing path."""
    whole = _expand(name)
    if whole.exists() or ":" not in name:
        return whole, ""
    for match in re.finditer(":", name):
        path = _expand(name[: match.start()])
        if name[: match.start()] and path.exists():
            return path, name[match.end() :]
    return whole, ""


def _expand(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # no home to expand to
        return Path(name)
