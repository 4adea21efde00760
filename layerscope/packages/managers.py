"""The package managers that layerscope knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.packages import apk, dpkg, gobinary, npm, python, rpm

if TYPE_CHECKING:
    from layerscope.packages.installed import Installs

MANAGERS: dict[str, Installs] = {
    "dpkg": dpkg.installed,
    "apk": apk.installed,
    "rpm": rpm.installed,
    "python": python.installed,
    "npm": npm.installed,
    "go": gobinary.installed,
}
"""What each makes of its live database files. A record's ``reader`` starts with the manager's name and a dash."""
