"""Where an image's layers are, and where each file's bytes stand in them, by the standard library's account."""

from __future__ import annotations

import gzip
import json
import tarfile
from array import array
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer, in the layout and in the docker-archive. Paths are relative to the image's directory."""

    blob: str
    """Its gzip blob in the layout."""
    digest: str
    diff_id: str
    compressed: int
    uncompressed: int
    entries: int
    file_bytes: int
    spans: str
    """A file of pairs of unsigned 64-bit numbers: offset and size of each file's content in the tar stream."""
    offset: int
    """Where its plain tar stream starts in the docker-archive."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def facts_of(layout: Path, archive: Path, directory: Path) -> list[LayerFacts]:
    """Reads every layer; writes a file of spans for each into `directory`."""
    manifest = document(layout, document_at(layout / "index.json")["manifests"][0])
    diff_ids = document(layout, manifest["config"])["rootfs"]["diff_ids"]
    offsets = plain_layers(archive)
    facts = []
    for number, (layer, diff_id, offset) in enumerate(zip(manifest["layers"], diff_ids, offsets, strict=True)):
        blob = blob_path(layout, layer)
        spans, entries, length = array("Q"), 0, 0
        with gzip.open(blob) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    tar.members.clear()  # type: ignore[attr-defined]
                    entries += 1
                    if member.isreg() and member.size:
                        spans.extend((member.offset_data, member.size))
            while stream.read(1 << 20):
                pass
            length = stream.tell()
        kept = directory / f"spans-{number}"
        kept.write_bytes(spans.tobytes())
        facts.append(
            LayerFacts(
                blob=str(blob.relative_to(directory)),
                digest=layer["digest"],
                diff_id=diff_id,
                compressed=layer["size"],
                uncompressed=length,
                entries=entries,
                file_bytes=sum(spans[1::2]),
                spans=kept.name,
                offset=offset,
            )
        )
    return facts


def plain_layers(archive: Path) -> list[int]:
    """Where the layers' tar streams start in a docker-archive, bottom first."""
    with tarfile.open(archive, mode="r:") as tar:
        members = {member.name: member for member in tar}
        manifest = json.loads(read(tar.extractfile("manifest.json")))
        return [plain(members, name).offset_data for name in manifest[0]["Layers"]]


def plain(members: dict[str, tarfile.TarInfo], name: str) -> tarfile.TarInfo:
    """The member that holds a layer: a name may be a link to another, where a layer occurs twice."""
    member = members[name]
    while member.issym():
        parts = [*name.split("/")[:-1], *member.linkname.split("/")]
        while ".." in parts:
            at = parts.index("..")
            del parts[at - 1 : at + 1]
        name = "/".join(parts)
        member = members[name]
    return member


def read(stream: IO[bytes] | None) -> bytes:
    """All of a member that must be a file."""
    assert stream is not None
    return stream.read()


def document(layout: Path, descriptor: Any) -> Any:
    """A JSON blob of a layout."""
    return document_at(blob_path(layout, descriptor))


def document_at(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_bytes())


def blob_path(layout: Path, descriptor: Any) -> Path:
    """Where a layout keeps a blob."""
    return layout / "blobs" / str(descriptor["digest"]).replace(":", "/")
