"""Where a gate's policy comes from: a file that was named, the nearest one, flags."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.cli.inputs import read_file
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.gate.check import Policy

_log = logging.getLogger(__name__)
_NAMES = ("layerscope.toml", "pyproject.toml")
_DIVE_CI = ".dive-ci"
"""A policy or a baseline that is larger is none."""


def named_policy(name: str) -> Policy:
    """The policy in a file that was named. UsageError where there is none."""
    from layerscope.gate.policy import policy_table, read_policy

    table = policy_table(read_file(name, "policy"), name)
    if table is None:
        raise UsageError(f"{name} has no policy", hint="put the rules into a table [gate]")
    return read_policy(table, name)


def nearest_policy(directory: Path) -> Policy | None:
    """The policy of ``directory``, or of the nearest directory above it in the same repository."""
    from layerscope.gate.policy import policy_table, read_policy

    for place in _upwards(directory):
        for name in _NAMES:
            path = place / name
            if not path.is_file():
                continue
            shown = name if place == directory else str(path)
            table = policy_table(read_file(str(path), "policy"), shown)
            if table is not None:
                _log.info("policy from %s", path)
                return read_policy(table, shown)
    return None


def named_dive_ci(name: str) -> Policy:
    """Dive's rules in a file that was named. UsageError where there is none."""
    from layerscope.gate.diveci import read_dive_ci

    return read_dive_ci(read_file(name, "rules file"), name)


def nearest_dive_ci(directory: Path) -> Policy | None:
    """Dive's rules in the ``.dive-ci`` of a directory, where dive looks for them too."""
    path = directory / _DIVE_CI
    if not path.is_file():
        return None
    _log.info("policy from %s", path)
    from layerscope.gate.diveci import read_dive_ci

    return read_dive_ci(read_file(str(path), "rules file"), _DIVE_CI)


def _upwards(directory: Path) -> Iterator[Path]:
    """A directory and those above it up to its repository's top; outside of a repository it alone."""
    above = [directory, *directory.parents]
    top = next((number for number, place in enumerate(above) if (place / ".git").exists()), 0)
    yield from above[: top + 1]
