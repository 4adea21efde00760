"""What a gate says: of every rule what was measured, what it is held to, and what breaks it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from layerscope.filesystem.dive import DiveFigures
    from layerscope.gate.check import Check, Exemption, Policy
    from layerscope.gate.growth import Growth
    from layerscope.history.instruction import Instruction
    from layerscope.inspection import ImageReport, Totals


class Status(enum.StrEnum):
    """How a rule came out, the best first."""

    PASS = "pass"  # noqa: S105  # no password
    EXEMPT = "exempt"
    """Broken, by nothing but what is exempt today."""
    WARN = "warn"
    """Broken, and the rule only warns."""
    UNKNOWN = "unknown"
    """What the rule is about could not be measured: as bad as broken."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Offender:
    """Something that breaks a rule, or that makes up most of a total."""

    name: str
    """A path with its leading slash, a package, a port, a label: whatever the rule is about. Hostile text."""
    layer: int | None = None
    """Index of the layer that brought it."""
    instruction: Instruction | None = None
    """Of that layer."""
    path: bytes | None = None
    """Exact, without a leading slash, where it is a file."""
    package: str | None = None
    bytes: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One check of one image."""

    check: Check
    status: Status
    measured: int | float | str | None
    """In ``unit``; None where it is unknown or there is nothing to measure."""
    unit: str
    offenders: tuple[Offender, ...]
    """What breaks the rule; of a total, what makes it up, largest first, whether it is broken or not."""
    exempt: tuple[tuple[Offender | None, Exemption], ...]
    """What would break it, and why it may. Without an offender: the rule as a whole."""
    expired: tuple[Exemption, ...]
    """Exemptions that are over, and without which the rule would not be broken."""
    detail: str
    """What more there is to say: why something is unknown, what was compared."""
    at_least: bool = False
    """Whether ``measured`` is a lower bound, because not every layer could be read."""

    @property
    def breaks(self) -> bool:
        """Whether the gate fails for it."""
        return self.status is Status.FAIL or (self.status is Status.UNKNOWN and self.check.level == "fail")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every check of one image."""

    name: str
    """What the image was called on the command line."""
    image: ImageReport
    totals: Totals
    complete: bool
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    dive: DiveFigures | None = None
    """dive's figures, where somebody asked for them."""
    growth: Growth | None = None
    """Against the baseline, where there is one."""

    @property
    def status(self) -> Status:
        """Fail where the gate fails; else warn, where anything is to be said; else pass."""
        if any(result.breaks for result in self.results):
            return Status.FAIL
        quiet = (Status.PASS, Status.EXEMPT)
        return Status.PASS if all(result.status in quiet for result in self.results) else Status.WARN

    def count(self, status: Status) -> int:
        """How many checks came out so."""
        return sum(result.status is status for result in self.results)


@dataclass(frozen=True, slots=True)
class Failed:
    """An image, or a policy, that could not be judged, and why."""

    name: str
    """What was asked for; empty where it is no image that failed."""
    platform: str | None
    code: str
    """The error's stable code."""
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class GateRun:
    """One run: what was demanded, and what became of each image, in the order they were named."""

    policy: Policy
    outcomes: tuple[Verdict | Failed, ...]
    moment: datetime | None = None
    """What ages and exemptions were held against; None where it did not come to that."""
    dockerfile: str = ""
    """The Dockerfile that findings are shown in; empty where none was named."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The images that were judged."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Verdict))

    @property
    def failures(self) -> tuple[Failed, ...]:
        """What could not be judged."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Failed))

    @property
    def status(self) -> str:
        """``error`` where something could not be judged; else the worst status of an image."""
        if self.failures:
            return "error"
        found = {verdict.status for verdict in self.verdicts}
        return next((str(status) for status in (Status.FAIL, Status.WARN) if status in found), str(Status.PASS))
