"""An image whose layers tell how much of them was read."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from layerscope.layers.blob import LayerBlob
from layerscope.sources.image import Image


def counted(image: Image) -> Counter[int]:
    """Stored bytes handed out by each layer from now on."""
    read: Counter[int] = Counter()
    image.layers = tuple(_counting(blob, read) for blob in image.layers)
    return read


def _counting(blob: LayerBlob, read: Counter[int]) -> LayerBlob:
    if blob.open is None:
        return blob
    opening = blob.open

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        with opening() as chunks:
            yield counting(chunks)

    def counting(chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            read[blob.position] += len(chunk)
            yield chunk

    return dataclasses.replace(blob, open=opened)
