"""What a live test needs of the machine: there, or a reason to skip; in CI, or a failure."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def need(binary: str) -> str:
    """The path of a program. Without it the test is skipped, or fails where LAYERSCOPE_LIVE=required."""
    path = shutil.which(binary, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    return path or missing(f"{binary} is not installed")


def need_root() -> None:
    """Engines, overlay mounts and device nodes are for root alone."""
    if os.geteuid() != 0:
        missing("not root")


def missing(reason: str) -> NoReturn:
    """Ends the test for want of something on this machine."""
    if os.environ.get("LAYERSCOPE_LIVE") == "required":
        pytest.fail(f"LAYERSCOPE_LIVE=required, but {reason}", pytrace=False)
    pytest.skip(reason)
