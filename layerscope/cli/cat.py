"""``layerscope cat``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli import values
from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    Common,
    ImageArgument,
    LimitOptions,
    OneLayer,
    OutputFile,
    RegistryChoice,
)

if TYPE_CHECKING:
    from layerscope.content.contents import Contents

EXAMPLES = """
layerscope cat nginx:1.27 /etc/nginx/nginx.conf
layerscope cat app:ci /app/.env --layer 4
layerscope cat ./image.tar /usr/bin/tool -o tool
docker save app | layerscope cat - /etc/os-release
"""

_SHOWN = 16 << 20
"""Bytes of a file that somebody may want to see on a terminal."""


def cat(
    image: ImageArgument,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    path: Annotated[
        str, typer.Argument(metavar="PATH", parser=values.text, show_default=False, help="A file of the image.")
    ],
    layer: OneLayer = None,
    output: OutputFile = None,
) -> int:
    """The content of one file, from the merged image or from any layer.

    Links are followed inside the image. No layer below the one that decides is read, and nothing of that one after the
    file, if the cache knows the layer. Content is verified: up to 16 MiB before the first byte is written; of a larger
    file the last 16 MiB are withheld, with exit code 5, when it turns out to be wrong. --layer also gives what a later
    layer deleted or overwrote; files --deleted lists it.
    """
    from layerscope.cli.contents import with_contents
    from layerscope.cli.output import binary_output

    target = binary_output(output)
    wanted = os.fsencode(path)

    def work(contents: Contents) -> list[bytes] | None:
        found = contents.file(wanted, layer)
        chunks = contents.chunks(found)
        if target.is_terminal and contents.size(found) <= _SHOWN:
            return list(chunks)  # written when no progress is shown any more
        target.write(chunks)
        return None

    shown = with_contents(image, [wanted], common, limits, registry, work)
    if shown is not None:
        target.write(shown)
    return Exit.FINE
