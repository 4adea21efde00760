"""Inspections and histories as values that JSON has: the public contract, which the schemas in schemas/ explain.

Sizes are bytes. What is not known is null; what an image's author left out is empty text or an empty list.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from layerscope.inspection import dive_of
from layerscope.report.advising import change, finding
from layerscope.report.rows import add_path, safe

if TYPE_CHECKING:
    from layerscope.filesystem.advice import Advice
    from layerscope.filesystem.changes import LayerChanges
    from layerscope.filesystem.dive import DiveFigures
    from layerscope.filesystem.reclaim import Reclaimable
    from layerscope.history.base import Base
    from layerscope.history.instruction import HistoryStep, Instruction
    from layerscope.inspection import ImageReport, Inspection, LayerReport, Note, Skipped, Totals
    from layerscope.oci.config import Healthcheck, RunConfig
    from layerscope.oci.digest import Digest
    from layerscope.oci.platform import Platform
    from layerscope.volumes.summary import EngineSummary

SCHEMA_VERSION = "1.0"

Document = dict[str, Any]


def inspection_document(inspection: Inspection) -> Document:
    """Everything ``inspect`` tells."""
    block = {}
    if inspection.packages is not None:
        from layerscope.report.packagesblock import packages_block

        block["packages"] = packages_block(inspection.packages)
    dive = dive_of(inspection)
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "inspect",
        "complete": inspection.complete,
        "image": image_document(inspection.image),
        "base": base_document(inspection.base),
        "totals": totals_document(inspection.totals),
        "layers": [layer_document(layer) for layer in inspection.layers],
        "history": [step_document(step) for step in inspection.history],
        "reclaimable": None
        if inspection.reclaimable is None
        else [_reclaimable(item) for item in inspection.reclaimable],
        "advice": None if inspection.advice is None else [_advice(item, inspection) for item in inspection.advice],
        "volumes": {
            "declared": [
                {
                    "path": volume.path,
                    "bytes": volume.bytes,
                    "entries": volume.entries,
                    "layers": None if volume.layers is None else list(volume.layers),
                }
                for volume in inspection.volumes
            ],
            "engine": None if inspection.engine is None else _engine(inspection.engine),
        },
        **block,
        "dive": None if dive is None else dive_document(dive),
        "skipped": [skipped_document(item) for item in inspection.skipped],
        "notes": [note_document(note) for note in inspection.notes],
    }


def _engine(engine: EngineSummary) -> Document:
    return {
        "reachable": engine.reachable,
        "name": engine.name,
        "storageDriver": None if engine.storage_driver is None else safe(engine.storage_driver),
        "volumeDrivers": None if engine.volume_drivers is None else [safe(name) for name in engine.volume_drivers],
        "volumes": engine.volumes,
    }


def history_document(inspection: Inspection) -> Document:
    """What manifest, config and history alone tell: only figures that need no layer byte."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "history",
        "image": image_document(inspection.image),
        "base": base_document(inspection.base),
        "totals": {
            "layers": inspection.totals.layers,
            "compressedBytes": inspection.totals.compressed_bytes,
        },
        "layers": [
            {**_layer_identity(layer), "instruction": instruction_document(layer.instruction)}
            for layer in inspection.layers
        ],
        "history": [step_document(step) for step in inspection.history],
        "notes": [note_document(note) for note in inspection.notes],
    }


def image_document(image: ImageReport) -> Document:
    """Which image it is, and its config."""
    config = image.config
    return {
        "reference": image.reference,
        "source": image.source,
        **({"mirror": image.mirror} if image.mirror else {}),
        "digest": _text(image.digest),
        "indexDigest": _text(image.index_digest),
        "configDigest": _text(config.digest),
        "mediaType": image.media_type,
        **_platform(config.platform),
        "platforms": [_platform(offer) for offer in image.platforms],
        "created": config.created or None,
        "author": config.author,
        "annotations": image.annotations,
        "config": _run_config(config.run),
    }


def dive_document(figures: DiveFigures) -> Document:
    """Dive's figures under dive's names; null for what is not a number."""
    percent = figures.user_wasted_percent
    return {
        "efficiencyScore": figures.efficiency,
        "wastedBytes": figures.wasted_bytes,
        "userWastedPercent": percent if math.isfinite(percent) else None,
    }


def totals_document(totals: Totals) -> Document:
    """Sums over the image."""
    return {
        "layers": totals.layers,
        "entries": totals.entries,
        "compressedBytes": totals.compressed_bytes,
        "uncompressedBytes": totals.uncompressed_bytes,
        "fileBytes": totals.file_bytes,
        "squashedBytes": totals.squashed_bytes,
        "reclaimableBytes": totals.reclaimable_bytes,
        "duplicateBytes": totals.duplicate_bytes,
        "efficiency": totals.efficiency,
    }


def base_document(base: Base | None) -> Document | None:
    """The image below; None where nobody tells."""
    if base is None:
        return None
    return {
        "name": base.name,
        "digest": base.digest,
        "layers": base.layers,
        "historyEntries": base.steps,
        "toldBy": base.told_by,
    }


def skipped_document(item: Skipped) -> Document:
    """Something that could not be read or placed."""
    document: Document = {"layer": item.layer}
    if item.path is None:
        document["path"] = None
    else:
        add_path(document, "path", b"/" + item.path)
    return {**document, "reason": item.reason}


def _platform(platform: Platform | None) -> Document:
    if platform is None:
        return {"platform": None, "osVersion": None}
    parts = (platform.os, platform.architecture, platform.variant)
    return {"platform": "/".join(part for part in parts if part), "osVersion": platform.os_version or None}


def _run_config(run: RunConfig) -> Document:
    return {
        "user": run.user,
        "entrypoint": None if run.entrypoint is None else list(run.entrypoint),
        "cmd": None if run.cmd is None else list(run.cmd),
        "env": list(run.env),
        "workingDir": run.working_dir,
        "exposedPorts": list(run.exposed_ports),
        "volumes": list(run.volumes),
        "labels": run.labels,
        "stopSignal": run.stop_signal,
        "healthcheck": None if run.healthcheck is None else healthcheck_document(run.healthcheck),
        "shell": list(run.shell),
    }


def healthcheck_document(check: Healthcheck) -> Document:
    """How a container is asked whether it is well."""
    return {
        "test": list(check.test),
        "interval": check.interval,
        "timeout": check.timeout,
        "startPeriod": check.start_period,
        "startInterval": check.start_interval,
        "retries": check.retries,
    }


def _layer_identity(layer: LayerReport) -> Document:
    return {
        "index": layer.index,
        "digest": _text(layer.digest),
        "diffId": str(layer.diff_id),
        "chainId": str(layer.chain_id),
        "mediaType": layer.media_type,
        "compressedBytes": layer.compressed_bytes,
        "base": layer.is_base,
    }


def layer_document(layer: LayerReport) -> Document:
    """One layer, with all its figures."""
    return {
        **_layer_identity(layer),
        "compression": layer.compression,
        "uncompressedBytes": layer.uncompressed_bytes,
        "fileBytes": layer.file_bytes,
        "entries": layer.entries,
        "instruction": instruction_document(layer.instruction),
        "changes": None if layer.changes is None else changes_document(layer.changes),
        "reclaimableBytes": layer.reclaimable_bytes,
        "skipped": layer.skipped,
    }


def instruction_document(instruction: Instruction) -> Document:
    """The build step behind a layer."""
    return {
        "kind": instruction.kind,
        "text": instruction.text,
        "createdBy": instruction.created_by,
        "historyIndex": instruction.history_index,
        "builder": instruction.builder,
        "line": instruction.line,
    }


def changes_document(changes: LayerChanges) -> Document:
    """The four kinds of change of one layer."""
    return {
        name: {"count": tally.count, "bytes": tally.bytes}
        for name in ("added", "modified", "metadata", "deleted")
        for tally in (getattr(changes, name),)
    }


def step_document(step: HistoryStep) -> Document:
    """One history entry."""
    document: Document = {
        "index": step.index,
        "layer": step.layer,
        "created": step.created or None,
        "createdBy": step.created_by,
        "comment": step.comment,
        "author": step.author,
        "instruction": instruction_document(step.instruction),
    }
    if step.engine_bytes is not None:
        document["engineBytes"] = step.engine_bytes
    return document


def _reclaimable(item: Reclaimable) -> Document:
    document: Document = {}
    add_path(document, "path", b"/" + item.path)
    _, document["cause"], document["bytes"], document["layer"], document["buriedBy"] = item
    return document


def _advice(item: Advice, inspection: Inspection) -> Document:
    paths: list[Document] = []
    for path in item.paths:
        paths.append({})
        add_path(paths[-1], "path", b"/" + path)
    return {
        "kind": str(item.kind),
        "bytes": item.bytes,
        "layer": item.layer,
        "buriedBy": item.buried_by,
        "files": item.files,
        "paths": paths,
        "tool": item.tool or None,
        "text": safe(finding(item, inspection.layers)),
        "change": change(item, inspection.layers),
    }


def note_document(note: Note) -> Document:
    """Something odd but legal."""
    return {"layer": note.layer, "text": safe(note.text)}


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)
