"""Looking at an image as layerscope does, and holding two looks against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.inspection import inspect_image, inspect_metadata
from layerscope.layers.cache import IndexCache
from layerscope.layers.reader import LayerReader
from layerscope.oci.platform import Platform
from layerscope.sources.open import open_image

if TYPE_CHECKING:
    from pathlib import Path

    from layerscope.inspection import Inspection


def look(name: str, cache: Path | None = None, platform: str = "") -> Inspection:
    """Inspect with every layer."""
    reader = LayerReader(cache=IndexCache(cache) if cache else None)
    with open_image(name, reader=reader, platform=Platform.parse(platform) if platform else None) as image:
        return inspect_image(image, reader)


def look_at_metadata(name: str, cache: Path | None = None, platform: str = "") -> Inspection:
    """What ``history`` shows."""
    known = IndexCache(cache) if cache else None
    with open_image(name, cache=known, platform=Platform.parse(platform) if platform else None) as image:
        return inspect_metadata(image)


def same_figures(found: Inspection, expected: Inspection) -> None:
    """Everything that must be equal whatever the source."""
    assert found.complete
    assert found.image.config == expected.image.config
    assert found.history == expected.history
    assert found.reclaimable == expected.reclaimable
    assert found.volumes == expected.volumes
    for name in ("layers", "entries", "uncompressed_bytes", "file_bytes", "squashed_bytes", "reclaimable_bytes"):
        assert getattr(found.totals, name) == getattr(expected.totals, name), name
    assert found.totals.duplicate_bytes == expected.totals.duplicate_bytes
    assert found.totals.efficiency == expected.totals.efficiency
    for ours, theirs in zip(found.layers, expected.layers, strict=True):
        for name in ("diff_id", "chain_id", "entries", "file_bytes", "changes", "reclaimable_bytes", "instruction"):
            assert getattr(ours, name) == getattr(theirs, name), name
