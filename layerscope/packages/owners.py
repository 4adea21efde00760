"""Which package a path belongs to, in one state of the filesystem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.packages.package import KINDS, SYSTEM, UNOWNED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.packages.installed import Key

_RANKS = {kind: 0 if kind in SYSTEM else rank for rank, kind in enumerate(KINDS)}


def rank(key: Key) -> int:
    """Whose claim beats whose: a distribution's managers beat all others, the smaller number the larger."""
    return _RANKS[key.kind]


def order(key: Key) -> tuple[int, int, Key]:
    """In which packages of one state make their claims: what lies inside another's directory comes after it."""
    return rank(key), key.location.count(b"/"), key


class Owners:
    """Claims to paths, and who holds each. Packages are numbers here; paths are real ones (see ``Places``)."""

    def __init__(self) -> None:
        self._ranks: dict[int, int] = {}
        self._held: dict[bytes, int] = {}
        self._waiting: dict[bytes, list[int]] = {}
        """Claims to a path that another package holds, in the order they were made."""
        self._directories: dict[bytes, int] = {}
        self._nearest: dict[bytes, int] = {}
        """For directories asked for: who owns what is in them for want of a claim of its own."""

    def claim(self, package: int, rank: int, paths: Iterable[bytes]) -> None:
        """The package lists these paths. The smaller rank holds, among equals the first."""
        self._ranks[package] = rank
        held = self._held
        for path in paths:
            holder = held.setdefault(path, package)
            if holder != package:
                if rank < self._ranks[holder]:
                    held[path], package_waiting = package, holder
                else:
                    package_waiting = package
                waiting = self._waiting.setdefault(path, [])
                if package_waiting not in waiting:
                    waiting.append(package_waiting)

    def release(self, package: int, paths: Iterable[bytes]) -> None:
        """The package lists these paths no more: each goes to who waits for it."""
        for path in paths:
            waiting = self._waiting.get(path, [])
            if package in waiting:
                waiting.remove(package)
            if self._held.get(path) == package:
                if waiting:
                    heir = min(waiting, key=self._ranks.__getitem__)
                    waiting.remove(heir)
                    self._held[path] = heir
                else:
                    del self._held[path]

    def claim_directory(self, package: int, directory: bytes) -> None:
        """The package owns what lies below, except for what others list and for directories claimed below it."""
        self._directories[directory] = package
        self._nearest.clear()

    def release_directory(self, package: int, directory: bytes) -> None:
        """It does no more."""
        if self._directories.get(directory) == package:
            del self._directories[directory]
            self._nearest.clear()

    def of(self, path: bytes) -> int:
        """The package that owns a path; UNOWNED where none does."""
        package = self._held.get(path)
        if package is None:
            return self._of_directory(path.rpartition(b"/")[0]) if self._directories else UNOWNED
        return package

    def held(self) -> Iterable[tuple[bytes, int]]:
        """Every path that is listed, with its owner."""
        return self._held.items()

    def directories(self) -> Iterable[tuple[bytes, int]]:
        """Every directory that is claimed whole, with its owner."""
        return self._directories.items()

    def _of_directory(self, directory: bytes) -> int:
        found = self._nearest.get(directory)
        if found is None:
            at = directory
            while at and at not in self._directories:
                at = at.rpartition(b"/")[0]
            found = self._nearest[directory] = self._directories.get(at, UNOWNED)
        return found
