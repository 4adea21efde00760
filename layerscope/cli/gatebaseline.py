"""What an image is held against: a file that was written earlier, or another image."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.cli.inputs import read_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from layerscope.cli.options import Common, LimitOptions, RegistryChoice
    from layerscope.gate.snapshot import Snapshot

    Baseline = Callable[[Snapshot], tuple[Snapshot, tuple[str, ...]]]
    """From an image to what it is held against, and what is to be said of that."""


def open_baseline(name: str, common: Common, limits: LimitOptions, registry: RegistryChoice) -> Baseline:
    """The baseline called ``name``. A file is read now: UsageError where it is none. An image is read when needed."""
    if _is_document(name):
        from layerscope.gate.baseline import MAX_BYTES, choose, read_baseline

        snapshots, notes = read_baseline(read_file(name, "baseline", MAX_BYTES), name)
        return lambda after: (choose(snapshots, after), notes)
    known: dict[str | None, Snapshot] = {}

    def of_image(after: Snapshot) -> tuple[Snapshot, tuple[str, ...]]:
        if after.platform not in known:
            chosen = dataclasses.replace(common, platform=common.platform or after.platform)
            known[after.platform] = _inspected(name, chosen, limits, registry)
        return known[after.platform], ()

    return of_image


def _is_document(name: str) -> bool:
    """Whether it is a file of JSON, or is called like one and is not there."""
    path = Path(name)
    try:
        if not path.is_file():
            return name.endswith(".json") and not path.exists()
        with path.open("rb") as stream:
            return stream.read(64).lstrip().startswith(b"{")
    except (OSError, ValueError):
        return False


def _inspected(name: str, common: Common, limits: LimitOptions, registry: RegistryChoice) -> Snapshot:
    from layerscope.cli.opening import opened_with_layers
    from layerscope.gate.snapshot import snapshot
    from layerscope.inspection import inspect_image
    from layerscope.packages.probe import PACKAGES

    with opened_with_layers(name, common, limits, registry, probes=(PACKAGES,)) as (image, reader):
        return snapshot(inspect_image(image, reader, advised=False))
