"""``layerscope gate``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerscope.cli import values
from layerscope.cli.options import (
    IMAGE_HELP,
    POLICY,
    AllPlatforms,
    Common,
    GateFormat,
    GateFormatOption,
    LimitOptions,
    OutputOptions,
    RegistryChoice,
    option,
)
from layerscope.cli.ruleflags import RuleFlags
from layerscope.errors import LayerscopeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layerscope.cli.output import Output
    from layerscope.gate.check import Policy
    from layerscope.gate.verdict import GateRun
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

EXAMPLES = """
layerscope gate app:ci --max-size 250MB --max-layers 20
layerscope gate app:ci --policy layerscope.toml --report json=gate.json
layerscope gate app:ci --forbid-paths '*.pem' --forbid-user root
layerscope gate app:ci --ci-config .dive-ci
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Where the policy comes from, and how it is read."""

    policy: Annotated[
        str | None,
        option(
            "--policy",
            panel=POLICY,
            parser=values.text,
            metavar="FILE",
            help="The file with the rules. Default: layerscope.toml, or [tool.layerscope.gate] in pyproject.toml.",
        ),
    ] = None
    ci_config: Annotated[
        str | None,
        option(
            "--ci-config",
            panel=POLICY,
            parser=values.text,
            metavar="FILE",
            help="A rules file of dive. Default: .dive-ci, where there is no other policy.",
        ),
    ] = None
    warn: Annotated[
        list[str],
        option("--warn", panel=POLICY, parser=values.text, metavar="RULE", help="RULE only warns; may be repeated."),
    ] = dataclasses.field(default_factory=list)
    today: Annotated[
        str | None,
        option(
            "--today",
            panel=POLICY,
            parser=values.text,
            metavar="DATE",
            help="The day that ages and exemptions are held against. Default: today, in UTC.",
        ),
    ] = None


def gate(
    policy: PolicyOptions,
    rules: RuleFlags,
    output: OutputOptions,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    images: Annotated[
        list[str] | None, typer.Argument(metavar="IMAGE...", parser=values.text, show_default=False, help=IMAGE_HELP)
    ] = None,
    format: GateFormatOption = GateFormat.TABLE,
    all_platforms: AllPlatforms = False,
) -> int:
    """Hold an image to budgets and rules: exit code 1 when it breaks one.

    Rules come from a policy file, from flags, or from both; a flag takes the place of what the file says on its rule. A
    rule whose figure cannot be known counts as broken. Every report that was asked for is written, also when the gate
    fails and when an image cannot be read.
    """
    from layerscope.cli.gaterun import failed, judge, moment
    from layerscope.cli.output import outputs, write
    from layerscope.gate.check import Policy
    from layerscope.gate.verdict import GateRun
    from layerscope.inspection import with_dive
    from layerscope.report.divejson import dive_export

    if not images:
        raise UsageError("no image was named", hint="layerscope gate IMAGE...; layerscope gate --help has examples")
    wanted = outputs(format, output)
    formats = {each.format for each in wanted}
    if GateFormat.DIVE_JSON in formats and (len(images) > 1 or all_platforms):
        raise UsageError("dive-json is about one image", hint="name one, without --all-platforms")
    try:
        demanded = _policy(policy, rules)
        now = moment(policy.today)
    except LayerscopeError as error:
        nothing = GateRun(Policy(()), (failed(error),))
        write(_for_others(wanted, nothing), lambda chosen, page: render(nothing, chosen, page))
        raise
    needs_dive = formats & {GateFormat.JSON, GateFormat.DIVE_JSON} or any(c.rule.alias for c in demanded.checks)
    exports: list[dict[str, Any] | None] = []

    def seen(inspection: Inspection) -> Inspection:
        found = with_dive(inspection) if needs_dive else inspection
        if GateFormat.DIVE_JSON in formats:
            exports.append(dive_export(found))
        return found

    run, code = judge(images, demanded, now, common, limits, registry, all_platforms=all_platforms, seen=seen)
    write(_for_others(wanted, run), lambda chosen, page: render(run, chosen, page, exports))
    return code


def _for_others(wanted: list[Output[GateFormat]], run: GateRun) -> list[Output[GateFormat]]:
    """Outputs, without a table on standard output that would only repeat what standard error said."""
    if run.verdicts:
        return wanted
    return [each for each in wanted if each.file is not None or each.format is not GateFormat.TABLE]


def render(run: GateRun, chosen: GateFormat, page: Page, exports: Sequence[Any] = ()) -> Iterable[str]:
    """A run in one of its formats."""
    if chosen is GateFormat.DIVE_JSON:
        from layerscope.report.divejson import dive_text, without_figures

        return [dive_text(exports[0] if exports and exports[0] else without_figures(run))]
    if chosen is GateFormat.JSON:
        from layerscope.report.gatedocument import gate_document
        from layerscope.report.json import json_text

        return [json_text(gate_document(run))]
    from layerscope.report.gatetable import render_gate_table

    return render_gate_table(run, page)


def _policy(options: PolicyOptions, rules: RuleFlags) -> Policy:
    """What files and flags demand together; UsageError where they demand nothing."""
    from layerscope.cli.gatepolicy import named_dive_ci, named_policy, nearest_dive_ci, nearest_policy
    from layerscope.cli.ruleflags import demands
    from layerscope.gate.check import Policy
    from layerscope.gate.policy import with_flags

    here = Path.cwd()
    found = named_policy(options.policy) if options.policy is not None else nearest_policy(here)
    if options.ci_config is not None:
        found = (found or Policy(())).and_also(named_dive_ci(options.ci_config))
    elif found is None:
        found = nearest_dive_ci(here)
    demanded = with_flags(found or Policy(()), demands(rules), options.warn)
    if not demanded.checks:
        raise UsageError(
            "there is nothing to hold the image to",
            hint="give a rule such as --max-size 250MB, or write a layerscope.toml with a table [gate]",
        )
    return demanded
