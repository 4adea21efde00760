"""``layerscope volumes``."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    SOURCE,
    Common,
    OutputOptions,
    ReportFormat,
    ReportFormatOption,
    option,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.report.page import Page
    from layerscope.volumes.onengine import EngineVolumes

EXAMPLES = """
layerscope volumes
layerscope volumes --engine podman --no-sizes
layerscope volumes --format json
"""


class EngineChoice(enum.StrEnum):
    """Which engine to ask."""

    DOCKER = "docker"
    PODMAN = "podman"


def volumes(
    output: OutputOptions,
    common: Common,
    engine: Annotated[
        EngineChoice | None,
        option(
            "--engine", panel=SOURCE, metavar="docker|podman", help="Ask this engine. Default: the first that answers."
        ),
    ] = None,
    no_sizes: Annotated[
        bool, option("--no-sizes", panel=SOURCE, help="Leave out disk usage, for which every directory is walked.")
    ] = False,
    format: ReportFormatOption = ReportFormat.TABLE,
) -> int:
    """Volume drivers and volumes: what an engine offers and has, and what an image will find mounted over it.

    Nothing is ever changed. Secrets in the options of volumes are not shown.
    """
    from layerscope.cli.output import outputs, write

    wanted = outputs(format, output)
    found = _on_engine(engine, sizes=not no_sizes)
    write(wanted, lambda chosen, page: _render(found, chosen, page))
    return Exit.FINE


def _on_engine(engine: EngineChoice | None, *, sizes: bool) -> EngineVolumes:
    from layerscope.engines.client import first_engine
    from layerscope.engines.survey import survey
    from layerscope.volumes.onengine import engine_volumes

    with first_engine(engine.value if engine else None) as answering:
        return engine_volumes(survey(answering, sizes=sizes))


def _render(found: EngineVolumes, chosen: ReportFormat, page: Page) -> Iterable[str]:
    from layerscope.report.enginevolumes import engine_volumes_document, render_engine_markdown, render_engine_volumes

    if chosen is ReportFormat.JSON:
        from layerscope.report.json import json_pieces

        return json_pieces(engine_volumes_document(found))
    if chosen is ReportFormat.MARKDOWN:
        return render_engine_markdown(found)
    return render_engine_volumes(found, page)
