"""Which services and containers are those of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.oci.reference import normalised

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from layerscope.volumes.mountpoint import MountingUnit

_SHOWN = 20


def units_of(
    units: Sequence[MountingUnit], reference: str, digests: Collection[str], what: str, chosen: str = ""
) -> tuple[MountingUnit, ...]:
    """Those that name the image by its reference or one of its digests; or those called ``chosen``.

    UsageError says which images there are, where none of them is this one.
    """
    if chosen:
        found = tuple(unit for unit in units if chosen in (unit.short, unit.name))
        if not found:
            names = ", ".join(dict.fromkeys(unit.short for unit in units)) or "none"
            raise UsageError(f"{what} has nothing called {chosen!r}", hint=f"there are: {names}")
        return found
    wanted = normalised(reference)
    found = tuple(
        unit for unit in units if normalised(unit.image) == wanted or unit.image.rpartition("@")[2] in digests
    )
    if not found:
        images = [unit.image or f"none, {unit.name} is built" for unit in units]
        shown = ", ".join(dict.fromkeys(images[:_SHOWN])) or "none at all"
        raise UsageError(
            f"{what} has no container of {reference}",
            hint=f"its images are: {shown}; --container NAME takes one by its own name",
        )
    return found
