"""layerscope as its users run it: a process, its standard output, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
HIDDEN = ("DOCKER_", "LAYERSCOPE_", "XDG_", "REGISTRY_AUTH_FILE", "KUBECONFIG")


@dataclass(frozen=True, slots=True)
class Product:
    """The command, in a home of its own: nobody's credentials, nobody's cache, no engine."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    """Added to the environment."""

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Runs one command to its end, whatever that is."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
        environment = {**kept, "HOME": str(self.home), "DOCKER_HOST": f"unix://{self.home}/no-engine", **self.settings}
        command = [sys.executable, "-m", "layerscope", *arguments, "--cache-dir", str(self.home / "cache")]
        return subprocess.run(command, env=environment, cwd=REPOSITORY, input=stdin, capture_output=True, check=False)

    def output(self, *arguments: str) -> bytes:
        """The standard output of a command that must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout

    def json(self, command: str, reference: str, *arguments: str) -> Any:
        """A command's JSON document."""
        return json.loads(self.output(command, reference, "--format", "json", *arguments))

    def files(self, reference: str) -> list[dict[str, Any]]:
        """The merged tree of an image: one object a path."""
        return [json.loads(line) for line in self.output("files", reference, "--format", "jsonl").splitlines()]
