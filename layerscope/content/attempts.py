"""Content out of an image that may only flow past: once more where what had passed turns out to be wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from layerscope.content.capture import Capture
from layerscope.content.contents import Contents, NotKept, shown
from layerscope.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from layerscope.layers.probe import Probe
    from layerscope.layers.reader import LayerReader
    from layerscope.sources.image import Image

Result = TypeVar("Result")
_TIMES = 3


def with_contents(
    opening: Callable[[Probe], AbstractContextManager[tuple[Image, LayerReader]]],
    paths: Iterable[bytes],
    work: Callable[[Contents], Result],
    *,
    again: bool,
) -> Result:
    """What ``work`` makes of an image's files; ``paths`` are those it is likely to want.

    ``opening`` opens the image for a reader with that probe; ``again`` tells whether it can do so more than once, which
    a pipe cannot. ``work`` may be called again as well: it must not hand anything out before it has the first bytes of
    all it needs. NotFound where the bytes have passed and do not come again.
    """
    wanted = list(paths)
    attempt = 1
    while True:
        with Capture(wanted) as capture, opening(capture) as (image, reader):
            try:
                return work(Contents(image, reader, capture))
            except NotKept as passed:
                if not again or attempt == _TIMES:
                    raise NotFound(
                        f"{', '.join(map(shown, passed.paths[:3]))} had gone by in {image.reference} before a link told"
                        " that it is wanted",
                        hint="name it outright, or save the archive to a file, which can be read twice",
                    ) from passed
                wanted += passed.paths
        attempt += 1
