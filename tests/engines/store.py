"""A real containerd, and what an engine that keeps its images there tells of them.

Debian has no Docker whose images are in containerd, so the API's side is a stand-in; its answers have the shape that
moby's daemon/containerd gives them. The archive is containerd's own export, which is what such an engine sends on.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from live.command import run
from live.engine import release
from live.need import need, need_root
from live.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True)
class Containerd:
    """A running containerd."""

    ctr: tuple[str, ...]

    def export(self, archive: Path, target: Path) -> Export:
        """What becomes of an image that is imported and exported again, all platforms of it."""
        run(*self.ctr, "images", "import", "--all-platforms", "--no-unpack", "--digests", "--base-name", "x", archive)
        names = run(*self.ctr, "images", "ls", "-q").decode().split()
        try:
            run(*self.ctr, "images", "export", "--all-platforms", target, names[0])
            return Export.read(target)
        finally:
            run(*self.ctr, "images", "rm", *names)


@contextlib.contextmanager
def serving_containerd(directory: Path) -> Iterator[Containerd]:
    """containerd with everything it owns below ``directory``."""
    need_root()
    socket_path = directory / "containerd.sock"
    config = directory / "config.toml"
    config.write_text(
        f'version = 2\nroot = "{directory}/root"\nstate = "{directory}/state"\n'
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\naddress = "{socket_path}"\n'
    )
    ctr = (need("ctr"), "--address", str(socket_path), "--namespace", "tests")

    def ready() -> bool:
        return subprocess.run([*ctr, "version"], capture_output=True, check=False).returncode == 0

    try:
        with serving([need("containerd"), "--config", str(config)], directory / "containerd.log", ready):
            yield Containerd(ctr)
    finally:
        release(directory)


@dataclass(frozen=True, slots=True)
class Export:
    """An image as containerd exports it."""

    archive: bytes
    blobs: dict[str, bytes]
    target: dict[str, Any]
    """The descriptor of its manifest or index."""

    @classmethod
    def read(cls, path: Path) -> Export:
        """Take an archive apart."""
        data = path.read_bytes()
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            files = {member.name: packed.extractfile(member) for member in packed if member.isfile()}
            contents = {name: file.read() for name, file in files.items() if file is not None}
        index = json.loads(contents["index.json"])
        blobs = {"sha256:" + name.rpartition("/")[2]: content for name, content in contents.items() if "blobs/" in name}
        return cls(data, blobs, index["manifests"][0])

    def document(self, digest: str) -> Any:
        """A blob, parsed."""
        return json.loads(self.blobs[digest])

    @property
    def manifests(self) -> list[dict[str, Any]]:
        """Descriptors of the images' manifests."""
        if self.target["mediaType"] != INDEX:
            return [self.target]
        return [
            entry
            for entry in self.document(self.target["digest"])["manifests"]
            if entry.get("platform", {}).get("os") != "unknown"
        ]

    def answer(self, api: tuple[int, int], query: dict[str, str], missing: tuple[str, ...] = ()) -> dict[str, Any]:
        """``/images/NAME/json`` in this version of the API; of ``missing`` platforms the engine has no content."""
        wanted = json.loads(query.get("platform", '{"architecture": "amd64"}'))["architecture"]
        entries = [(entry, self._config(entry)) for entry in self.manifests]
        present = [(entry, config) for entry, config in entries if config["architecture"] not in missing]
        chosen = next(((entry, config) for entry, config in present if config["architecture"] == wanted), None)
        if chosen is None and "platform" in query:
            return {}
        entry, config = chosen or (self.target, {"rootfs": {"type": ""}})
        target = entry if "platform" in query else self.target
        told = {
            "Id": target["digest"],
            "RepoTags": ["made:latest"],
            "Os": config.get("os", ""),
            "Architecture": config.get("architecture", ""),
            "Created": config.get("created", ""),
            "Config": config.get("config", {}),
            "RootFS": {"Type": "layers", "Layers": config["rootfs"].get("diff_ids")},
        }
        if api >= (1, 48):
            told["Descriptor"] = target
        if query.get("manifests"):
            told["Manifests"] = [
                {"ID": item["digest"], "Descriptor": item, "Available": (item, its) in present, "Kind": "image"}
                | {"ImageData": {"Platform": {"os": its["os"], "architecture": its["architecture"]}}}
                for item, its in entries
            ]
        return told

    def history(self, architecture: str) -> list[dict[str, Any]]:
        """``/images/NAME/history``: newest first, with the disk usage of unpacked snapshots."""
        config = next(c for c in map(self._config, self.manifests) if c["architecture"] == architecture)
        return [
            {"Created": 1, "CreatedBy": step.get("created_by", ""), "Comment": step.get("comment", "")}
            | {"Size": 0 if step.get("empty_layer") else 4096}
            for step in reversed(config["history"])
        ]

    def _config(self, manifest: dict[str, Any]) -> Any:
        return self.document(self.document(manifest["digest"])["config"]["digest"])
