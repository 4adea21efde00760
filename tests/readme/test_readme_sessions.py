"""The README's sessions are real: each command is run again and must print what stands there.

LAYERSCOPE_REWRITE=1 pytest tests/readme      writes what it prints now into the README
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
_SESSION = re.compile(r"```console\n\$ layerscope (?P<arguments>[^\n]+)\n(?P<output>.*?)```", re.DOTALL)


def _run(arguments: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "LAYERSCOPE_NO_ENGINE": "1"}
    command = [sys.executable, "-m", "layerscope", *shlex.split(arguments), "--no-cache", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode in (0, 1), done.stderr  # 1 is the gate's, or what diff was asked for
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


def test_every_session_prints_what_the_readme_shows() -> None:
    text = README.read_text(encoding="utf-8")
    sessions = list(_SESSION.finditer(text))
    assert len(sessions) >= 4
    if os.environ.get("LAYERSCOPE_REWRITE"):
        text = _SESSION.sub(lambda m: f"```console\n$ layerscope {m['arguments']}\n{_run(m['arguments'])}```", text)
        README.write_text(text, encoding="utf-8")
        return
    for session in sessions:
        assert session["output"] == _run(session["arguments"])
