"""``layerscope schema``."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from layerscope.cli.exits import Exit
from layerscope.cli.options import Common, OutputFile, OutputOptions

EXAMPLES = """
layerscope schema inspect
layerscope schema files -o files.schema.json
layerscope schema policy -o layerscope.schema.json
"""


class Kind(enum.StrEnum):
    """Documents that have a schema."""

    INSPECT = "inspect"
    INSPECTIONS = "inspections"
    HISTORY = "history"
    FILES = "files"
    DOCKERFILE = "dockerfile"
    DIFF = "diff"
    PACKAGES = "packages"
    VOLUMES = "volumes"
    GATE = "gate"
    POLICY = "policy"
    EXPLAIN = "explain"


def schema(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", show_default=False, help=", ".join(Kind))],
    common: Common,
    output: OutputFile = None,
) -> int:
    """The JSON Schema of what a command writes with --format json, or of the policy that gate reads.

    Within a major version of schemaVersion names are only ever added.
    """
    from layerscope.cli.output import outputs, write
    from layerscope.report.schema import schema_text

    wanted = outputs(kind, OutputOptions(output=output))
    write(wanted, lambda chosen, _: [schema_text(chosen.value)])
    return Exit.FINE
