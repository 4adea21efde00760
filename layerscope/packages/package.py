"""Packages and the bytes they take: what every reader of an Inspection gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator

UNOWNED = -1
"""In ``Packages.owners``: no package owns the entry."""
KINDS = ("dpkg", "apk", "rpm", "python", "npm", "go")
"""Package managers, as ``Package.kind`` names them. An earlier one's claim to a file beats a later one's."""
SYSTEM = frozenset(("dpkg", "apk", "rpm"))
"""Those of distributions."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A run of layers after each of which a package is installed."""

    since: int
    """The layer that brought it."""
    removed_by: int | None
    """The layer after which it is no longer there; None: it is there in the final image."""


@dataclass(frozen=True, slots=True)
class Package:
    """One version of one package at one place. Sizes are bytes; layers are numbered as in the image, 0 the bottom.

    A package that changes its version is two of these: the new one's ``layer`` is the one that brought that version,
    its ``first_seen`` the first that had any version of it, and ``replaces`` says which version it took the place of.
    """

    number: int
    """Its place in ``Packages.all``; what ``Packages.owners`` holds."""
    kind: str
    """One of KINDS."""
    name: str
    version: str
    architecture: str
    """As the manager names it; empty where it names none."""
    location: bytes
    """Which database or directory says so, relative to the root: ``var/lib/dpkg``, ``lib/apk/db/installed``, a
    ``.dist-info``, a package's directory under ``node_modules``, a Go binary."""
    stays: tuple[Stay, ...]
    """When it was installed, oldest first; never empty."""
    first_seen: int
    """The first layer after which any version of it was installed at that place."""
    replaces: str | None
    """The version that was there just before its last arrival; None where there was none."""
    layer_bytes: tuple[tuple[int, int], ...]
    """(layer, bytes that the layer ships for its files), by layer, without zeros. An inode counts once, for one
    package, in the layer that has its content; also content that a later layer buried."""
    squashed_bytes: int
    """Bytes of its files in the merged filesystem, each inode once; 0 when it is no longer installed."""
    within: int | None
    """``number`` of the package whose files it came in, if that is another: the Debian package of a Python package,
    the main module of a Go dependency. Its files are that package's, so it may have no bytes of its own."""

    @property
    def layer(self) -> int:
        """The layer that brought it: after it, it was installed (again); before it, it was not."""
        return self.stays[-1].since

    @property
    def removed_by(self) -> int | None:
        """The layer that removed it, or replaced it by another version; None: it is in the final image."""
        return self.stays[-1].removed_by

    @property
    def bytes(self) -> int:
        """What all layers together ship for it."""
        return sum(size for _, size in self.layer_bytes)

    def bytes_in(self, layer: int) -> int:
        """What one layer ships for it."""
        return next((size for number, size in self.layer_bytes if number == layer), 0)


@dataclass(frozen=True, slots=True)
class LayerPackages:
    """One layer's part. Of the layer's bytes each has one owner or none.

    ``file_bytes`` == ``unowned_bytes`` + the sum of ``bytes_in(layer)`` over all packages.
    """

    file_bytes: int
    """The layer's content, as ``LayerReport.file_bytes``."""
    unowned_bytes: int
    """What of it belongs to no package."""
    added: tuple[int, ...]
    """Numbers of packages that came with it, where no version was before."""
    changed: tuple[int, ...]
    """Numbers of packages that came in another version's place; ``replaces`` has that of its last arrival."""
    removed: tuple[int, ...]
    """Numbers of packages that went with it, and no other version came."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A package database that could not be read: what it would say is missing."""

    layer: int
    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Packages:
    """Every package that any layer's state had, and whose bytes each layer's are."""

    all: tuple[Package, ...]
    """By kind, name, version, architecture and location; also those that are gone again, for their bytes are not."""
    layers: tuple[LayerPackages, ...]
    """One a layer, bottom first."""
    squashed_unowned_bytes: int
    """Bytes of the merged filesystem that belong to no package."""
    owners: tuple[array[int], ...]
    """For each layer, the package number of each entry of its index, in the index's order; UNOWNED where there is none.
    Entries without content, hard links too, are UNOWNED: content is its first name's."""
    unread: tuple[Unread, ...]
    notes: tuple[tuple[int, str], ...]
    """(layer, what was odd in a database)."""

    @property
    def installed(self) -> Iterator[Package]:
        """Those in the final image, in the order of ``all``."""
        return (package for package in self.all if package.removed_by is None)

    def heaviest(self, layer: int) -> list[tuple[Package, int]]:
        """The packages that a layer ships bytes for, with those bytes, largest first."""
        shipped = [(package, size) for package in self.all for number, size in package.layer_bytes if number == layer]
        shipped.sort(key=lambda pair: -pair[1])  # what is equal stays in the order of ``all``
        return shipped
