"""A comparison as values that JSON has: kind ``diff``. Differences are what the second image has more than the first.

What was not asked for is absent; what is not known is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerscope.compare.comparison import Kind
from layerscope.compare.growth import growth, owner
from layerscope.filesystem.listing import node_row
from layerscope.oci.config import Healthcheck
from layerscope.report.document import (
    SCHEMA_VERSION,
    Document,
    healthcheck_document,
    image_document,
    instruction_document,
    note_document,
    skipped_document,
    step_document,
    totals_document,
)
from layerscope.report.rows import add_path, file_document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from layerscope.compare.comparison import Comparison
    from layerscope.compare.files import ChangedFile, FilesCompared
    from layerscope.compare.growth import LayerPart
    from layerscope.compare.layers import LayerPair, LayersCompared, LayerTally
    from layerscope.compare.packages import ChangedPackage, PackagesCompared
    from layerscope.compare.settings import Setting, Value
    from layerscope.compare.steps import ChangedStep
    from layerscope.filesystem.changes import Tally
    from layerscope.filesystem.stack import Filesystem
    from layerscope.filesystem.tree import Node
    from layerscope.inspection import LayerReport, Totals
    from layerscope.packages.package import Package


def comparison_document(comparison: Comparison, kinds: Collection[Kind]) -> Document:
    """Everything but the files that changed, whose list belongs at the end of ``files``, which is last."""
    before, after = comparison.before, comparison.after
    sides = (("before", before), ("after", after))
    document: Document = {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "diff",
        "complete": before.complete and after.complete,
        "same": not comparison.differs(kinds),
        "compared": [kind.value for kind in Kind if kind in kinds],
        "before": image_document(before.image),
        "after": image_document(after.image),
        "totals": {
            "before": totals_document(before.totals),
            "after": totals_document(after.totals),
            "difference": _difference(before.totals, after.totals),
        },
    }
    parts: dict[Kind, Callable[[], Any]] = {
        Kind.LAYERS: lambda: _layers(comparison.layers),
        Kind.PACKAGES: lambda: None if comparison.packages is None else _packages(comparison.packages),
        Kind.PLATFORM: lambda: None if comparison.platform is None else _setting(comparison.platform),
        Kind.CONFIG: lambda: _settings(comparison.config),
        Kind.ENVIRONMENT: lambda: _settings(comparison.environment),
        Kind.LABELS: lambda: _settings(comparison.labels),
        Kind.ANNOTATIONS: lambda: None if comparison.annotations is None else _settings(comparison.annotations),
        Kind.HISTORY: lambda: [_step(step) for step in comparison.history],
    }
    document.update({kind.value: part() for kind, part in parts.items() if kind in kinds})
    document["skipped"] = [{"image": side, **skipped_document(item)} for side, one in sides for item in one.skipped]
    document["notes"] = [{"image": side, **note_document(note)} for side, one in sides for note in one.notes]
    if Kind.FILES in kinds:
        document["files"] = None if comparison.files is None else _files(comparison.files, comparison)
    return document


def changed_file_document(changed: ChangedFile, comparison: Comparison) -> Document:
    """One file that differs, as each image has it."""
    document: Document = {}
    add_path(document, "path", b"/" + changed.path)
    return {
        **document,
        "change": changed.change.value,
        "differences": [aspect.value for aspect in changed.differences],
        "bytes": changed.bytes,
        "package": _owner(changed, comparison),
        "before": _side(comparison.before.filesystem, changed.old_path, changed.before),
        "after": _side(comparison.after.filesystem, changed.path, changed.after),
    }


def _side(filesystem: Filesystem | None, path: bytes, node: Node | None) -> Document | None:
    return None if node is None or filesystem is None else file_document(node_row(filesystem.tree, path, node))


def _difference(before: Totals, after: Totals) -> Document:
    one, other = totals_document(before), totals_document(after)
    return {
        name: None if one[name] is None or other[name] is None else other[name] - one[name]
        for name in one
        if name != "efficiency"
    }


def _layers(layers: LayersCompared) -> Document:
    return {
        **{status.value: _layer_tally(tally) for status, tally in layers.tallies.items()},
        "transferBytes": layers.transfer_bytes,
        "list": [_layer(pair) for pair in layers.pairs],
    }


def _layer_tally(tally: LayerTally) -> Document:
    return {
        "count": tally.count,
        "fileBytes": tally.file_bytes,
        "uncompressedBytes": tally.uncompressed_bytes,
        "compressedBytes": tally.compressed_bytes,
    }


def _layer(pair: LayerPair) -> Document:
    return {
        "status": pair.status.value,
        "sameChain": pair.same_chain,
        "fileBytes": pair.file_bytes,
        "uncompressedBytes": pair.uncompressed_bytes,
        "compressedBytes": pair.compressed_bytes,
        "before": None if pair.before is None else _one_layer(pair.before),
        "after": None if pair.after is None else _one_layer(pair.after),
    }


def _one_layer(layer: LayerReport) -> Document:
    return {
        "index": layer.index,
        "digest": None if layer.digest is None else str(layer.digest),
        "diffId": str(layer.diff_id),
        "chainId": str(layer.chain_id),
        "compressedBytes": layer.compressed_bytes,
        "uncompressedBytes": layer.uncompressed_bytes,
        "fileBytes": layer.file_bytes,
        "instruction": instruction_document(layer.instruction),
        "skipped": layer.skipped,
    }


def _packages(packages: PackagesCompared) -> Document:
    return {
        "bytes": packages.bytes,
        **{change.value: _tally(tally) for change, tally in packages.tallies.items()},
        "unownedBytes": packages.unowned_bytes,
        "changes": [_changed_package(changed) for changed in packages.changes],
    }


def _changed_package(changed: ChangedPackage) -> Document:
    package = changed.package
    return {
        "kind": package.kind,
        "name": package.name,
        "architecture": package.architecture or None,
        "change": changed.change.value,
        "bytes": changed.bytes,
        "before": None if changed.before is None else _package(changed.before),
        "after": None if changed.after is None else _package(changed.after),
    }


def _package(package: Package) -> Document:
    document: Document = {"version": package.version}
    add_path(document, "location", b"/" + package.location)
    return {**document, "layer": package.layer, "squashedBytes": package.squashed_bytes}


def _owner(changed: ChangedFile, comparison: Comparison) -> Document | None:
    package = owner(comparison, changed)
    return None if package is None else _package_name(package)


def _files(files: FilesCompared, comparison: Comparison) -> Document:
    return {
        "bytes": files.bytes,
        **{change.value: _tally(tally) for change, tally in files.tallies.items()},
        "ignored": _tally(files.ignored),
        "byLayer": [_part(part) for part in growth(comparison) or ()],
    }


def _part(part: LayerPart) -> Document:
    return {
        "image": "before" if part.is_gone else "after",
        "layer": part.layer.index,
        "bytes": part.bytes,
        "packages": [
            {
                "package": None if each.package is None else _package_name(each.package),
                "bytes": each.bytes,
                "files": each.files,
            }
            for each in part.packages
        ],
    }


def _package_name(package: Package) -> Document:
    return {"kind": package.kind, "name": package.name, "version": package.version}


def _tally(tally: Tally) -> Document:
    return {"count": tally.count, "bytes": tally.bytes}


def _settings(settings: Iterable[Setting]) -> list[Document]:
    return [_setting(setting) for setting in settings]


def _setting(setting: Setting) -> Document:
    return {"name": setting.name, "before": _value(setting.before), "after": _value(setting.after)}


def _value(value: Value) -> Any:
    if isinstance(value, Healthcheck):
        return healthcheck_document(value)
    return list(value) if isinstance(value, tuple) else value


def _step(step: ChangedStep) -> Document:
    return {
        "change": step.change.value,
        "differences": list(step.differences),
        "before": None if step.before is None else step_document(step.before),
        "after": None if step.after is None else step_document(step.after),
    }
