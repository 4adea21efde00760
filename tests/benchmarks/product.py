"""layerscope as it is measured: the command, in a home of its own, and what to subtract for its imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.live.product import HIDDEN, REPOSITORY

from .timing import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Check = Callable[[bytes], None]

RECORDER = """
import json, os, runpy, sys
end = os._exit
def record(code):
    if code == 0:
        with open({told!r}, "w") as file:
            json.dump([name for name in sys.modules if name != "__main__"], file)
    end(code)
os._exit = record
sys.argv[1:] = {arguments!r}
try:
    runpy.run_module("layerscope", run_name="__main__", alter_sys=True)
except SystemExit as leaving:
    record(leaving.code or 0)
"""
"""Runs the command and, when it has done its work, writes down which modules it has loaded."""
IMPORTER = """
import contextlib, importlib, os
for name in {names!r}:
    with contextlib.suppress(Exception):
        importlib.import_module(name)
os._exit(0)
"""
"""Loads them, and does nothing else; it ends as layerscope does, without tearing anything down."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The product's commands, for measuring."""

    home: Path

    def environment(self) -> dict[str, str]:
        """Nobody's credentials, nobody's settings, no engine; the layerscope of this working copy."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
        own = {"HOME": str(self.home), "DOCKER_HOST": f"unix://{self.home}/no-engine", "PYTHONPATH": str(REPOSITORY)}
        return {**kept, **own}

    def case(self, name: str, *arguments: str) -> Case:
        """`layerscope …` as a case."""
        return Case(name, [sys.executable, "-m", "layerscope", *arguments], self.environment())

    def cold(
        self,
        name: str,
        reference: str,
        *,
        startup: str,
        check: Check,
        reads: Sequence[Path],
        command: str = "inspect",
    ) -> Case:
        """An inspect, or another command, that must read every layer."""
        case = self.case(name, command, "--format", "json", "--no-cache", reference)
        return replace(case, startup=startup, check=check, reads=reads)

    def warm(self, name: str, reference: str, *, startup: str, check: Check) -> Case:
        """An inspect that finds every layer in its cache, having been run once before."""
        case = self.warmed(name, "inspect", "--format", "json", reference)
        return replace(case, startup=startup, check=check)

    def warmed(self, name: str, *arguments: str) -> Case:
        """Any command that finds every layer in its cache, having been run once before."""
        case = self.case(name, *arguments, "--cache-dir", str(self.home / "cache"))
        return replace(case, before=case)

    def imports(self, name: str, arguments: Sequence[str]) -> Case:
        """A bare interpreter that imports what the command with these arguments has imported in the end."""
        told = self.home / "modules.json"
        told.unlink(missing_ok=True)
        program = RECORDER.format(told=str(told), arguments=list(arguments))
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, env=self.environment(), cwd=self.home, capture_output=True, text=True, check=False
        )
        if not told.exists():
            said = done.stderr.strip().splitlines()
            return Case(name, (), broken=f"no imports to subtract: {said[-1][:200] if said else done.returncode}")
        names = json.loads(told.read_bytes())
        return Case(name, [sys.executable, "-c", IMPORTER.format(names=names)], self.environment())
