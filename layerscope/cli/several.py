"""Several images in one run: one after the other, layers they share read once, none stopped by another's failure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerscope.cli import speech
from layerscope.cli.exits import Exit, exit_code
from layerscope.cli.opening import candidates, opened_with_layers, opened_without_layers, shared_cache
from layerscope.errors import LayerscopeError, PlatformNotFound, UsageError
from layerscope.report.several import Failure, Several
from layerscope.sources.location import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.cli.options import Common, LimitOptions, RegistryChoice
    from layerscope.inspection import Inspection
    from layerscope.layers.probe import Probe

Target = tuple[str, str | None]
"""An image's name, and the platform wanted of it."""


def inspect_several(
    names: Sequence[str],
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    *,
    all_platforms: bool,
    probes: tuple[Probe, ...] = (),
    bases: Sequence[str] = (),
) -> tuple[Several, Exit]:
    """Inspect each image; what failed is told on standard error as it happens. The code is the highest of all."""
    found: list[Inspection | Failure] = []
    code = Exit.FINE
    with shared_cache(common) as options:
        for target in targets(names, options, registry, all_platforms):
            try:
                if isinstance(target, Failure):
                    raise target.error
                name, platform = target
                chosen = dataclasses.replace(options, platform=platform)
                found.append(_inspect(name, chosen, limits, registry, probes, bases))
            except (LayerscopeError, OSError) as error:
                speech.report(error)
                code = max(code, exit_code(error))
                found.append(target if isinstance(target, Failure) else Failure(*target, error))
    return Several(tuple(found)), code


def _inspect(
    name: str,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    probes: tuple[Probe, ...],
    bases: Sequence[str],
) -> Inspection:
    from layerscope.inspection import inspect_image

    below = candidates(bases, common, registry)
    with opened_with_layers(name, common, limits, registry, probes=probes) as (image, reader):
        inspection = inspect_image(image, reader, bases=below, dived=True)
    return dataclasses.replace(inspection, filesystem=None)  # nothing here shows the tree, and trees are large


def targets(
    names: Sequence[str], common: Common, registry: RegistryChoice, all_platforms: bool
) -> Iterator[Target | Failure]:
    """What to inspect, one after the other; where the platforms of an image cannot be told, why."""
    for name in names:
        if not all_platforms:
            yield name, common.platform
            continue
        try:
            platforms = _platforms(name, common, registry)
        except (LayerscopeError, OSError) as error:
            yield Failure(name, None, error)
            continue
        yield from ((name, platform) for platform in platforms)


def _platforms(name: str, common: Common, registry: RegistryChoice) -> list[str | None]:
    """Every platform an image is there for; None where it names none."""
    if name == STDIN:
        raise UsageError(
            "--all-platforms reads an image several times; standard input passes once",
            hint="write the archive to a file first",
        )
    try:
        with opened_without_layers(name, dataclasses.replace(common, platform=None), registry) as image:
            offered = tuple(platform.name for platform in image.platforms)
    except PlatformNotFound as error:
        offered = error.offered
    return list(dict.fromkeys(offered)) if len(set(offered)) > 1 else [None]
