"""``layerscope inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    Common,
    ImageArgument,
    LimitOptions,
    OutputOptions,
    RegistryChoice,
    ReportFormat,
    ReportFormatOption,
    TopReclaimable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

EXAMPLES = """
layerscope inspect nginx:1.27
layerscope inspect --platform linux/arm64 ghcr.io/org/app:1.2
layerscope inspect ./image.tar --format json
docker save app | layerscope inspect -
layerscope inspect app:ci --report json=app.json --report markdown=app.md
"""


def inspect(
    image: ImageArgument,
    output: OutputOptions,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    format: ReportFormatOption = ReportFormat.TABLE,
    top: TopReclaimable = 10,
) -> int:
    """What is in an image, layer by layer, and why.

    Reads and verifies every layer: which instruction made it, what it weighs and changed, what of it could be
    reclaimed, and what a container starts with.
    """
    from layerscope.cli.opening import opened_with_layers
    from layerscope.cli.output import outputs, write
    from layerscope.inspection import inspect_image

    wanted = outputs(format, output)
    with opened_with_layers(image, common, limits, registry) as (opened, reader):
        inspection = inspect_image(opened, reader)
    write(wanted, lambda chosen, page: render(inspection, chosen, page, top))
    return Exit.FINE


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
