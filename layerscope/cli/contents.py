"""An image opened for the content of its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layerscope.cli.options import Common, LimitOptions, RegistryChoice
    from layerscope.content.contents import Contents

Result = TypeVar("Result")


def with_contents(
    image: str,
    paths: Iterable[bytes],
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    work: Callable[[Contents], Result],
) -> Result:
    """What ``work`` makes of the image's files: see ``content.attempts``."""
    from layerscope.cli.opening import opened_with_layers
    from layerscope.content.attempts import with_contents

    return with_contents(
        lambda probe: opened_with_layers(image, common, limits, registry, probes=(probe,)),
        paths,
        work,
        again=_comes_again(image),
    )


def _comes_again(image: str) -> bool:
    """Whether the same bytes can be asked for a second time: not of a pipe."""
    from layerscope.sources.location import STDIN, locate

    name = locate(image).name
    path = Path(name)
    return name != STDIN and not (path.exists() and not path.is_file() and not path.is_dir())
