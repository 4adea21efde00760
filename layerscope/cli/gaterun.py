"""Judging images one after the other: layers they share are read once, none stopped by another's failure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.cli import speech
from layerscope.cli.exits import Exit, exit_code
from layerscope.cli.opening import candidates, opened_with_layers, shared_cache
from layerscope.cli.several import Target, targets
from layerscope.errors import LayerscopeError, UsageError
from layerscope.gate.verdict import Failed, GateRun, Status, Verdict
from layerscope.report.several import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.cli.gatebaseline import Baseline
    from layerscope.cli.options import Common, LimitOptions, MatchOptions, RegistryChoice
    from layerscope.gate.check import Policy
    from layerscope.gate.snapshot import Snapshot
    from layerscope.history.dockerfile.parse import Dockerfile
    from layerscope.inspection import Inspection

_PACKAGED = ("Growth", "Packages")
"""Groups of rules that need to know packages."""


@dataclass(slots=True)
class Judge:
    """How images are judged, and what is kept of each beside its verdict."""

    policy: Policy
    now: datetime
    common: Common
    limits: LimitOptions
    registry: RegistryChoice
    bases: Sequence[str] = ()
    match: MatchOptions | None = None
    dockerfile: Dockerfile | None = None
    """Where findings are shown."""
    baseline: Baseline | None = None
    keeps_snapshots: bool = False
    needs_dive: bool = False
    keeps_exports: bool = False
    snapshots: list[Snapshot] = field(default_factory=list)
    exports: list[dict[str, Any] | None] = field(default_factory=list)
    """What dive --json would write of each image."""

    def judge(self, names: Sequence[str], *, all_platforms: bool) -> tuple[GateRun, Exit]:
        """Hold each image to the policy; what failed is told on standard error as it happens.

        The code is the highest of all errors; without any, 1 where the gate fails.
        """
        outcomes: list[Verdict | Failed] = []
        code = Exit.FINE
        several = len(names) > 1 or all_platforms
        for target, options in self._each(names, all_platforms, several):
            try:
                if isinstance(target, Failure):
                    raise target.error
                outcomes.append(self._judge(target[0], options))
            except (LayerscopeError, OSError) as error:
                code = max(code, exit_code(error))
                speech.report(error)
                name, platform = (target.name, target.platform) if isinstance(target, Failure) else target
                outcomes.append(failed(error, name, platform if several else None))
        shown = "" if self.dockerfile is None else _below_here(self.dockerfile.name)
        run = GateRun(self.policy, tuple(outcomes), self.now, shown)
        broken = any(verdict.status is Status.FAIL for verdict in run.verdicts)
        return run, code or (Exit.GATE if broken else Exit.FINE)

    def _judge(self, name: str, common: Common) -> Verdict:
        from layerscope.gate.evaluate import evaluate
        from layerscope.gate.subject import Subject

        inspection = self._inspect(name, common)
        growth, notes = None, tuple[str, ...]()
        if self.baseline is not None or self.keeps_snapshots:
            from layerscope.gate.growth import compare_snapshots
            from layerscope.gate.snapshot import snapshot

            after = snapshot(inspection)
            if self.keeps_snapshots:
                self.snapshots.append(after)
            if self.baseline is not None:
                before, notes = self.baseline(after)
                growth = compare_snapshots(before, after)
        return evaluate(self.policy, Subject(name, inspection, self.now, growth, notes))

    def _inspect(self, name: str, common: Common) -> Inspection:
        from layerscope.history.provenance import provenance_of
        from layerscope.inspection import inspect_image
        from layerscope.packages.probe import PACKAGES

        packaged = any(check.rule.group in _PACKAGED for check in self.policy.checks)
        probes = (PACKAGES,) if packaged or self.baseline is not None or self.keeps_snapshots else ()
        below = candidates(self.bases, common, self.registry)
        with opened_with_layers(name, common, self.limits, self.registry, probes=probes) as (image, reader):
            provenance = provenance_of(image)[0] if self.dockerfile is not None else None
            proven = provenance.base if provenance is not None else None
            dived = self.needs_dive or self.keeps_exports or any(check.rule.alias for check in self.policy.checks)
            inspection = inspect_image(image, reader, bases=below, proven=proven, advised=False, dived=dived)
        if self.dockerfile is not None and self.match is not None:
            from layerscope.cli.against import with_dockerfile

            inspection = with_dockerfile(inspection, self.dockerfile, self.match, provenance, below)
        if self.keeps_exports:
            from layerscope.report.divejson import dive_export

            self.exports.append(dive_export(inspection))
        return inspection

    def _each(
        self, names: Sequence[str], all_platforms: bool, several: bool
    ) -> Iterator[tuple[Target | Failure, Common]]:
        """What to judge, each with its options: with several images there is a cache, so that they share layers."""
        if not several:
            yield (names[0], self.common.platform), self.common
            return
        with shared_cache(self.common) as options:
            for target in targets(names, options, self.registry, all_platforms):
                platform = self.common.platform if isinstance(target, Failure) else target[1]
                yield target, dataclasses.replace(options, platform=platform)


def _below_here(name: str) -> str:
    """A file as hosts name it: from the top of the checkout, where jobs run."""
    here, path = Path.cwd(), Path(name).absolute()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else name


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
