"""Which packages came, went, or are there in another version, with bytes that add up."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.compare.alignment import match
from layerscope.filesystem.changes import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from layerscope.packages.package import Package, Packages


class PackageChange(enum.StrEnum):
    """What became of a package."""

    ADDED = "added"
    REMOVED = "removed"
    VERSION = "version"
    """Another version."""
    RESIZED = "resized"
    """The same version, with more or fewer bytes of its own: files of it were deleted, overwritten, written."""


@dataclass(frozen=True, slots=True)
class ChangedPackage:
    """An installed package of each image, or of one. Both are of one kind, name and architecture."""

    change: PackageChange
    before: Package | None
    after: Package | None

    @property
    def bytes(self) -> int:
        """Bytes of its files in the merged filesystem: of the second image less those of the first."""
        before = self.before.squashed_bytes if self.before is not None else 0
        after = self.after.squashed_bytes if self.after is not None else 0
        return after - before

    @property
    def package(self) -> Package:
        """As the second image has it, or, removed, the first."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class PackagesCompared:
    """Every package that differs, by kind and name. The tallies and what nobody owns add up to ``bytes`` exactly."""

    changes: tuple[ChangedPackage, ...]
    tallies: dict[PackageChange, Tally]
    """One a change, zeros included."""
    unowned_bytes: int
    """Difference of the bytes that belong to no package."""
    bytes: int
    """``squashedBytes`` of the second image less that of the first."""


def no_changed_package() -> PackagesCompared:
    """What comes of comparing an image with itself."""
    return PackagesCompared((), {change: Tally() for change in PackageChange}, 0, 0)


def compare_packages(before: Packages, after: Packages) -> PackagesCompared:
    """Compare what is installed in the end.

    Packages of one kind, name and architecture belong together: first those of one version at one place, then of one
    version, then at one place (another version), then the rest, each in their order.
    """
    changes = tuple(_changes(before, after))
    tallies = {change: [0, 0] for change in PackageChange}
    for each in changes:
        tallies[each.change][0] += 1
        tallies[each.change][1] += each.bytes
    unowned = after.squashed_unowned_bytes - before.squashed_unowned_bytes
    return PackagesCompared(
        changes=changes,
        tallies={change: Tally(*tally) for change, tally in tallies.items()},
        unowned_bytes=unowned,
        bytes=unowned + sum(size for _, size in tallies.values()),
    )


def _changes(before: Packages, after: Packages) -> Iterator[ChangedPackage]:
    one, other = _by_name(before.installed), _by_name(after.installed)
    for name in sorted(one.keys() | other.keys()):
        for old, new in _pairs(one.get(name, []), other.get(name, [])):
            if old is None:
                yield ChangedPackage(PackageChange.ADDED, None, new)
            elif new is None:
                yield ChangedPackage(PackageChange.REMOVED, old, None)
            elif old.version != new.version:
                yield ChangedPackage(PackageChange.VERSION, old, new)
            elif old.squashed_bytes != new.squashed_bytes:
                yield ChangedPackage(PackageChange.RESIZED, old, new)


def _by_name(packages: Iterable[Package]) -> dict[tuple[str, str, str], list[Package]]:
    found: dict[tuple[str, str, str], list[Package]] = {}
    for package in packages:
        found.setdefault((package.kind, package.name, package.architecture), []).append(package)
    return found


def _pairs(old: list[Package], new: list[Package]) -> Iterator[tuple[Package | None, Package | None]]:
    measures: tuple[Callable[[Package], str], ...] = (
        lambda package: f"{package.version}\0{_place(package)}",
        lambda package: package.version,
        _place,
        lambda package: "",
    )
    for measure in measures:
        if not old or not new:
            break
        pairs = match([measure(package) for package in old], [measure(package) for package in new])
        yield from ((old[left], new[right]) for left, right in pairs)
        lefts, rights = {left for left, _ in pairs}, {right for _, right in pairs}
        old = [package for number, package in enumerate(old) if number not in lefts]
        new = [package for number, package in enumerate(new) if number not in rights]
    yield from ((package, None) for package in old)
    yield from ((None, package) for package in new)


def _place(package: Package) -> str:
    return package.location.decode("utf-8", "surrogateescape")
