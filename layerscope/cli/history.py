"""``layerscope history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    BaseOptions,
    Common,
    ImageArgument,
    OutputOptions,
    RegistryChoice,
    ReportFormat,
    ReportFormatOption,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

EXAMPLES = """
layerscope history debian:12
layerscope history --platform linux/s390x ghcr.io/org/app:1.2 --format json
layerscope history ./image.tar
"""


def history(
    image: ImageArgument,
    output: OutputOptions,
    common: Common,
    registry: RegistryChoice,
    bases: BaseOptions,
    format: ReportFormatOption = ReportFormat.TABLE,
) -> int:
    """How an image was made, step by step.

    Reads manifest, config and history alone, and not one byte of a layer: every step, also those that made no layer,
    with the layer it made and that layer's compressed size.
    """
    from layerscope.cli.opening import candidates, opened_without_layers
    from layerscope.cli.output import outputs, write
    from layerscope.inspection import inspect_metadata

    wanted = outputs(format, output)
    below = candidates(bases.base, common, registry)
    with opened_without_layers(image, common, registry) as opened:
        inspection = inspect_metadata(opened, bases=below)
    write(wanted, lambda chosen, page: render(inspection, chosen, page))
    return Exit.FINE


def render(inspection: Inspection, chosen: ReportFormat, page: Page) -> Iterable[str]:
    """The history in one of its formats."""
    if chosen is ReportFormat.JSON:
        from layerscope.report.json import render_history

        return render_history(inspection)
    if chosen is ReportFormat.MARKDOWN:
        from layerscope.report.markdown import render_history_markdown

        return render_history_markdown(inspection)
    from layerscope.report.timeline import render_timeline

    return render_timeline(inspection, page)
