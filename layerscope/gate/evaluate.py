"""From a policy and an image to a verdict: pure, no clock, no disk."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerscope.gate.check import Level
from layerscope.gate.dive import differences
from layerscope.gate.verdict import Offender, Result, Status, Verdict

if TYPE_CHECKING:
    from layerscope.gate.check import Check, Exemption, Policy
    from layerscope.gate.subject import Finding, Subject


def evaluate(policy: Policy, subject: Subject) -> Verdict:
    """Hold an image to every check of a policy."""
    inspection = subject.inspection
    return Verdict(
        name=subject.name,
        image=inspection.image,
        totals=inspection.totals,
        complete=inspection.complete,
        results=tuple(evaluate_check(check, subject) for check in policy.checks),
        notes=(*subject.notes, *(subject.growth.differences() if subject.growth else ()), *differences(inspection)),
        growth=subject.growth,
        dive=inspection.dive,
    )


def evaluate_check(check: Check, subject: Subject) -> Result:
    """Hold an image to one check."""
    finding = check.rule.measure(subject, check)
    finding = dataclasses.replace(finding, offenders=tuple(_attributed(each, subject) for each in finding.offenders))
    unit = finding.unit or (check.limit.unit if check.limit else check.rule.unit)
    if finding.broken is False:
        return _result(check, Status.PASS, finding, unit, finding.offenders)
    left, exempt, expired = _exempted(check, finding, subject)
    if exempt and not left:
        return _result(check, Status.EXEMPT, finding, unit, (), exempt)
    offenders = tuple(each for each in left if each is not None)
    if finding.broken is None:
        return _result(check, Status.UNKNOWN, finding, unit, offenders, exempt, expired)
    status = Status.WARN if check.level is Level.WARN else Status.FAIL
    return _result(check, status, finding, unit, offenders, exempt, expired)


def _result(
    check: Check,
    status: Status,
    finding: Finding,
    unit: str,
    offenders: tuple[Offender, ...],
    exempt: tuple[tuple[Offender | None, Exemption], ...] = (),
    expired: tuple[Exemption, ...] = (),
) -> Result:
    return Result(
        check=check,
        status=status,
        measured=finding.measured,
        unit=unit,
        offenders=offenders,
        exempt=exempt,
        expired=expired,
        detail=finding.detail,
        at_least=finding.at_least,
    )


_Exempt = tuple[tuple["Offender | None", "Exemption"], ...]


def _exempted(
    check: Check, finding: Finding, subject: Subject
) -> tuple[tuple[Offender | None, ...], _Exempt, tuple[Exemption, ...]]:
    """What still breaks the rule, what is exempt and why, and exemptions that would cover what is left but are over.

    A rule about a total is exempt as a whole or not at all; that whole is written as None.
    """
    today = subject.now.date()
    reference = subject.inspection.image.reference
    by_item = check.rule.itemised and finding.broken is True
    candidates: tuple[Offender | None, ...] = finding.offenders if by_item else (None,)
    left: list[Offender | None] = []
    exempt: list[tuple[Offender | None, Exemption]] = []
    expired: dict[Exemption, None] = {}
    for candidate in candidates:
        name = candidate.name if candidate is not None else ""
        covering = [each for each in check.exemptions if _covers(each, reference, name, candidate)]
        current = next((each for each in covering if today <= each.until), None)
        if current is not None:
            exempt.append((candidate, current))
            continue
        left.append(candidate)
        expired.update(dict.fromkeys(covering))
    if not by_item and left:
        left = list(finding.offenders) or [None]
    return tuple(left), tuple(exempt), tuple(expired)


def _covers(exemption: Exemption, reference: str, name: str, candidate: Offender | None) -> bool:
    if candidate is None and exemption.match:
        return False  # it is about single things, and there are none
    return exemption.covers(reference, name)


def _attributed(offender: Offender, subject: Subject) -> Offender:
    """With the instruction of its layer."""
    if offender.layer is None:
        return offender
    return dataclasses.replace(offender, instruction=subject.inspection.layers[offender.layer].instruction)
