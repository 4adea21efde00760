"""What ``dive --json`` writes (v0.13.1), for programs that read it: the same names, figures and order of files.

Three things are not dive's: paths wasted equally are ordered by name, where dive's order is by chance; of layers that
came from no archive, ``id`` is the DiffID, where dive has the name of an archive's member; and ``linkName`` is empty
for what is no link, where dive repeats what a builder happened to leave in the header.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from layerscope.filesystem.dive import depth_first, layer_nodes
from layerscope.inspection import dive_of
from layerscope.layers.entry import EntryKind
from layerscope.report.rows import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.gate.verdict import GateRun
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.layers.index import LayerIndex

_PREFIX = "/bin/sh -c "
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What Go's encoder escapes, in texts and nowhere else; there they are outside of texts never."""
_TAR_TYPE = {
    EntryKind.FILE: 48,
    EntryKind.HARDLINK: 49,
    EntryKind.SYMLINK: 50,
    EntryKind.CHARACTER_DEVICE: 51,
    EntryKind.BLOCK_DEVICE: 52,
    EntryKind.DIRECTORY: 53,
    EntryKind.FIFO: 54,
}
_MODE_BITS = {
    EntryKind.DIRECTORY: 1 << 31,
    EntryKind.SYMLINK: 1 << 27,
    EntryKind.BLOCK_DEVICE: 1 << 26,
    EntryKind.CHARACTER_DEVICE: 1 << 26 | 1 << 21,
    EntryKind.FIFO: 1 << 25,
}
"""Bits of Go's FileMode, which are not those of POSIX."""
_SPECIAL_BITS = ((0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20))
_IMPLIED = {"path": "", "typeFlag": 0, "linkName": "", "size": 0, "fileMode": 0, "uid": 0, "gid": 0, "isDir": False}


def dive_export(inspection: Inspection) -> dict[str, Any] | None:
    """Dive's document of an image; None where a layer could not be read."""
    figures, filesystem = dive_of(inspection), inspection.filesystem
    if figures is None or filesystem is None:
        return None
    makers = [entry for entry in inspection.image.config.history if not entry.empty_layer]
    layers = []
    for number, (layer, index) in enumerate(zip(inspection.layers, filesystem.tree.indexes, strict=True)):
        known = number < len(makers)
        layers.append(
            {
                "index": number,
                "id": _identifier(inspection, layer),
                "digestId": str(layer.diff_id) if known else "",
                "sizeBytes": figures.layer_bytes[number],
                "command": makers[number].created_by.removeprefix(_PREFIX) if known else "(missing)",
                "fileList": list(_files(index)),
            }
        )
    return {
        "layer": layers,
        "image": {
            "sizeBytes": figures.size_bytes,
            "inefficientBytes": figures.wasted_bytes,
            "efficiencyScore": _number(figures.efficiency),
            "fileReference": [
                {"count": each.leaves, "sizeBytes": each.bytes, "file": "/" + _text(each.path)}
                for each in figures.references()
            ],
        },
    }


def without_figures(run: GateRun) -> dict[str, Any]:
    """What is written for an image that could not be read: dive writes nothing then, but somebody asked for a file."""
    errors = [
        {"code": failed.code, "message": safe(failed.message), "hint": safe(failed.hint)} for failed in run.failures
    ]
    return {"layer": [], "image": None, "errors": errors}


def dive_text(document: Any) -> str:
    """JSON as Go writes it: two spaces of indent, UTF-8, what HTML minds escaped, no newline at the end."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return text.translate({ord(letter): escape for letter, escape in _HTML.items()})


def _identifier(inspection: Inspection, layer: LayerReport) -> str:
    """The first part of the archive member's name, which in a layout is the same for all."""
    if layer.member:
        return layer.member.partition("/")[0]
    return "blobs" if inspection.image.source in ("oci-archive", "oci-dir") else str(layer.diff_id)


def _files(index: LayerIndex) -> Iterator[dict[str, Any]]:
    nodes, _ = layer_nodes(index)
    for path in depth_first(nodes):
        position = nodes[path]
        if position is None:
            yield dict(_IMPLIED)
            continue
        kind = EntryKind(index.kinds[position])
        yield {
            "path": _text(path),
            "typeFlag": _TAR_TYPE.get(kind, 0),
            "linkName": _text(index.link(position)),
            "size": index.sizes[position],
            "fileMode": _mode(index.modes[position], kind),
            "uid": index.uids[position],
            "gid": index.gids[position],
            "isDir": kind is EntryKind.DIRECTORY,
        }


def _mode(mode: int, kind: EntryKind) -> int:
    special = sum(bit for posix, bit in _SPECIAL_BITS if mode & posix)
    return mode & 0o777 | special | _MODE_BITS.get(kind, 0)


def _text(value: bytes) -> str:
    """As Go reads bytes that are not UTF-8: one U+FFFD for each."""
    text = value.decode("utf-8", "surrogateescape")
    return "".join("\ufffd" if 0xDC80 <= ord(letter) <= 0xDCFF else letter for letter in text)


def _number(value: float) -> float | int:
    """Go writes 1 for 1.0."""
    return int(value) if value.is_integer() else value
