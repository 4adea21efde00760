"""What helps to write a policy: rules explained, budgets suggested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.cli.exits import Exit
from layerscope.cli.options import GateFormat, OutputOptions
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.cli.options import Common, LimitOptions, RegistryChoice

ALL = "all"


def explained(name: str, output: OutputOptions) -> int:
    """Tell what a rule means; ``all`` lists every rule."""
    from layerscope.cli.output import outputs, write
    from layerscope.gate.rules import RULES, find_rule
    from layerscope.report.ruletext import render_rule, render_rules

    wanted = outputs(GateFormat.TABLE, OutputOptions(output=output.output))
    if name == ALL:
        write(wanted, lambda _, page: render_rules(RULES, page))
    else:
        rule = find_rule(name)
        write(wanted, lambda _, page: render_rule(rule, page))
    return Exit.FINE


def suggested(
    images: Sequence[str], output: OutputOptions, common: Common, limits: LimitOptions, registry: RegistryChoice
) -> int:
    """Print a policy that an image meets today, with room to breathe."""
    from layerscope.cli.opening import opened_with_layers
    from layerscope.cli.output import outputs, write
    from layerscope.gate.suggest import suggestion
    from layerscope.inspection import inspect_image

    if len(images) > 1:
        raise UsageError("--suggest is about one image", hint="name one")
    wanted = outputs(GateFormat.TABLE, OutputOptions(output=output.output))
    with opened_with_layers(images[0], common, limits, registry) as (image, reader):
        inspection = inspect_image(image, reader, advised=False)
    write(wanted, lambda chosen, page: suggestion(inspection))
    return Exit.FINE
