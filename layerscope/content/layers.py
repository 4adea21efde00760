"""The layers of one image, each read at most once and only when something asks for it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerscope.errors import NotFound
from layerscope.layers.blob import ReadLayer, SkippedLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.content.capture import Capture
    from layerscope.layers.index import LayerIndex
    from layerscope.layers.reader import LayerReader
    from layerscope.sources.image import Image

CAPTURED = 64 << 20
"""Content bytes kept while a layer is read that could be opened again."""


class ImageLayers:
    """Layer indexes on demand: from the cache where it can answer, else by reading the blob, whole and verified."""

    def __init__(self, image: Image, reader: LayerReader, capture: Capture) -> None:
        self.image = image
        self.capture = capture
        self._reader = dataclasses.replace(reader, probes=())
        self._found: dict[int, ReadLayer | SkippedLayer] = {}

    @property
    def reader(self) -> LayerReader:
        """The reader, without probes."""
        return self._reader

    def __len__(self) -> int:
        return len(self.image.layers)

    def index(self, layer: int) -> LayerIndex:
        """The index of one layer. NotFound where it cannot be read; errors of reading it."""
        if layer not in self._found:
            self._found[layer] = self._read(layer)
        found = self._found[layer]
        if isinstance(found, SkippedLayer):
            raise NotFound(
                f"layer {layer} of {self.image.reference} cannot be read: {found.reason}",
                hint="without it nobody can tell what stands at this path; --layer N asks a layer above or below it",
            )
        return found.index

    def up_to(self, top: int) -> Iterator[LayerIndex]:
        """The indexes of layer 0 to ``top``, those not read yet side by side."""
        passed = [n for n in range(top + 1) if self.image.layers[n].passed is not None]
        for layer in passed:
            self.index(layer)
        missing = [n for n in range(top + 1) if n not in self._found]
        read = self._reader.read_in_order([self.image.layers[n] for n in missing])
        self._found.update(zip(missing, read, strict=True))
        return (self.index(layer) for layer in range(top + 1))

    def at_hand(self) -> Iterator[tuple[int, LayerIndex]]:
        """(layer, index) of those that were read, or that the cache knows, bottom first: no blob is opened."""
        for layer, blob in enumerate(self.image.layers):
            found = self._found.get(layer)
            if found is None and self._reader.cache is not None:
                found = self._reader.cache.get(blob, ())
            if isinstance(found, ReadLayer):
                yield layer, found.index

    def captured(self, layer: int, position: int) -> Iterator[bytes] | None:
        """The content of an entry, where it was kept when its layer was read."""
        found = self._found.get(layer)
        key = found.probes.get((self.capture.id, self.capture.version)) if isinstance(found, ReadLayer) else None
        if key is None or not self.capture.has(key, position):
            return None
        return self.capture.content(key, position)

    def _read(self, layer: int) -> ReadLayer | SkippedLayer:
        """One layer; what it captures on the way is nothing for the cache."""
        blob = self.image.layers[layer]
        cache = self._reader.cache
        if blob.passed is None and cache is not None and cache.has(blob, ()):
            return self._reader.read_all([blob])[0]
        self.capture.limit = CAPTURED if blob.passed is None else None
        capturing = dataclasses.replace(self._reader, cache=None, probes=(self.capture,))
        read = capturing.read_all([blob])[0]
        if cache is not None and isinstance(read, ReadLayer):
            cache.put(blob, dataclasses.replace(read, probes={}))
        return read
