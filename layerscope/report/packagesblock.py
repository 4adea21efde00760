"""Packages as values that JSON has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerscope.report.packagechoice import PackageChoice, chosen_rows
from layerscope.report.rows import add_path

if TYPE_CHECKING:
    from layerscope.packages.package import LayerPackages, Package, Packages

Document = dict[str, Any]


def packages_block(packages: Packages, choice: PackageChoice | None = None) -> Document:
    """``totals``, ``layers`` and ``packages``; without a choice, every package that any layer had, by kind and name."""
    file_bytes = sum(layer.file_bytes for layer in packages.layers)
    unowned = sum(layer.unowned_bytes for layer in packages.layers)
    squashed = sum(package.squashed_bytes for package in packages.all)
    shown = packages.all
    if choice is not None:
        shown = tuple(row.package for row in chosen_rows(packages, choice))[: choice.top]
    return {
        "totals": {
            "installed": sum(1 for _ in packages.installed),
            "fileBytes": file_bytes,
            "ownedBytes": file_bytes - unowned,
            "unownedBytes": unowned,
            "squashedBytes": squashed + packages.squashed_unowned_bytes,
            "squashedUnownedBytes": packages.squashed_unowned_bytes,
        },
        "layers": [_layer(number, layer) for number, layer in enumerate(packages.layers)],
        "packages": [_package(package, packages) for package in shown],
    }


def _layer(number: int, layer: LayerPackages) -> Document:
    return {
        "index": number,
        "fileBytes": layer.file_bytes,
        "ownedBytes": layer.file_bytes - layer.unowned_bytes,
        "unownedBytes": layer.unowned_bytes,
        "added": len(layer.added),
        "changed": len(layer.changed),
        "removed": len(layer.removed),
    }


def _package(package: Package, packages: Packages) -> Document:
    document: Document = {
        "kind": package.kind,
        "name": package.name,
        "version": package.version,
        "architecture": package.architecture or None,
    }
    add_path(document, "location", b"/" + package.location)
    document.update(
        layer=package.layer,
        firstSeen=package.first_seen,
        removedBy=package.removed_by,
        replaces=package.replaces,
        stays=[{"since": stay.since, "removedBy": stay.removed_by} for stay in package.stays],
        bytes=package.bytes,
        squashedBytes=package.squashed_bytes,
        layers=[{"layer": layer, "bytes": size} for layer, size in package.layer_bytes],
        within=None if package.within is None else _named(packages.all[package.within]),
    )
    return document


def _named(package: Package) -> Document:
    return {"kind": package.kind, "name": package.name, "version": package.version}
