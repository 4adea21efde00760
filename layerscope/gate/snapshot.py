"""What a gate remembers of an image, to hold a later one against: layers, files, sizes, packages. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.gate.subject import indexes
from layerscope.layers.entry import is_marker
from layerscope.packages.package import UNOWNED

if TYPE_CHECKING:
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.layers.index import LayerIndex
    from layerscope.packages.package import Package


@dataclass(frozen=True, slots=True)
class FileSnapshot:
    """Content that a layer ships at one path."""

    bytes: int
    digest: str
    """Hex SHA-256 of the content; empty where a layer ships the path twice."""
    package: str
    """The package that owns it, as ``package_name`` writes it; empty where none does or none were looked for."""


@dataclass(frozen=True, slots=True)
class LayerSnapshot:
    """One layer."""

    diff_id: str
    kind: str
    text: str
    """Its instruction."""
    file_bytes: int | None
    compressed_bytes: int | None
    files: dict[bytes, FileSnapshot] | None
    """Everything with content, by path; None where only the layers are known."""


@dataclass(frozen=True, slots=True)
class PackageSnapshot:
    """One installed package, by what all layers ship for it."""

    name: str
    version: str
    bytes: int
    layer: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One image."""

    reference: str
    platform: str | None
    digest: str | None
    config_digest: str | None
    file_bytes: int | None
    compressed_bytes: int | None
    squashed_bytes: int | None
    layers: tuple[LayerSnapshot, ...]
    packages: tuple[PackageSnapshot, ...] | None
    """None where nobody looked for packages, or a layer could not be read."""


def package_name(package: Package) -> str:
    """A package's name with its manager, so that names of several managers are apart: ``dpkg:curl``."""
    return f"{package.kind}:{package.name}"


def snapshot(inspection: Inspection) -> Snapshot:
    """What is to be remembered of an image."""
    image, totals, packages = inspection.image, inspection.totals, inspection.packages
    read = dict(indexes(inspection))
    return Snapshot(
        reference=image.reference,
        platform=image.config.platform.name if image.config.platform else None,
        digest=None if image.digest is None else str(image.digest),
        config_digest=None if image.config.digest is None else str(image.config.digest),
        file_bytes=totals.file_bytes,
        compressed_bytes=totals.compressed_bytes,
        squashed_bytes=totals.squashed_bytes,
        layers=tuple(_layer(inspection, layer, read.get(layer.index)) for layer in inspection.layers),
        packages=None
        if packages is None
        else tuple(
            PackageSnapshot(package_name(package), package.version, package.bytes, package.layer)
            for package in packages.installed
        ),
    )


def _layer(inspection: Inspection, layer: LayerReport, index: LayerIndex | None) -> LayerSnapshot:
    return LayerSnapshot(
        diff_id=str(layer.diff_id),
        kind=layer.instruction.kind,
        text=layer.instruction.text,
        file_bytes=layer.file_bytes,
        compressed_bytes=layer.compressed_bytes,
        files=None if index is None else _files(inspection, layer.index, index),
    )


def _files(inspection: Inspection, number: int, index: LayerIndex) -> dict[bytes, FileSnapshot]:
    packages = inspection.packages
    owners = packages.owners[number] if packages is not None else None
    found: dict[bytes, FileSnapshot] = {}
    for position, size in enumerate(index.sizes):
        path = index.paths[position]
        if not size or is_marker(path):
            continue
        owner = owners[position] if owners is not None else UNOWNED
        name = package_name(packages.all[owner]) if packages is not None and owner != UNOWNED else ""
        before = found.get(path)
        if before is None:
            found[path] = FileSnapshot(size, index.digest(position).hex(), name)
        else:
            found[path] = FileSnapshot(before.bytes + size, "", name)
    return found
