"""A policy from what an image is today: budgets with a tenth of room, and what it already keeps to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from layerscope.gate.rules import find_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.inspection import Inspection

_ROOM = 10
"""A budget is this many hundredths above today's figure, rounded up to two digits."""
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def suggestion(inspection: Inspection) -> Iterator[str]:
    """A layerscope.toml that the image meets, in pieces. What is not known of the image is left out."""
    totals, image = inspection.totals, inspection.image
    yield f"# What {_comment(image.reference)} is today, with {_ROOM} % of room.\n[gate]\n"
    for name, size in (
        ("max-size", totals.file_bytes),
        ("max-compressed-size", totals.compressed_bytes),
        ("max-single-layer", _largest([layer.file_bytes for layer in inspection.layers])),
    ):
        if size is not None:
            yield _line(name, f'"{rounded(size)}"', f"{size:,} bytes today")
    yield _line("max-layers", str(totals.layers + 2), f"{totals.layers} today")
    if totals.reclaimable_bytes is not None and totals.file_bytes:
        share = 100 * totals.reclaimable_bytes / totals.file_bytes
        yield _line("max-reclaimable", f'"{int(share) + 1}%"', f"{share:.1f} % today")
    yield _line("max-growth", '"5%"', "against --baseline", commented=True)
    user = image.config.run.user.partition(":")[0]
    if user not in ("", "0", "root"):
        yield _line("forbid-user", '"root"', f"{_comment(image.config.run.user)} today")
    else:
        yield _line("forbid-user", '"root"', "it runs as root today", commented=True)
    yield _line("forbid-paths", '[".git/", "*.pem", "id_rsa", ".env"]', "none of them may be there", commented=True)
    labels = sorted(label for label in image.config.run.labels if label.startswith("org.opencontainers.image."))
    if labels:
        yield _line("require-labels", json.dumps(labels), "there today")
    platforms = [platform.name for platform in image.platforms]
    if len(platforms) > 1:
        yield _line("require-platforms", json.dumps(platforms), "offered today")


def rounded(size: int) -> str:
    """A size with a tenth of room, as two digits and an SI unit: never below the size."""
    wanted = size + (size * _ROOM + 99) // 100
    step, unit = 1, 0
    while unit < len(_UNITS) - 1 and wanted >= 1000 ** (unit + 1):
        unit += 1
    value = wanted
    while value // step >= 100:
        step *= 10
    value = -(-value // step) * step
    if value >= 1000 ** (unit + 1) and unit < len(_UNITS) - 1:
        unit += 1
    number = f"{value / 1000**unit:.3f}".rstrip("0").rstrip(".")
    return f"{number}{_UNITS[unit]}"


def _line(name: str, value: str, why: str, *, commented: bool = False) -> str:
    return f"{'# ' if commented else ''}{find_rule(name).name} = {value}  # {why}\n"


def _largest(sizes: list[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return max(known, default=0) if len(known) == len(sizes) else None


def _comment(text: str) -> str:
    """Text of an image, harmless behind a # sign."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
