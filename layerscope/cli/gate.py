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
    BaseOptions,
    Common,
    GateFormat,
    GateFormatOption,
    LimitOptions,
    MatchOptions,
    OutputOptions,
    RegistryChoice,
    TheDockerfile,
    option,
)
from layerscope.cli.ruleflags import RuleFlags
from layerscope.errors import LayerscopeError, UsageError

if TYPE_CHECKING:
    from layerscope.cli.output import Output
    from layerscope.gate.check import Policy
    from layerscope.gate.verdict import GateRun

EXAMPLES = """
layerscope gate app:ci --max-size 250MB --max-layers 20
layerscope gate app:ci --policy layerscope.toml --report json=gate.json
layerscope gate app:ci --baseline app:main --max-growth 5%
layerscope gate app:ci --forbid-paths '*.pem' --forbid-user root
layerscope gate app:ci --ci-config .dive-ci
layerscope gate --suggest app:ci > layerscope.toml
layerscope gate --explain max-growth
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
    baseline: Annotated[
        str | None,
        option(
            "--baseline",
            panel=POLICY,
            parser=values.text,
            metavar="IMAGE|FILE",
            help="What growth is measured against: another image, what --write-baseline wrote, or inspect's JSON.",
        ),
    ] = None
    write_baseline: Annotated[
        str | None,
        option(
            "--write-baseline",
            panel=POLICY,
            parser=values.text,
            metavar="FILE",
            help="Write a baseline to hold later images against.",
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
    bases: BaseOptions,
    match: MatchOptions,
    images: Annotated[
        list[str] | None, typer.Argument(metavar="IMAGE...", parser=values.text, show_default=False, help=IMAGE_HELP)
    ] = None,
    format: GateFormatOption = GateFormat.TABLE,
    all_platforms: AllPlatforms = False,
    dockerfile: TheDockerfile = None,
    suggest: Annotated[
        bool, option("--suggest", panel=POLICY, help="Print a policy with budgets from what the image is today.")
    ] = False,
    explain: Annotated[
        str | None,
        option(
            "--explain",
            panel=POLICY,
            parser=values.text,
            metavar="RULE",
            help="Tell what a rule means; all lists them.",
        ),
    ] = None,
) -> int:
    """Hold an image to budgets and rules: exit code 1 when it breaks one.

    Rules come from a policy file, from flags, or from both; a flag takes the place of what the file says on its rule. A
    rule whose figure cannot be known counts as broken. Every report that was asked for is written, also when the gate
    fails and when an image cannot be read.
    """
    from layerscope.cli.against import read_dockerfile
    from layerscope.cli.gatehelp import explained, suggested
    from layerscope.cli.gaterender import render, tell_github
    from layerscope.cli.gaterun import Judge, failed, moment
    from layerscope.cli.output import outputs, write
    from layerscope.gate.check import Policy
    from layerscope.gate.verdict import GateRun

    if explain is not None:
        return explained(explain, output)
    if not images:
        raise UsageError("no image was named", hint="layerscope gate IMAGE...; layerscope gate --help has examples")
    if suggest:
        return suggested(images, output, common, limits, registry)
    wanted = outputs(format, output)
    formats = {each.format for each in wanted}
    if GateFormat.DIVE_JSON in formats and (len(images) > 1 or all_platforms):
        raise UsageError("dive-json is about one image", hint="name one, without --all-platforms")
    kept = (
        [] if policy.write_baseline is None else outputs(GateFormat.JSON, OutputOptions(output=policy.write_baseline))
    )
    try:
        judge = Judge(
            _policy(policy, rules),
            moment(policy.today),
            common,
            limits,
            registry,
            bases.base,
            match,
            None if dockerfile is None else read_dockerfile(dockerfile),
            _baseline(policy, common, limits, registry),
            keeps_snapshots=bool(kept),
            needs_dive=GateFormat.JSON in formats,
            keeps_exports=GateFormat.DIVE_JSON in formats,
        )
    except LayerscopeError as error:
        nothing = GateRun(Policy(()), (failed(error),))
        if GateFormat.GITHUB in formats:
            tell_github(nothing)
        write(_for_others(wanted, nothing), lambda chosen, page: render(nothing, chosen, page))
        raise
    run, code = judge.judge(images, all_platforms=all_platforms)
    if judge.snapshots:
        from layerscope.gate.baseline import baseline_text

        write(kept, lambda chosen, page: baseline_text(judge.snapshots))
    if GateFormat.GITHUB in formats:
        tell_github(run)
    write(_for_others(wanted, run), lambda chosen, page: render(run, chosen, page, judge.exports))
    return code


def _for_others(wanted: list[Output[GateFormat]], run: GateRun) -> list[Output[GateFormat]]:
    """Outputs, without a table on standard output that would only repeat what standard error said."""
    if run.verdicts:
        return wanted
    return [each for each in wanted if each.file is not None or each.format is not GateFormat.TABLE]


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
    if not demanded.checks and options.baseline is None and options.write_baseline is None:
        raise UsageError(
            "there is nothing to hold the image to",
            hint="give a rule such as --max-size 250MB, or write a layerscope.toml with a table [gate]; see --suggest",
        )
    return demanded


def _baseline(options: PolicyOptions, common: Common, limits: LimitOptions, registry: RegistryChoice) -> Any:
    from layerscope.cli.gatebaseline import open_baseline

    return None if options.baseline is None else open_baseline(options.baseline, common, limits, registry)
