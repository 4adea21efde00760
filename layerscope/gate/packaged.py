"""Rules on packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.gate.check import matches
from layerscope.gate.snapshot import package_name
from layerscope.gate.subject import Finding, missing_layers, unknown
from layerscope.gate.verdict import Offender

if TYPE_CHECKING:
    from layerscope.gate.check import Check
    from layerscope.gate.subject import Subject


def forbidden(subject: Subject, check: Check) -> Finding:
    """Installed packages that match, by name, by manager and name, or by name and version."""
    packages = subject.inspection.packages
    if packages is None:
        why = missing_layers(subject.inspection) or "nobody looked for them"
        return unknown(f"packages are not known: {why}", "packages")
    found = [
        Offender(
            f"{package_name(package)} {package.version}".rstrip(),
            package.layer,
            package=package_name(package),
            bytes=package.squashed_bytes,
        )
        for package in packages.installed
        if any(
            matches(check.patterns, spelling)
            for spelling in (package.name, package_name(package), f"{package.name} {package.version}")
        )
    ]
    return Finding(bool(found), len(found), "packages", tuple(found))
