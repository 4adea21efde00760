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
    from layerscope.history.dockerfile.match import Annotated, MatchedLine
    from layerscope.history.dockerfile.reconstruct import Line
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.report.dockerfilefound import DockerfileFound


def dockerfile_document(found: DockerfileFound) -> Document:
    """Everything ``dockerfile`` tells."""
    inspection, provenance = found.inspection, found.provenance
    document: Document = {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "dockerfile",
        "complete": inspection.complete,
        "image": image_document(inspection.image),
        "base": base_document(inspection.base),
        "instructions": [_instruction(line, inspection) for line in found.written.lines],
        "buildArguments": found.written.build_arguments,
        "remarks": list(found.written.remarks),
        "provenance": None,
        "against": None if found.annotated is None else _against(found.annotated),
        "skipped": [skipped_document(item) for item in inspection.skipped],
        "notes": [
            *({"layer": None, "text": note} for note in found.source_notes),
            *(note_document(note) for note in inspection.notes),
        ],
    }
    if provenance is not None:
        document["provenance"] = {
            "filename": provenance.filename or None,
            "dockerfile": provenance.text,
            "lines": [
                {"layer": layer, "start": start, "end": end} for layer, (start, end) in sorted(provenance.lines.items())
            ],
        }
    return document


def _instruction(line: Line, inspection: Inspection) -> Document:
    instruction = line.step.instruction if line.step is not None else None
    return {
        "text": line.written.text or None,
        "lost": list(line.written.lost),
        "base": line.is_base,
        "historyIndex": line.step.index if line.step is not None else None,
        "createdBy": instruction.created_by if instruction is not None else None,
        "builder": instruction.builder if instruction is not None else None,
        **_cost(None if line.layer is None else inspection.layers[line.layer]),
    }


def _cost(layer: LayerReport | None) -> Document:
    """What a line's layer brought, changed and wasted; all null for a line without a layer."""
    if layer is None:
        return {"layer": None, "fileBytes": None, "changes": None, "reclaimableBytes": None}
    return {
        "layer": layer.index,
        "fileBytes": layer.file_bytes,
        "changes": None if layer.changes is None else changes_document(layer.changes),
        "reclaimableBytes": layer.reclaimable_bytes,
    }


def _against(annotated: Annotated) -> Document:
    return {
        "name": annotated.dockerfile.name,
        "stages": [name or None for name in annotated.stages],
        "matched": annotated.matched,
        "expected": annotated.expected,
        "lines": [_line(line) for line in annotated.lines],
        "unmatchedHistory": list(annotated.strays),
    }


def _line(line: MatchedLine) -> Document:
    return {
        "start": line.statement.start,
        "end": line.statement.end,
        "stage": line.stage,
        "keyword": line.statement.keyword,
        "match": str(line.match),
        "historyIndexes": list(line.steps),
        "layers": list(line.layers),
    }
