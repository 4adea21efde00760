"""``layerscope inspect``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerscope.cli.enginewatch import EngineWatch
from layerscope.cli.exits import Exit, Finished
from layerscope.cli.options import (
    AllPlatforms,
    BaseOptions,
    Common,
    ImageArguments,
    LimitOptions,
    MatchOptions,
    NoEngine,
    OutputOptions,
    RegistryChoice,
    ReportFormat,
    ReportFormatOption,
    ShowPackages,
    TheDockerfile,
    TopReclaimable,
)
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.inspection import Inspection
    from layerscope.layers.probe import Probe
    from layerscope.report.page import Page
    from layerscope.report.several import Several

EXAMPLES = """
layerscope inspect nginx:1.27
layerscope inspect --platform linux/arm64 ghcr.io/org/app:1.2
layerscope inspect ./image.tar --format json
docker save app | layerscope inspect -
layerscope inspect app:ci --packages
layerscope inspect app:1.1 app:1.2 --format json
layerscope inspect app:ci --dockerfile ./Dockerfile
layerscope inspect app:ci --report json=app.json --report markdown=app.md
"""


def inspect(
    images: ImageArguments,
    output: OutputOptions,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    bases: BaseOptions,
    match: MatchOptions,
    format: ReportFormatOption = ReportFormat.TABLE,
    top: TopReclaimable = 10,
    all_platforms: AllPlatforms = False,
    packages: ShowPackages = False,
    dockerfile: TheDockerfile = None,
    no_engine: NoEngine = False,
) -> int:
    """What is in an image, layer by layer, and why.

    Reads and verifies every layer: which instruction made it, what it weighs and changed, what of it could be
    reclaimed, and what a container starts with. Of several images, layers that they share are read once, and one that
    fails does not stop the rest.
    """
    from layerscope.cli.opening import candidates, opened_with_layers
    from layerscope.cli.output import outputs, write
    from layerscope.inspection import inspect_image

    wanted = outputs(format, output)
    watch = None if no_engine else EngineWatch()
    probes = _probes(packages=packages)
    if dockerfile is not None and (len(images) > 1 or all_platforms):
        raise UsageError("--dockerfile is of one image", hint="inspect each with its own Dockerfile")
    if len(images) > 1 or all_platforms:
        from layerscope.cli.several import inspect_several

        several, code = inspect_several(
            images, common, limits, registry, all_platforms=all_platforms, probes=probes, bases=bases.base
        )
        if watch is not None:
            several = several.beside(watch.summary())
        write(wanted, lambda chosen, page: render_several(several, chosen, page, top))
        return Finished(code, several)
    file = None
    if dockerfile is not None:
        from layerscope.cli.against import read_dockerfile, with_dockerfile
        from layerscope.history.provenance import provenance_of

        file = read_dockerfile(dockerfile)
    below = candidates(bases.base, common, registry)
    with opened_with_layers(images[0], common, limits, registry, probes=probes) as (opened, reader):
        provenance = provenance_of(opened)[0] if file is not None else None
        proven = provenance.base if provenance is not None else None
        dived = any(each.format is ReportFormat.JSON for each in wanted)
        inspection = inspect_image(opened, reader, bases=below, proven=proven, dived=dived)
    if file is not None:
        inspection = with_dockerfile(inspection, file, match, provenance, below)
    if watch is not None:
        inspection = dataclasses.replace(inspection, engine=watch.summary())
    write(wanted, lambda chosen, page: render(inspection, chosen, page, top))
    return Finished(Exit.FINE, inspection)


def _probes(*, packages: bool) -> tuple[Probe, ...]:
    """What looks at the content of layers while they stream past."""
    if not packages:
        return ()
    from layerscope.packages.probe import PACKAGES

    return (PACKAGES,)


def render_several(several: Several, chosen: ReportFormat, page: Page, top: int) -> Iterable[str]:
    """Several inspections in one of the formats."""
    from layerscope.report.several import one_after_the_other, several_document

    if chosen is ReportFormat.JSON:
        from layerscope.report.json import json_pieces

        return json_pieces(several_document(several))
    if chosen is ReportFormat.MARKDOWN:
        from layerscope.report.markdown import code

        failed = lambda text: f"**Not inspected:** {code(text)}"  # noqa: E731
    else:
        failed = lambda text: f"not inspected: {text}"  # noqa: E731
    return one_after_the_other(several, lambda inspection: render(inspection, chosen, page, top), failed)


def render(inspection: Inspection, chosen: ReportFormat, page: Page, top: int) -> Iterable[str]:
    """The inspection in one of its formats."""
    if chosen is ReportFormat.JSON:
        from layerscope.report.json import render_inspection

        return render_inspection(inspection)
    if chosen is ReportFormat.MARKDOWN:
        from layerscope.report.markdown import render_markdown

        return render_markdown(inspection, top=top)
    from layerscope.report.table import render_table

    return render_table(inspection, page, top=top)
