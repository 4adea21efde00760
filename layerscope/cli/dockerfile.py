"""``layerscope dockerfile``."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    OUTPUT,
    BaseOptions,
    Common,
    ImageArgument,
    LimitOptions,
    OutputOptions,
    RegistryChoice,
    option,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.history.dockerfile.reconstruct import Reconstruction
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

EXAMPLES = """
layerscope dockerfile nginx:1.27 > Dockerfile
layerscope dockerfile app:dev --base debian:12 --format table
layerscope dockerfile ./image.tar --format json
"""


class DockerfileFormat(enum.StrEnum):
    """What ``dockerfile`` writes."""

    DOCKERFILE = "dockerfile"
    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def dockerfile(
    image: ImageArgument,
    output: OutputOptions,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    bases: BaseOptions,
    format: Annotated[
        DockerfileFormat | None,
        option(
            "--format",
            panel=OUTPUT,
            metavar="dockerfile|table|json|markdown",
            help="What to write to standard output, or to -o. Default: dockerfile.",
        ),
    ] = None,
) -> int:
    """The Dockerfile behind an image, line by line, with what each line costs.

    Written from the image's history: every instruction as the builder recorded it, with the bytes its layer brought,
    the paths it changed and what of it was wasted. What the history does not hold is said in a comment, not invented.
    """
    from layerscope.cli.opening import candidates, opened_with_layers
    from layerscope.cli.output import outputs, write
    from layerscope.history.dockerfile.reconstruct import reconstruct
    from layerscope.inspection import inspect_image

    wanted = outputs(format or DockerfileFormat.DOCKERFILE, output)
    below = candidates(bases.base, common, registry)
    with opened_with_layers(image, common, limits, registry) as (opened, reader):
        inspection = inspect_image(opened, reader, bases=below)
    found = reconstruct(inspection.image.config, inspection.history, len(inspection.layers), inspection.base)
    write(wanted, lambda chosen, page: render(inspection, found, chosen, page))
    return Exit.FINE


def render(inspection: Inspection, found: Reconstruction, chosen: DockerfileFormat, page: Page) -> Iterable[str]:
    """The reconstructed Dockerfile in one of its formats."""
    if chosen is DockerfileFormat.JSON:
        from layerscope.report.dockerfiledocument import dockerfile_document
        from layerscope.report.json import json_text

        return [json_text(dockerfile_document(inspection, found))]
    if chosen is DockerfileFormat.MARKDOWN:
        from layerscope.report.dockerfilemarkdown import render_dockerfile_markdown

        return render_dockerfile_markdown(inspection, found)
    if chosen is DockerfileFormat.TABLE:
        from layerscope.report.dockerfiletable import render_dockerfile_table

        return render_dockerfile_table(inspection, found, page)
    from layerscope.report.dockerfile import render_dockerfile

    return render_dockerfile(inspection, found)
