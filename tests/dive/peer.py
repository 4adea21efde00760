"""dive, built once and kept, and what it says of an archive."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIVE = "github.com/wagoodman/dive@v0.13.1"
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/local/go/bin:/usr/sbin:/sbin"
_RESULT = re.compile(r"^ {2}(PASS|FAIL|SKIP): (\w+)", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Judged:
    """What dive's CI mode said."""

    code: int
    rules: dict[str, str]
    """PASS, FAIL or SKIP by rule."""
    output: str


def build() -> str:
    """dive's path."""
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "layerscope-tests" / "bin" / "dive"
    if not kept.exists():
        go = shutil.which("go", path=_PATH)
        assert go, "go is not installed, to build dive with"
        kept.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([go, "install", DIVE], env={**os.environ, "GOBIN": str(kept.parent)}, check=True)
    return str(kept)


def exported(dive: str, archive: Path, home: Path) -> dict[str, Any]:
    """What dive writes with --json."""
    out = home / "export.json"
    out.unlink(missing_ok=True)
    done = _run(dive, archive, home, "--json", str(out))
    assert out.exists(), done.stdout + done.stderr
    return dict(json.loads(out.read_text("utf-8")))


def judged(dive: str, archive: Path, home: Path, rules: str) -> Judged:
    """What dive says in CI mode, of a rules file with this text."""
    config = home / "rules.yaml"
    config.write_text(rules)
    done = _run(dive, archive, home, "--ci", "--ci-config", str(config))
    output = _COLOUR.sub("", done.stdout)
    return Judged(done.returncode, {name: status for status, name in _RESULT.findall(output)}, output)


def _run(dive: str, archive: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [dive, "--source", "docker-archive", str(archive), *arguments]
    environment = {"HOME": str(home), "PATH": os.defpath}
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
