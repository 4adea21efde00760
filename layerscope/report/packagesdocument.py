"""The document of ``packages``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.packages.unowned import largest_unowned
from layerscope.report.document import (
    SCHEMA_VERSION,
    Document,
    image_document,
    instruction_document,
    note_document,
    skipped_document,
)
from layerscope.report.packagesblock import packages_block
from layerscope.report.rows import add_path

if TYPE_CHECKING:
    from layerscope.inspection import Inspection
    from layerscope.report.packagechoice import PackageChoice

_LARGEST_UNOWNED = 20


def packages_document(inspection: Inspection, choice: PackageChoice) -> Document:
    """Everything ``packages`` tells; ``totals`` and what follows are null where a skipped layer leaves them unknown."""
    document: Document = {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "packages",
        "complete": inspection.complete,
        "image": image_document(inspection.image),
        "layer": choice.layer,
        "kinds": list(choice.kinds),
        "totals": None,
        "layers": None,
        "packages": None,
    }
    if inspection.packages is not None:
        document.update(packages_block(inspection.packages, choice))
        for layer, report in zip(document["layers"], inspection.layers, strict=True):
            layer["instruction"] = instruction_document(report.instruction)
    if choice.layer is not None:
        document["largestUnowned"] = _largest_unowned(inspection, choice.layer)
    document["skipped"] = [skipped_document(item) for item in inspection.skipped]
    document["notes"] = [note_document(note) for note in inspection.notes]
    return document


def _largest_unowned(inspection: Inspection, layer: int) -> list[Document] | None:
    if inspection.packages is None or inspection.filesystem is None:
        return None
    files = []
    index = inspection.filesystem.tree.indexes[layer]
    for path, size in largest_unowned(inspection.packages, layer, index, _LARGEST_UNOWNED):
        document: Document = {}
        add_path(document, "path", b"/" + path)
        files.append({**document, "bytes": size})
    return files
