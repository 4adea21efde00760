"""Images of any shape and size, written by the standard library: OCI layouts with plain tar layers."""

from __future__ import annotations

import hashlib
import json
import random
import tarfile
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

A_DIRECTORY = 1000
"""Entries of a directory, itself included."""
END = bytes(1024)


def entries(count: int) -> list[Iterator[bytes]]:
    """One layer of so many entries, nearly all of them small files."""
    return [members(count)]


def whiteouts(count: int) -> list[Iterator[bytes]]:
    """A layer of so many entries, and one that deletes each file by a marker of its own."""
    return [members(count), members(count, marker=".wh.")]


def layers(count: int) -> list[Iterator[bytes]]:
    """So many layers of a thousand entries: half overwrite what the layer below wrote, half are new."""
    half = A_DIRECTORY // 2
    return [chain(members(half, salt=number), members(half, f"layer{number}/")) for number in range(count)]


def one_file(mebibytes: int) -> list[Iterator[bytes]]:
    """A layer with one file of so many MiB that no compression would make smaller."""
    return [large(mebibytes)]


def members(count: int, below: str = "", *, marker: str = "", salt: int = 0) -> Iterator[bytes]:
    """So many entries: a directory, 999 files in it, the next directory."""
    for number in range(count):
        directory = f"{below}d{number // A_DIRECTORY}"
        if number % A_DIRECTORY == 0:
            yield header(f"{directory}/", 0, tarfile.DIRTYPE)
        else:
            content = b"" if marker else f"{salt} {below}{number}".ljust(64).encode()
            yield header(f"{directory}/{marker}f{number}", len(content)) + content.ljust(512 if content else 0, b"\0")


def large(mebibytes: int) -> Iterator[bytes]:
    """One member."""
    block = random.Random(0).randbytes(1 << 20)
    yield header("large", mebibytes << 20)
    for _ in range(mebibytes):
        yield block


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A block of ustar."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.mtime = size, kind, 1_700_000_000
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    return info.tobuf(tarfile.USTAR_FORMAT)


def joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces."""
    held, size = [], 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= 1 << 20:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def write_layout(directory: Path, contents: Iterable[Iterator[bytes]]) -> None:
    """An OCI layout with one image of these layers."""
    store = Blobs(directory / "blobs" / "sha256")
    described = [store.add(joined(content), END) for content in contents]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [each["digest"] for each in described]},
        "history": [{"created_by": f"generated layer {number}"} for number in range(len(described))],
    }
    prefix = "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{prefix}.manifest.v1+json",
        "config": {"mediaType": f"{prefix}.config.v1+json", **store.add_json(config)},
        "layers": [{"mediaType": f"{prefix}.layer.v1.tar", **each} for each in described],
    }
    index = {"schemaVersion": 2, "manifests": [{"mediaType": manifest["mediaType"], **store.add_json(manifest)}]}
    (directory / "index.json").write_text(json.dumps(index))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


class Blobs:
    """Where a layout's blobs are."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True)

    def add(self, chunks: Iterable[bytes], end: bytes = b"") -> dict[str, Any]:
        """Writes a blob; its digest and size."""
        unfinished = self._directory / "unfinished"
        digest = hashlib.sha256()
        with unfinished.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
            digest.update(end)
            file.write(end)
            size = file.tell()
        unfinished.rename(self._directory / digest.hexdigest())
        return {"digest": f"sha256:{digest.hexdigest()}", "size": size}

    def add_json(self, document: Any) -> dict[str, Any]:
        """Writes a document."""
        return self.add([json.dumps(document).encode()])
