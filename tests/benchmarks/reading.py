"""layerscope's reading alone, a program of its own: what `inspect` does before it adds anything up.

    python reading.py IMAGE [--load-only]

Prints the totals of the layers. With --load-only it ends where the work would begin.
"""

from __future__ import annotations

import gc
import json
import os
import sys

import layerscope.layers.read
import layerscope.layers.workers  # noqa: F401 - what it comes to use belongs to start-up
from layerscope.layers.blob import ReadLayer
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image


def main() -> None:
    gc.disable()  # as the command has it
    with open_image(sys.argv[1]) as image:
        if "--load-only" not in sys.argv:
            read = LayerReader(processes=True).read_all(image.layers)
            indexes = [layer.index for layer in read if isinstance(layer, ReadLayer)]
            totals = {
                "layers": len(indexes),
                "entries": sum(map(len, indexes)),
                "uncompressedBytes": sum(index.uncompressed_bytes for index in indexes),
                "fileBytes": sum(index.file_bytes for index in indexes),
            }
            print(json.dumps({"totals": totals}), flush=True)
    os._exit(0)  # and ends so too


if __name__ == "__main__":
    main()
