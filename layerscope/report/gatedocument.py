"""A gate's run as a value that JSON has: kind ``gate``, explained in schemas/gate.json."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from layerscope.report.document import SCHEMA_VERSION, dive_document, instruction_document, totals_document
from layerscope.report.rows import add_path, safe

if TYPE_CHECKING:
    from layerscope.gate.check import Exemption
    from layerscope.gate.growth import Growth, LayerGrowth
    from layerscope.gate.verdict import Failed, GateRun, Offender, Result, Verdict
    from layerscope.report.document import Document


def gate_document(run: GateRun) -> Document:
    """Everything a run found out."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "gate",
        "status": run.status,
        "policy": {"origins": list(run.policy.origins), "rules": len(run.policy.checks)},
        "verdicts": [_verdict(verdict) for verdict in run.verdicts],
        "errors": [_failed(failed) for failed in run.failures],
    }


def _verdict(verdict: Verdict) -> Document:
    image = verdict.image
    return {
        "status": str(verdict.status),
        "complete": verdict.complete,
        "image": {
            "reference": image.reference,
            "source": image.source,
            "digest": None if image.digest is None else str(image.digest),
            "configDigest": None if image.config.digest is None else str(image.config.digest),
            "platform": image.config.platform.name if image.config.platform else None,
        },
        "totals": totals_document(verdict.totals),
        "results": [_result(result) for result in verdict.results],
        **({} if verdict.dive is None else {"dive": dive_document(verdict.dive)}),
        **({} if verdict.growth is None else {"growth": _growth(verdict.growth)}),
        "notes": [safe(note) for note in verdict.notes],
    }


def _growth(growth: Growth) -> Document:
    before, after = growth.before, growth.after
    return {
        "baseline": {"reference": before.reference, "platform": before.platform, "digest": before.digest},
        "fileBytes": {"before": before.file_bytes, "after": after.file_bytes},
        "compressedBytes": {"before": before.compressed_bytes, "after": after.compressed_bytes},
        "squashedBytes": {"before": before.squashed_bytes, "after": after.squashed_bytes},
        "layerCount": {"before": len(before.layers), "after": len(after.layers)},
        "layers": [_layer_growth(part) for part in growth.layers],
        "packages": None
        if growth.packages is None
        else [
            {
                "name": part.name,
                "before": part.before,
                "after": part.after,
                "bytes": part.bytes,
                "layer": part.layer,
            }
            for part in growth.packages
        ],
    }


def _layer_growth(part: LayerGrowth) -> Document:
    files: list[Document] | None = None
    if part.files is not None:
        files = []
        for file in part.files:
            row: Document = {}
            add_path(row, "path", b"/" + file.path)
            files.append({**row, "package": file.package or None, "bytes": file.bytes})
    return {
        "layer": part.index,
        "kind": part.kind,
        "instruction": part.text,
        "before": part.before,
        "bytes": part.bytes,
        "packages": [{"name": name, "bytes": size} for name, size in part.packages()],
        "files": files,
    }


def _result(result: Result) -> Document:
    check = result.check
    return {
        "rule": check.rule.name,
        "status": str(result.status),
        "level": str(check.level),
        "measured": _finite(result.measured),
        "atLeast": result.at_least,
        "limit": None if check.limit is None else check.limit.value,
        "limitText": None if check.limit is None else check.limit.text,
        "patterns": list(check.patterns),
        "unit": result.unit,
        "layers": str(check.layers),
        "scope": ("layers" if check.everywhere else "image") if check.rule.on_paths else None,
        "reason": check.reason,
        "origin": check.origin,
        "detail": safe(result.detail),
        "offenders": [offender_document(offender) for offender in result.offenders],
        "exempt": [
            {"offender": None if offender is None else offender_document(offender), **_exemption(exemption)}
            for offender, exemption in result.exempt
        ],
        "expired": [_exemption(exemption) for exemption in result.expired],
    }


def _finite(value: int | float | str | None) -> int | float | str | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def offender_document(offender: Offender) -> Document:
    """Something that breaks a rule."""
    document: dict[str, Any] = {
        "name": safe(offender.name),
        "layer": offender.layer,
        "instruction": None if offender.instruction is None else instruction_document(offender.instruction),
    }
    if offender.path is None:
        document["path"] = None
    else:
        add_path(document, "path", b"/" + offender.path)
    return {**document, "package": offender.package, "bytes": offender.bytes, "detail": safe(offender.detail)}


def _exemption(exemption: Exemption) -> Document:
    return {
        "until": exemption.until.isoformat(),
        "match": exemption.match,
        "image": exemption.image,
        "reason": exemption.reason,
    }


def _failed(failed: Failed) -> Document:
    return {
        "reference": failed.name or None,
        "platform": failed.platform,
        "code": failed.code,
        "message": safe(failed.message),
        "hint": safe(failed.hint),
    }
