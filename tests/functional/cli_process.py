"""layerscope as a process: what it prints, where, and what it ends with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = ("DOCKER_", "LAYERSCOPE_", "XDG_", "LC_", "LANG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "CI", "PYTHON")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Nobody's settings and an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), **settings}


def command(*arguments: str | bytes | Path) -> list[str]:
    return [sys.executable, "-m", "layerscope", *(os.fsdecode(each) for each in arguments)]


class Cli:
    """The command line in a home of its own; images are named relative to the repository."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(
        self, *arguments: str | bytes | Path, cwd: Path = ROOT, settings: dict[str, str] | None = None, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*arguments),
            env=environment(self.home, **(settings or {})),
            cwd=cwd,
            capture_output=True,
            check=False,
            timeout=120,
            **more,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        )
