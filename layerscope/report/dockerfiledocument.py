"""A Dockerfile and what it costs as a value that JSON has; ``schemas/dockerfile.json`` explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.report.document import (
    SCHEMA_VERSION,
    Document,
    base_document,
    changes_document,
    image_document,
    note_document,
    skipped_document,
)

if TYPE_CHECKING:
    from layerscope.history.dockerfile.reconstruct import Line, Reconstruction
    from layerscope.inspection import Inspection, LayerReport


def dockerfile_document(inspection: Inspection, found: Reconstruction) -> Document:
    """Everything ``dockerfile`` tells of an image alone."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "dockerfile",
        "complete": inspection.complete,
        "image": image_document(inspection.image),
        "base": base_document(inspection.base),
        "instructions": [_instruction(line, inspection) for line in found.lines],
        "buildArguments": found.build_arguments,
        "remarks": list(found.remarks),
        "skipped": [skipped_document(item) for item in inspection.skipped],
        "notes": [note_document(note) for note in inspection.notes],
    }


def _instruction(line: Line, inspection: Inspection) -> Document:
    instruction = line.step.instruction if line.step is not None else None
    return {
        "text": line.written.text or None,
        "lost": list(line.written.lost),
        "base": line.is_base,
        "historyIndex": line.step.index if line.step is not None else None,
        "createdBy": instruction.created_by if instruction is not None else None,
        "builder": instruction.builder if instruction is not None else None,
        **cost_document(None if line.layer is None else inspection.layers[line.layer]),
    }


def cost_document(layer: LayerReport | None) -> Document:
    """What a line's layer brought, changed and wasted; all null for a line without a layer."""
    if layer is None:
        return {"layer": None, "fileBytes": None, "changes": None, "reclaimableBytes": None}
    return {
        "layer": layer.index,
        "fileBytes": layer.file_bytes,
        "changes": None if layer.changes is None else changes_document(layer.changes),
        "reclaimableBytes": layer.reclaimable_bytes,
    }
