"""One real image in every shape that a source must read."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from making import Item, descriptor, file, symlink, tar_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TESTDATA = Path(__file__).resolve().parents[2] / "testdata"


@dataclass(frozen=True)
class Parts:
    """An image taken apart: exact bytes of everything."""

    manifest: bytes
    config: bytes
    blobs: list[bytes]
    """Layers as the manifest's digests name them."""
    tars: list[bytes]
    """The same, uncompressed."""


def take_apart(archive: Path) -> Parts:
    """Read an oci-archive of one image with the standard library alone."""
    with tarfile.open(archive) as packed:
        names = {member.name.removeprefix("./"): member for member in packed.getmembers()}

        def read(name: str) -> bytes:
            content = packed.extractfile(names[name])
            assert content is not None
            return content.read()

        def blob(digest: str) -> bytes:
            return read("blobs/" + digest.replace(":", "/"))

        index = json.loads(read("index.json"))
        manifest = blob(index["manifests"][0]["digest"])
        parsed = json.loads(manifest)
        blobs = [blob(layer["digest"]) for layer in parsed["layers"]]
        return Parts(manifest, blob(parsed["config"]["digest"]), blobs, [gzip.decompress(data) for data in blobs])


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _layout_members(parts: Parts, name: str = "shape:1") -> list[Item]:
    entry = descriptor(parts.manifest, json.loads(parts.manifest)["mediaType"])
    entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    index = {"schemaVersion": 2, "manifests": [entry]}
    blobs = {_hex(data): data for data in [parts.manifest, parts.config, *parts.blobs]}
    return [
        *(file(f"blobs/sha256/{digest}", data) for digest, data in sorted(blobs.items())),
        file("index.json", json.dumps(index).encode()),
        file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
    ]


def _table(config: str, layers: list[str]) -> Item:
    return file("manifest.json", json.dumps([{"Config": config, "RepoTags": ["shape:1"], "Layers": layers}]).encode())


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def oci_dir(parts: Parts, base: Path) -> str:
    for item in _layout_members(parts):
        target = base / "layout" / item.info.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(item.content)
    return f"oci-dir:{base}/layout"


def oci_archive(parts: Parts, base: Path) -> str:
    return str(_write(base / "image.tar", tar_of(*_layout_members(parts))))


def oci_archive_gzip(parts: Parts, base: Path) -> str:
    return str(_write(base / "image.tar.gz", gzip.compress(tar_of(*_layout_members(parts)))))


def oci_archive_zstd(parts: Parts, base: Path) -> str:
    return str(_write(base / "image.tar.zst", zstd.compress(tar_of(*_layout_members(parts)))))


def oci_archive_xz(parts: Parts, base: Path) -> str:
    return str(_write(base / "image.tar.xz", lzma.compress(tar_of(*_layout_members(parts)))))


def docker_old(parts: Parts, base: Path) -> str:
    """Docker before 25: ``<id>/layer.tar``, an equal layer a symlink to the first."""
    items: list[Item] = []
    names: list[str] = []
    first: dict[str, str] = {}
    for position, tar in enumerate(parts.tars):
        name = f"{_hex(b'%d' % position + tar)}/layer.tar"
        if _hex(tar) in first:
            items.append(symlink(name, f"../{first[_hex(tar)]}"))
        else:
            first[_hex(tar)] = name
            items.append(file(name, tar))
        names.append(name)
    config = f"{_hex(parts.config)}.json"
    return str(_write(base / "old.tar", tar_of(*items, file(config, parts.config), _table(config, names))))


def docker_new(parts: Parts, base: Path) -> str:
    """Docker from 25 on, graphdriver store: a layout of plain layers with a made-up manifest, and manifest.json."""
    layers = [descriptor(tar, "application/vnd.oci.image.layer.v1.tar") for tar in parts.tars]
    config = descriptor(parts.config, "application/vnd.oci.image.config.v1+json")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).encode()
    made_up = Parts(manifest, parts.config, parts.tars, parts.tars)
    names = [f"blobs/sha256/{_hex(tar)}" for tar in parts.tars]
    table = _table(f"blobs/sha256/{_hex(parts.config)}", names)
    items = sorted([*_layout_members(made_up), table], key=lambda item: item.info.name)
    return str(_write(base / "new.tar", tar_of(*items)))


def docker_containerd(parts: Parts, base: Path) -> str:
    """Docker from 25 on, containerd store: the registry's own blobs, and manifest.json beside them."""
    names = [f"blobs/sha256/{_hex(blob)}" for blob in parts.blobs]
    table = _table(f"blobs/sha256/{_hex(parts.config)}", names)
    items = sorted([*_layout_members(parts), table], key=lambda item: item.info.name)
    return str(_write(base / "containerd.tar", tar_of(*items)))


def podman(parts: Parts, base: Path) -> str:
    names = [f"{_hex(tar)}.tar" for tar in parts.tars]
    unique = dict(zip(names, parts.tars, strict=True))
    config = f"{_hex(parts.config)}.json"
    items = [file(name, tar) for name, tar in unique.items()]
    return str(_write(base / "podman.tar", tar_of(*items, file(config, parts.config), _table(config, names))))


def kaniko(parts: Parts, base: Path) -> str:
    names = [f"{_hex(blob)}.tar.gz" for blob in parts.blobs]
    config = f"sha256:{_hex(parts.config)}"
    items = [file(name, blob) for name, blob in dict(zip(names, parts.blobs, strict=True)).items()]
    return str(_write(base / "kaniko.tar", tar_of(file(config, parts.config), *items, _table(config, names))))


def jib(parts: Parts, base: Path) -> str:
    names = [f"{_hex(tar)}.tar.gz" for tar in parts.tars]
    items = [file(name, blob) for name, blob in dict(zip(names, parts.blobs, strict=True)).items()]
    config = file("config.json", parts.config)
    return str(_write(base / "jib.tar", tar_of(*items, config, _table("config.json", names))))


def docker_gzip(parts: Parts, base: Path) -> str:
    plain = Path(docker_old(parts, base)).read_bytes()
    return str(_write(base / "old.tar.gz", gzip.compress(plain)))


MANIFEST = "application/vnd.oci.image.manifest.v1+json"
WITH_MANIFEST: list[Callable[[Parts, Path], str]] = [
    oci_dir,
    oci_archive,
    oci_archive_gzip,
    oci_archive_zstd,
    oci_archive_xz,
    docker_containerd,
]
WITHOUT_MANIFEST: list[Callable[[Parts, Path], str]] = [docker_old, docker_new, docker_gzip, podman, kaniko, jib]
