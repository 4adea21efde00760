"""``layerscope dockerfile``."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

from layerscope.cli import values
from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    OUTPUT,
    SELECTION,
    BaseOptions,
    Common,
    ImageArgument,
    LimitOptions,
    MatchOptions,
    OutputOptions,
    RegistryChoice,
    option,
)
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.report.dockerfilefound import DockerfileFound
    from layerscope.report.page import Page

EXAMPLES = """
layerscope dockerfile nginx:1.27 > Dockerfile
layerscope dockerfile app:dev --base debian:12 --format table
layerscope dockerfile app:dev --against ./Dockerfile --target final
layerscope dockerfile ghcr.io/org/app:1.2 --original
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
    match: MatchOptions,
    against: Annotated[
        str | None,
        option(
            "--against",
            panel=SELECTION,
            parser=values.text,
            metavar="FILE",
            help="The real Dockerfile: shows which of its lines made which layer.",
        ),
    ] = None,
    original: Annotated[
        bool,
        option("--original", panel=SELECTION, help="The same with the Dockerfile that the image's provenance carries."),
    ] = False,
    format: Annotated[
        DockerfileFormat | None,
        option(
            "--format",
            panel=OUTPUT,
            metavar="dockerfile|table|json|markdown",
            help="What to write to standard output, or to -o. Default: dockerfile; table with --against or --original.",
        ),
    ] = None,
) -> int:
    """The Dockerfile behind an image, line by line, with what each line costs.

    Written from the image's history: every instruction as the builder recorded it, with the bytes its layer brought,
    the paths it changed and what of it was wasted. What the history does not hold is said in a comment, not invented.
    With --against it is your own Dockerfile that is shown so.
    """
    from layerscope.cli.against import annotate, read_dockerfile, with_base_border, written_of
    from layerscope.cli.against import original as own
    from layerscope.cli.opening import candidates, opened_with_layers
    from layerscope.cli.output import outputs, write
    from layerscope.history.provenance import provenance_of
    from layerscope.inspection import inspect_image
    from layerscope.report.dockerfilefound import DockerfileFound

    if against is not None and original:
        raise UsageError("--against and --original are two Dockerfiles", hint="choose one of them")
    has_file = against is not None or original
    wanted = outputs(format or (DockerfileFormat.TABLE if has_file else DockerfileFormat.DOCKERFILE), output)
    file = read_dockerfile(against) if against is not None else None
    below = candidates(bases.base, common, registry)
    with opened_with_layers(image, common, limits, registry) as (opened, reader):
        provenance, notes = provenance_of(opened)
        file = own(provenance) if original else file
        proven = provenance.base if provenance is not None else None
        inspection = inspect_image(opened, reader, bases=below, proven=proven, advised=False)
    inspection = with_base_border(inspection, provenance, match, below)
    written = written_of(inspection, below)
    annotated = annotate(file, inspection, written, match, provenance, below) if file is not None else None
    found = DockerfileFound(inspection, written, annotated, provenance, notes)
    write(wanted, lambda chosen, page: render(found, chosen, page))
    return Exit.FINE


def render(found: DockerfileFound, chosen: DockerfileFormat, page: Page) -> Iterable[str]:
    """The Dockerfile in one of its formats."""
    if chosen is DockerfileFormat.JSON:
        from layerscope.report.dockerfiledocument import dockerfile_document
        from layerscope.report.json import json_text

        return [json_text(dockerfile_document(found))]
    if chosen is DockerfileFormat.MARKDOWN:
        from layerscope.report.dockerfilemarkdown import render_dockerfile_markdown

        return render_dockerfile_markdown(found)
    if chosen is DockerfileFormat.TABLE:
        from layerscope.report.dockerfiletable import render_dockerfile_table

        return render_dockerfile_table(found, page)
    from layerscope.report.dockerfile import render_dockerfile

    return render_dockerfile(found)
