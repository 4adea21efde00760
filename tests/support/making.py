"""Layers and images made by hand for tests, with the standard library alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Item:
    """One member: a TarInfo and its content."""

    info: tarfile.TarInfo
    content: bytes = b""


def _info(path: str, kind: bytes, mode: int, uid: int, gid: int, mtime: float) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.uid, info.gid, info.mtime = kind, mode, uid, gid, mtime
    return info


def file(path: str, content: bytes = b"", mode: int = 0o644, uid: int = 0, gid: int = 0, mtime: float = 0) -> Item:
    info = _info(path, tarfile.REGTYPE, mode, uid, gid, mtime)
    info.size = len(content)
    return Item(info, content)


def directory(path: str, mode: int = 0o755, uid: int = 0, gid: int = 0, mtime: float = 0) -> Item:
    return Item(_info(path, tarfile.DIRTYPE, mode, uid, gid, mtime))


def symlink(path: str, target: str) -> Item:
    info = _info(path, tarfile.SYMTYPE, 0o777, 0, 0, 0)
    info.linkname = target
    return Item(info)


def hardlink(path: str, target: str) -> Item:
    info = _info(path, tarfile.LNKTYPE, 0o644, 0, 0, 0)
    info.linkname = target
    return Item(info)


def device(path: str, major: int, minor: int) -> Item:
    info = _info(path, tarfile.CHRTYPE, 0o600, 0, 0, 0)
    info.devmajor, info.devminor = major, minor
    return Item(info)


def whiteout(path: str) -> Item:
    parent, _, name = path.rpartition("/")
    return file(f"{parent}/.wh.{name}" if parent else f".wh.{name}")


def opaque(path: str) -> Item:
    return file(f"{path}/.wh..wh..opq" if path else ".wh..wh..opq")


def tar_of(*items: Item, format: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar stream of ``items``, written by the standard library."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for item in items:
            archive.addfile(item.info, io.BytesIO(item.content))
    return out.getvalue()


def layer_of(*items: Item) -> LayerIndex:
    """The index of a layer of ``items``."""
    return read_blob(iter([tar_of(*items)]), "layer", limits=Limits()).index


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data), **more}


class Layout:
    """An OCI layout being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "blobs/sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, data: bytes) -> Path:
        target = self.path / "blobs/sha256" / hashlib.sha256(data).hexdigest()
        target.write_bytes(data)
        return target

    def document(self, value: Any) -> bytes:
        data = json.dumps(value).encode()
        self.blob(data)
        return data

    def image(
        self,
        tars: list[bytes],
        *,
        blobs: list[bytes] | None = None,
        media_types: list[str] | None = None,
        platform: tuple[str, str] = ("linux", "amd64"),
        **config: Any,
    ) -> dict[str, Any]:
        """Write config, layers (``blobs`` where they are stored otherwise than plain) and manifest; its descriptor."""
        stored = blobs or tars
        for data in stored:
            self.blob(data)
        os_name, architecture = platform
        document = {
            "os": os_name,
            "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": [sha256(data) for data in tars]},
            **config,
        }
        types = media_types or [OCI_LAYER] * len(tars)
        manifest = self.document(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": descriptor(self.document(document), OCI_CONFIG),
                "layers": [descriptor(data, kind) for data, kind in zip(stored, types, strict=True)],
            }
        )
        return descriptor(manifest, OCI_MANIFEST)

    def index(self, *manifests: dict[str, Any]) -> Path:
        (self.path / "index.json").write_text(
            json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
        )
        return self.path


def simple_layout(path: Path, *tars: bytes, **config: Any) -> Path:
    """A layout of one image with these layers, gzip-compressed."""
    layout = Layout(path)
    blobs = [gzip.compress(data, mtime=0) for data in tars]
    return layout.index(layout.image(list(tars), blobs=blobs, media_types=[OCI_LAYER + "+gzip"] * len(tars), **config))


def docker_archive(path: Path, *tars: bytes, tags: tuple[str, ...] = ("made:latest",), **config: Any) -> Path:
    """A docker-archive of one image, as old ``docker save`` names things."""
    document = json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "rootfs": {"type": "layers", "diff_ids": [sha256(data) for data in tars]},
            **config,
        }
    ).encode()
    name = hashlib.sha256(document).hexdigest() + ".json"
    layers = [f"{hashlib.sha256(data).hexdigest()}/layer.tar" for data in tars]
    table = json.dumps([{"Config": name, "RepoTags": list(tags), "Layers": layers}]).encode()
    members = [file(layer, data) for layer, data in zip(layers, tars, strict=True)]
    path.write_bytes(tar_of(*members, file(name, document), file("manifest.json", table)))
    return path
