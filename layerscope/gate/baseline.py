"""A baseline as a document: written by ``--write-baseline``, read again later. An inspection's JSON is read too.

Compact, and a line a file, so that it can be kept beside the code: kind ``baseline``, one or more images.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from layerscope.errors import UsageError
from layerscope.gate.snapshot import FileSnapshot, LayerSnapshot, PackageSnapshot, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

VERSION = "1.0"
MAX_BYTES = 512 << 20


def baseline_text(snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """The document, in pieces. The same images give the same bytes."""
    yield f'{{"schemaVersion": "{VERSION}", "kind": "baseline", "images": ['
    for number, image in enumerate(snapshots):
        yield (",\n" if number else "\n") + _image(image)
    yield "\n]}\n"


def read_baseline(data: bytes, name: str) -> tuple[tuple[Snapshot, ...], tuple[str, ...]]:
    """The images of a baseline, or of an inspection's JSON, and what is to be said of the document.

    Raises UsageError for what is neither.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the baseline {name} is not JSON: {error}", hint=_HINT) from error
    kind = document.get("kind") if isinstance(document, dict) else None
    lists = {"baseline": "images", "inspections": "inspections"}
    if kind not in ("baseline", "inspect", "inspections"):
        raise UsageError(f"{name} is no baseline", hint=_HINT)
    images = [document] if kind == "inspect" else document.get(lists[kind])
    try:
        found = tuple(_read_image(image, kind == "baseline") for image in images)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"the baseline {name} lacks something or has it wrong: {error!r}", hint=_HINT) from error
    if not found:
        raise UsageError(f"the baseline {name} has no image in it", hint=_HINT)
    version = str(document.get("schemaVersion"))
    notes = []
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        notes.append(f"the baseline has schema version {version[:20]}, this layerscope writes {VERSION}")
    return found, tuple(notes)


def choose(snapshots: Sequence[Snapshot], after: Snapshot) -> Snapshot:
    """The image of a baseline to hold another against: of the same name and platform, of the platform, or the first."""
    return max(
        reversed(snapshots),
        key=lambda each: (each.platform == after.platform, each.reference == after.reference),
    )


_HINT = "write one with layerscope gate IMAGE --write-baseline FILE"


def _image(image: Snapshot) -> str:
    head = {
        "reference": image.reference,
        "platform": image.platform,
        "digest": image.digest,
        "configDigest": image.config_digest,
        "fileBytes": image.file_bytes,
        "compressedBytes": image.compressed_bytes,
        "squashedBytes": image.squashed_bytes,
    }
    layers = ",\n".join(map(_layer, image.layers))
    packages = "null"
    if image.packages is not None:
        rows = ([each.name, each.version, each.bytes, each.layer] for each in image.packages)
        packages = "[\n" + ",\n".join(map(json.dumps, rows)) + "]"
    return f'{json.dumps(head)[:-1]}, "layers": [\n{layers}],\n"packages": {packages}}}'


def _layer(layer: LayerSnapshot) -> str:
    head = {
        "diffId": layer.diff_id,
        "kind": layer.kind,
        "text": layer.text,
        "fileBytes": layer.file_bytes,
        "compressedBytes": layer.compressed_bytes,
    }
    files = "null"
    if layer.files is not None:
        rows = ([*_path(path), file.bytes, file.digest, file.package] for path, file in sorted(layer.files.items()))
        files = "[\n" + ",\n".join(map(json.dumps, rows)) + "]"
    return f'{json.dumps(head)[:-1]}, "files": {files}}}'


def _path(path: bytes) -> list[str]:
    """A path as text; one that is not UTF-8 as base64 in a list of its own length: [base64, "base64", …]."""
    try:
        return ["/" + path.decode()]
    except UnicodeDecodeError:
        return [base64.b64encode(path).decode(), "base64"]


def _read_image(document: Any, is_baseline: bool) -> Snapshot:
    totals, image = (document, document) if is_baseline else (document["totals"], document["image"])
    packages = document.get("packages") if is_baseline else None
    return Snapshot(
        reference=_text(image["reference"]),
        platform=_optional_text(image.get("platform")),
        digest=_optional_text(image.get("digest")),
        config_digest=_optional_text(image.get("configDigest")),
        file_bytes=_size(totals.get("fileBytes")),
        compressed_bytes=_size(totals.get("compressedBytes")),
        squashed_bytes=_size(totals.get("squashedBytes")),
        layers=tuple(_read_layer(layer, is_baseline) for layer in document["layers"]),
        packages=None if packages is None else tuple(_read_packages(packages)),
    )


def _read_layer(document: Any, is_baseline: bool) -> LayerSnapshot:
    instruction = document if is_baseline else document["instruction"]
    files = document.get("files") if is_baseline else None
    return LayerSnapshot(
        diff_id=_text(document["diffId"]),
        kind=_text(instruction["kind"]),
        text=_text(instruction["text"]),
        file_bytes=_size(document.get("fileBytes")),
        compressed_bytes=_size(document.get("compressedBytes")),
        files=None if files is None else dict(_read_file(row) for row in files),
    )


def _read_file(row: Any) -> tuple[bytes, FileSnapshot]:
    *path, size, digest, package = row
    exact = base64.b64decode(path[0], validate=True) if len(path) == 2 else _text(path[0]).encode().removeprefix(b"/")
    found = _size(size)
    if found is None:
        raise ValueError("a file without a size")
    return exact, FileSnapshot(found, _text(digest), _text(package))


def _read_packages(rows: Iterable[Any]) -> Iterator[PackageSnapshot]:
    for name, version, size, layer in rows:
        if type(size) is not int or type(layer) is not int:
            raise TypeError("a package's bytes and layer are numbers")
        yield PackageSnapshot(_text(name), _text(version), size, layer)


def _size(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value < 0):
        raise TypeError(f"not a size: {str(value)[:40]!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {str(value)[:40]!r}")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)
