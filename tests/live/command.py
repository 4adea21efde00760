"""Other people's programs, run to their end."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class CommandFailed(AssertionError):
    """A tool that the test leans on failed: its own words are the message."""


def run(*command: str | Path, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> bytes:
    """The standard output of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], env=env, input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        said = (done.stdout[-4000:] + done.stderr[-4000:]).decode(errors="replace")
        raise CommandFailed(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return done.stdout


def text(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """The same as text, without the last newline."""
    return run(*command, env=env).decode().removesuffix("\n")
