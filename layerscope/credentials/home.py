"""Where a user's files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def under_home(environment: Mapping[str, str], *names: str) -> Path | None:
    """A file below the user's home; None where there is none.

    A relative home does not count: a file in the working directory may be anybody's.
    """
    home = environment.get("HOME") or _home()
    return Path(home, *names) if home and Path(home).is_absolute() else None


def _home() -> str:
    try:
        return str(Path.home())
    except (RuntimeError, OSError):  # no HOME and no entry in the password database
        return ""
