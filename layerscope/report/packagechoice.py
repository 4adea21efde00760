"""Which packages of an inspection are shown, in which order, with which bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.report.display import display_words
from layerscope.report.quantities import human

if TYPE_CHECKING:
    from layerscope.packages.package import Package, Packages

_HEAVIEST = 3


@dataclass(frozen=True, slots=True)
class PackageChoice:
    """What was asked for."""

    layer: int | None = None
    """Only what has bytes in this layer, or came or went with it; the bytes are then that layer's."""
    kinds: tuple[str, ...] = ()
    """Only these kinds; all where there are none."""
    sort: str = "size"
    """``size``, the largest first, or ``name``."""
    top: int | None = None
    """Only the first so many."""


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package that is shown."""

    package: Package
    bytes: int
    """In the layer that was asked for, else in all."""
    change: str
    """What the layer that was asked for did to it: ``added``, ``changed``, ``removed`` or nothing."""


def shown_rows(rows: list[PackageRow], choice: PackageChoice) -> tuple[list[PackageRow], int]:
    """The rows that people see, and how many are left out because they are parts of others, without bytes of their own.

    Who names a kind or wants a layer's sees these too; JSON has them all.
    """
    if choice.kinds or choice.layer is not None:
        return rows[: choice.top], 0
    shown = [row for row in rows if row.bytes or row.package.within is None]
    return shown[: choice.top], len(rows) - len(shown)


def chosen_rows(packages: Packages, choice: PackageChoice) -> list[PackageRow]:
    """The packages of a choice, before ``top`` is applied. Without a layer: those installed, and those that are gone
    again but whose bytes are not."""
    rows = _of_layer(packages, choice.layer) if choice.layer is not None else _of_image(packages)
    rows = [row for row in rows if not choice.kinds or row.package.kind in choice.kinds]
    if choice.sort == "size":
        rows.sort(key=lambda row: (-row.bytes, -row.package.squashed_bytes))  # what is equal stays sorted by name
    else:
        rows.sort(key=lambda row: (row.package.name.lower(), row.package.kind))
    return rows


def _of_image(packages: Packages) -> list[PackageRow]:
    return [
        PackageRow(package, size, "")
        for package in packages.all
        if (size := package.bytes) or package.removed_by is None
    ]


def _of_layer(packages: Packages, layer: int) -> list[PackageRow]:
    state = packages.layers[layer]
    changes = {
        number: change
        for change, numbers in (("added", state.added), ("changed", state.changed), ("removed", state.removed))
        for number in numbers
    }
    return [
        PackageRow(package, size, changes.get(package.number, ""))
        for package in packages.all
        if (size := package.bytes_in(layer)) or package.number in changes
    ]


def heaviest_words(packages: Packages | None, layer: int) -> str:
    """The three heaviest packages of a layer in words; empty where it ships none, or nobody asked."""
    if packages is None:
        return ""
    found = packages.heaviest(layer)
    words = [f"{display_words(package.name)} {human(size)}" for package, size in found[:_HEAVIEST]]
    if len(found) > _HEAVIEST:
        words.append(f"and {len(found) - _HEAVIEST:,} more")
    return ", ".join(words)
