"""Judging images one after the other: layers they share are read once, none stopped by another's failure."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layerscope.cli import speech
from layerscope.cli.exits import Exit, exit_code
from layerscope.cli.opening import opened_with_layers
from layerscope.cli.several import Target, shared_cache, targets
from layerscope.errors import LayerscopeError, UsageError
from layerscope.gate.verdict import Failed, GateRun, Status, Verdict
from layerscope.report.several import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from layerscope.cli.options import Common, LimitOptions, RegistryChoice
    from layerscope.gate.check import Policy
    from layerscope.inspection import Inspection


def judge(
    names: Sequence[str],
    policy: Policy,
    now: datetime,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    *,
    all_platforms: bool,
    seen: Callable[[Inspection], Inspection],
) -> tuple[GateRun, Exit]:
    """Hold each image to the policy; what failed is told on standard error as it happens.

    ``seen`` gets each inspection before it is judged, and gives it back, perhaps with more in it.
    The code is the highest of all errors; without any, 1 where the gate fails.
    """
    outcomes: list[Verdict | Failed] = []
    code = Exit.FINE
    several = len(names) > 1 or all_platforms
    for target, options in _each(names, common, registry, all_platforms, several):
        try:
            if isinstance(target, Failure):
                raise target.error
            outcomes.append(_judge(target[0], policy, now, options, limits, registry, seen))
        except (LayerscopeError, OSError) as error:
            code = max(code, exit_code(error))
            speech.report(error)
            name, platform = (target.name, target.platform) if isinstance(target, Failure) else target
            outcomes.append(failed(error, name, platform if several else None))
    run = GateRun(policy, tuple(outcomes))
    broken = any(verdict.status is Status.FAIL for verdict in run.verdicts)
    return run, code or (Exit.GATE if broken else Exit.FINE)


def failed(error: LayerscopeError | OSError, name: str = "", platform: str | None = None) -> Failed:
    """An error as a report has it."""
    if isinstance(error, LayerscopeError):
        return Failed(name, platform, error.code, error.message, error.hint)
    where = f"{error.filename}: " if error.filename is not None else ""
    return Failed(name, platform, "source-unreachable", where + (error.strerror or str(error)), "")


def moment(today: str | None) -> datetime:
    """What ages and expiry dates are held against: now, or the day that was given."""
    if today is None:
        return datetime.now(UTC)
    try:
        return datetime.fromisoformat(today).replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--today is not a day: {today!r}", hint="write it as 2027-01-31") from None


def _judge(
    name: str,
    policy: Policy,
    now: datetime,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    seen: Callable[[Inspection], Inspection],
) -> Verdict:
    from layerscope.gate.evaluate import evaluate
    from layerscope.gate.subject import Subject
    from layerscope.inspection import inspect_image

    with opened_with_layers(name, common, limits, registry) as (image, reader):
        inspection = inspect_image(image, reader)
    return evaluate(policy, Subject(name, seen(inspection), now))


def _each(
    names: Sequence[str], common: Common, registry: RegistryChoice, all_platforms: bool, several: bool
) -> Iterator[tuple[Target | Failure, Common]]:
    """What to judge, each with its options: with several images there is a cache, so that they share layers."""
    if not several:
        yield (names[0], common.platform), common
        return
    with shared_cache(common) as options:
        for target in targets(names, options, registry, all_platforms):
            platform = common.platform if isinstance(target, Failure) else target[1]
            yield target, dataclasses.replace(options, platform=platform)
