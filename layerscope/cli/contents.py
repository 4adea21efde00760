"""An image opened for the content of its files, once more where a stream had passed what turned out to be wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from layerscope.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layerscope.cli.options import Common, LimitOptions, RegistryChoice
    from layerscope.content.contents import Contents

Result = TypeVar("Result")
_TIMES = 3


def with_contents(
    image: str,
    paths: Iterable[bytes],
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    work: Callable[[Contents], Result],
) -> Result:
    """What ``work`` makes of the image's files; ``paths`` are those it is likely to want.

    ``work`` must not hand anything out before it got the first bytes of all it needs: it may be called again.
    """
    from layerscope.cli.opening import opened_with_layers
    from layerscope.content.capture import Capture
    from layerscope.content.contents import Contents, NotKept

    wanted = list(paths)
    for attempt in range(_TIMES):
        with (
            Capture(wanted) as capture,
            opened_with_layers(image, common, limits, registry, probes=(capture,)) as (opened, reader),
        ):
            try:
                return work(Contents(opened, reader, capture))
            except NotKept as passed:
                shown = ", ".join("/" + path.decode("utf-8", "backslashreplace") for path in passed.paths[:3])
                if not _comes_again(image) or attempt == _TIMES - 1:
                    raise NotFound(
                        f"{shown} had gone by in {opened.reference} before a link told that it is wanted",
                        hint="name it outright, or save the archive to a file, which can be read twice",
                    ) from passed
                wanted += passed.paths
    raise AssertionError("unreachable")


def _comes_again(image: str) -> bool:
    """Whether the same bytes can be asked for a second time: not of a pipe."""
    from layerscope.sources.location import STDIN, locate

    name = locate(image).name
    path = Path(name)
    return name != STDIN and not (path.exists() and not path.is_file() and not path.is_dir())
