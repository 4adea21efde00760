"""Who brought the difference: layer by layer, the packages and the files that made an image larger or smaller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.packages.package import UNOWNED

if TYPE_CHECKING:
    from layerscope.compare.comparison import Comparison
    from layerscope.compare.files import ChangedFile
    from layerscope.inspection import Inspection, LayerReport
    from layerscope.packages.package import Package


@dataclass(frozen=True, slots=True)
class PackagePart:
    """What one package, or none, has in a layer's part."""

    package: Package | None
    """None: files that no package owns, or packages were not looked at."""
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class LayerPart:
    """What came with one layer of the second image, or went with one of the first."""

    layer: LayerReport
    is_gone: bool
    """Whether it is a layer of the first image, and these are the files of it that the second no longer has."""
    bytes: int
    packages: tuple[PackagePart, ...]
    """Heaviest first."""
    files: tuple[ChangedFile, ...]
    """Those that weigh anything, heaviest first."""


def growth(comparison: Comparison) -> tuple[LayerPart, ...] | None:
    """Every byte of ``files.bytes`` that was not ignored, under the layer, package and file that brought it.

    A file that is in the second image counts for the layer that brought it there, what is gone for the layer of the
    first image that had it. Heaviest first, larger or smaller; None where the files are not known.
    """
    files = comparison.files
    if files is None:
        return None
    groups: dict[tuple[bool, int], list[ChangedFile]] = {}
    for changed in files.changes:
        if changed.bytes:
            groups.setdefault((changed.after is None, changed.layer), []).append(changed)
    parts = [_part(comparison, number, is_gone, group) for (is_gone, number), group in groups.items()]
    return tuple(sorted(parts, key=lambda part: (-abs(part.bytes), part.is_gone, part.layer.index)))


def owner(comparison: Comparison, changed: ChangedFile) -> Package | None:
    """The package that a changed file belongs to, in the second image or, where it is gone, in the first."""
    node = changed.after or changed.before
    packages = (comparison.after if changed.after else comparison.before).packages
    if packages is None or node is None or node.children is not None:
        return None
    number = packages.owners[node.layer][node.entry]
    return None if number == UNOWNED else packages.all[number]


def _part(comparison: Comparison, number: int, is_gone: bool, group: list[ChangedFile]) -> LayerPart:
    inspection: Inspection = comparison.before if is_gone else comparison.after
    sums: dict[int, list[int]] = {}
    for changed in group:
        package = owner(comparison, changed)
        tally = sums.setdefault(UNOWNED if package is None else package.number, [0, 0])
        tally[0] += changed.bytes
        tally[1] += 1
    known = inspection.packages.all if inspection.packages is not None else ()
    packages = [PackagePart(None if n == UNOWNED else known[n], size, count) for n, (size, count) in sums.items()]
    return LayerPart(
        layer=inspection.layers[number],
        is_gone=is_gone,
        bytes=sum(changed.bytes for changed in group),
        packages=tuple(sorted(packages, key=_weight)),
        files=tuple(sorted(group, key=lambda changed: (-abs(changed.bytes), changed.path))),
    )


def _weight(part: PackagePart) -> tuple[int, int]:
    return -abs(part.bytes), part.package.number if part.package is not None else UNOWNED
