"""An image as `docker save` and `buildah push docker-archive:` write it, read with the standard library alone."""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class SavedImage:
    """Its config, and its layers as tar streams."""

    config: dict[str, Any]
    layers: tuple[bytes, ...]

    @property
    def history(self) -> list[str]:
        """Each step as recorded."""
        return [entry.get("created_by", "") for entry in self.config.get("history") or []]

    def tree(self, *, owners: bool = True) -> dict[str, tuple[Any, ...]]:
        """The merged tree: type, mode, owner, size and content of each path."""
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
                        found[path] = described(archive, member, owners)
        return found


def described(archive: tarfile.TarFile, member: tarfile.TarInfo, owners: bool) -> tuple[Any, ...]:
    """What of an entry a build repeats: all but its time."""
    content = ""
    if member.isreg():
        stream = archive.extractfile(member)
        assert stream is not None
        content = hashlib.sha256(stream.read()).hexdigest()
    return member.type, member.mode, (member.uid, member.gid) if owners else None, member.size, member.linkname, content


def drop(found: dict[str, tuple[Any, ...]], path: str, *, below: bool = False) -> None:
    """Takes a path with all below it away, or only what is below."""
    for each in [each for each in found if each.startswith(f"{path}/") or (each == path and not below)]:
        del found[each]


def clean(name: str) -> str:
    """A member's path from the root, without slashes at its ends."""
    return posixpath.normpath(f"/{name}").strip("/")


def read_saved(archive: Path) -> SavedImage:
    """The one image of an archive."""
    with tarfile.open(archive) as saved:

        def member(name: str) -> bytes:
            stream = saved.extractfile(name)
            assert stream is not None
            return stream.read()

        (entry,) = json.loads(member("manifest.json"))
        return SavedImage(json.loads(member(entry["Config"])), tuple(member(name) for name in entry["Layers"]))
