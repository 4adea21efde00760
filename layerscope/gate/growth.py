"""What made an image larger than its baseline: which layer, instruction, package and file brought how many bytes.

What grows is the content that layers ship (fileBytes): what is stored and pulled, also where a later layer hides it.
Layers belong together as ``diff`` has it: by DiffID, else by their instruction, else by its kind, in order. The bytes
of all parts add up to the difference exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.compare.alignment import align, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.gate.snapshot import LayerSnapshot, PackageSnapshot, Snapshot


@dataclass(frozen=True, slots=True)
class FileGrowth:
    """What one path of a layer weighs more, or, negative, less."""

    path: bytes
    package: str
    """Who owns it; empty where nobody does."""
    bytes: int


@dataclass(frozen=True, slots=True)
class LayerGrowth:
    """What one layer weighs more than the layer of the baseline that it takes the place of."""

    index: int | None
    """In the image; None for a layer that is gone."""
    kind: str
    """``new``, ``changed`` or ``gone``."""
    text: str
    """Its instruction; of a layer that is gone, what that was."""
    before: int | None
    """Content of the baseline's layer; None where there was none or it is not known."""
    bytes: int | None
    """None where a layer could not be read."""
    files: tuple[FileGrowth, ...] | None
    """Largest first; None where the baseline knows layers alone."""

    def packages(self) -> list[tuple[str, int]]:
        """What each package brought, largest first; what nobody owns is not in it."""
        sums: dict[str, int] = {}
        for file in self.files or ():
            if file.package:
                sums[file.package] = sums.get(file.package, 0) + file.bytes
        return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True, slots=True)
class PackageGrowth:
    """A package that came, went, changed its version or its weight."""

    name: str
    before: str | None
    """Its version in the baseline; None where it was not there."""
    after: str | None
    bytes: int
    layer: int | None
    """The layer that brought it; None where it is gone."""


@dataclass(frozen=True, slots=True)
class Growth:
    """An image held against its baseline."""

    before: Snapshot
    after: Snapshot
    layers: tuple[LayerGrowth, ...]
    """Every layer that differs, the one that grew most first."""
    packages: tuple[PackageGrowth, ...] | None
    """Every package that differs, the one that grew most first; None where one side did not look for packages."""

    @property
    def file_bytes(self) -> int | None:
        """Difference of the content of all layers."""
        return _less(self.after.file_bytes, self.before.file_bytes)

    @property
    def compressed_bytes(self) -> int | None:
        """Difference of the compressed sizes."""
        return _less(self.after.compressed_bytes, self.before.compressed_bytes)

    @property
    def layers_added(self) -> int:
        """How many layers there are more."""
        return len(self.after.layers) - len(self.before.layers)

    def differences(self) -> Iterator[str]:
        """In what the baseline may be of something else, in words."""
        before, after = self.before, self.after
        if before.reference != after.reference:
            yield f"the baseline is of {before.reference}"
        if before.platform != after.platform:
            yield f"the baseline is of platform {before.platform}, the image of {after.platform}"
        if any(layer.files is None for layer in before.layers):
            yield "the baseline knows layers alone: which files and packages grew is not told"


def compare_snapshots(before: Snapshot, after: Snapshot) -> Growth:
    """Hold an image against its baseline."""
    layers = sorted(
        _layers(before.layers, after.layers),
        key=lambda part: (-(part.bytes or 0), part.index is None, part.index or 0),
    )
    packages = None
    if before.packages is not None and after.packages is not None:
        found = _packages(before.packages, after.packages)
        packages = tuple(sorted(found, key=lambda part: (-part.bytes, part.name, part.after or "")))
    return Growth(before, after, tuple(layers), packages)


def _layers(before: tuple[LayerSnapshot, ...], after: tuple[LayerSnapshot, ...]) -> Iterator[LayerGrowth]:
    pairs = align([layer.diff_id for layer in before], [layer.diff_id for layer in after])
    same = set(pairs)
    pairs = fill(pairs, [layer.text or None for layer in before], [layer.text or None for layer in after])
    pairs = fill(pairs, [layer.kind for layer in before], [layer.kind for layer in after])
    lefts, rights = {left for left, _ in pairs}, {right for _, right in pairs}
    for left, right in pairs:
        if (left, right) not in same:
            old, new = before[left], after[right]
            size = _less(new.file_bytes, old.file_bytes)
            yield LayerGrowth(right, "changed", new.text, old.file_bytes, size, _files(old, new))
    for number, layer in enumerate(after):
        if number not in rights:
            yield LayerGrowth(number, "new", layer.text, None, layer.file_bytes, _files(None, layer))
    for number, layer in enumerate(before):
        if number not in lefts:
            size = _less(0, layer.file_bytes)
            yield LayerGrowth(None, "gone", layer.text, layer.file_bytes, size, _files(layer, None))


def _files(before: LayerSnapshot | None, after: LayerSnapshot | None) -> tuple[FileGrowth, ...] | None:
    old = {} if before is None else before.files
    new = {} if after is None else after.files
    if old is None or new is None:
        return None
    found = []
    for path in old.keys() | new.keys():
        one, other = old.get(path), new.get(path)
        size = (other.bytes if other else 0) - (one.bytes if one else 0)
        if size:
            package = (other.package if other else "") or (one.package if one else "")
            found.append(FileGrowth(path, package, size))
    return tuple(sorted(found, key=lambda file: (-file.bytes, file.path)))


def _packages(before: Iterable[PackageSnapshot], after: Iterable[PackageSnapshot]) -> Iterator[PackageGrowth]:
    old, new = _by_name(before), _by_name(after)
    for name in old.keys() | new.keys():
        one, other = old.get(name, []), new.get(name, [])
        size = sum(each.bytes for each in other) - sum(each.bytes for each in one)
        versions = [", ".join(sorted({each.version for each in side})) if side else None for side in (one, other)]
        if size or versions[0] != versions[1]:
            layer = max((each.layer for each in other), default=None)
            yield PackageGrowth(name, versions[0], versions[1], size, layer)


def _by_name(packages: Iterable[PackageSnapshot]) -> dict[str, list[PackageSnapshot]]:
    found: dict[str, list[PackageSnapshot]] = {}
    for package in packages:
        found.setdefault(package.name, []).append(package)
    return found


def _less(after: int | None, before: int | None) -> int | None:
    return None if after is None or before is None else after - before
