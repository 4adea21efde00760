"""What belongs to no package."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from layerscope.layers.entry import is_marker
from layerscope.packages.package import UNOWNED

if TYPE_CHECKING:
    from layerscope.layers.index import LayerIndex
    from layerscope.packages.package import Packages


def largest_unowned(packages: Packages, layer: int, index: LayerIndex, count: int) -> list[tuple[bytes, int]]:
    """(path, bytes) of the largest files of a layer that no package owns, largest first."""
    owners, sizes, paths = packages.owners[layer], index.sizes, index.paths
    unowned = (
        (-size, path)
        for path, size, owner in zip(paths, sizes, owners, strict=True)
        if owner == UNOWNED and size and not is_marker(path)
    )
    return [(path, -size) for size, path in heapq.nsmallest(count, unowned)]
