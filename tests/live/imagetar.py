"""An image in an archive, as the builders write it, read with the standard library alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import posixpath
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Content = Callable[[str, bytes], str]
"""What is compared of a file, of its path and its content."""


def digest(_path: str, stream: bytes) -> str:
    """All of it."""
    return hashlib.sha256(stream).hexdigest()


@dataclass(frozen=True, slots=True)
class SavedImage:
    """Its config, and its layers as tar streams."""

    config: dict[str, Any]
    layers: tuple[bytes, ...]

    @property
    def history(self) -> list[str]:
        """Each step as recorded."""
        return [entry.get("created_by", "") for entry in self.config.get("history") or []]

    def tree(self, *, owners: bool = True, content: Content = digest) -> dict[str, tuple[Any, ...]]:
        """The merged tree: type, mode, owner, link and content of each path."""
        found: dict[str, tuple[Any, ...]] = {}
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
                members = archive.getmembers()
                for member in members:
                    parent, name = posixpath.split(clean(member.name))
                    if name == ".wh..wh..opq":
                        drop(found, parent, below=True)
                    elif name.startswith(".wh."):
                        drop(found, posixpath.join(parent, name[4:]))
                for member in members:
                    path = clean(member.name)
                    if not posixpath.basename(path).startswith(".wh.") and path:
                        found[path] = described(archive, member, owners, content)
        return found


def described(archive: tarfile.TarFile, member: tarfile.TarInfo, owners: bool, content: Content) -> tuple[Any, ...]:
    """What of an entry a build repeats: all but its time."""
    held = ""
    if member.isreg():
        stream = archive.extractfile(member)
        assert stream is not None
        held = content(clean(member.name), stream.read())
    return member.type, member.mode, (member.uid, member.gid) if owners else None, member.linkname, held


def drop(found: dict[str, tuple[Any, ...]], path: str, *, below: bool = False) -> None:
    """Takes a path with all below it away, or only what is below."""
    for each in [each for each in found if each.startswith(f"{path}/") or (each == path and not below)]:
        del found[each]


def clean(name: str) -> str:
    """A member's path from the root, without slashes at its ends."""
    return posixpath.normpath(f"/{name}").strip("/")


def read_saved(archive: Path) -> SavedImage:
    """The one image of a docker-archive."""
    with tarfile.open(archive) as saved:
        (entry,) = json.loads(member(saved, "manifest.json"))
        return SavedImage(
            json.loads(member(saved, entry["Config"])), tuple(member(saved, name) for name in entry["Layers"])
        )


def read_oci(archive: Path) -> SavedImage:
    """The one image of an oci-archive with layers of gzip; attestations beside it are none."""
    with tarfile.open(archive) as saved:

        def blob(descriptor: dict[str, Any]) -> bytes:
            return member(saved, "blobs/" + descriptor["digest"].replace(":", "/"))

        found = json.loads(member(saved, "index.json"))
        while "manifests" in found:
            (described,) = [each for each in found["manifests"] if "vnd.docker.reference.type" not in noted(each)]
            found = json.loads(blob(described))
        layers = tuple(gzip.decompress(blob(each)) for each in found["layers"])
        return SavedImage(json.loads(blob(found["config"])), layers)


def noted(descriptor: dict[str, Any]) -> dict[str, str]:
    """Its annotations."""
    return descriptor.get("annotations") or {}


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of an archive."""
    stream = archive.extractfile(name)
    assert stream is not None
    return stream.read()
