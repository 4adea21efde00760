"""An engine at the other end of an SSH connection, as the docker CLI makes one: by the user's own ssh."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from live.need import missing

from .looking import look
from .running import TESTDATA

if TYPE_CHECKING:
    from pathlib import Path

    from .running import Running

SSH = """#!{python}
import os, socket, sys, threading
open({log!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
if {host!r} is None:
    sys.exit("Permission denied (publickey).")
engine = socket.socket(socket.AF_UNIX)
engine.connect({host!r})
def back():
    while data := engine.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=back, daemon=True).start()
while data := os.read(0, 65536):
    engine.sendall(data)
"""
SCRIPT = """
import layerscope
from layerscope.errors import LayerscopeError
try:
    report = layerscope.inspect("docker:tour:classic", cache=False)
    print(report.totals.file_bytes, report.totals.entries)
except LayerscopeError as error:
    print(error.code, error.message, error.hint, sep="|")
"""


@pytest.fixture(autouse=True)
def _extra() -> None:
    if importlib.util.find_spec("paramiko") is None:
        missing("the extra 'ssh' is not installed")


def inspect(engine: Path | None, url: str, directory: Path) -> tuple[str, str]:
    """What is printed, and how ssh was called; in a process of its own, as the SDK does not clean up after ssh."""
    log = directory / "called"
    log.touch()
    ssh = directory / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(SSH.format(python=sys.executable, log=str(log), host=str(engine) if engine else None))
    ssh.chmod(0o755)
    environment = {**os.environ, "PATH": f"{ssh.parent}:{os.environ['PATH']}", "DOCKER_HOST": url}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr, log.read_text()


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("ssh://me@far:2222", "-l me -p 2222 -- far docker system dial-stdio"),
        ("ssh://far", "-- far docker system dial-stdio"),  # no port of our own: the user's settings may name one
    ],
)
def test_figures_over_ssh(overlay2: Running, url: str, called: str, tmp_path: Path) -> None:
    printed, how = inspect(overlay2.socket, url, tmp_path)
    expected = look(str(TESTDATA / "classic.docker-archive.tar")).totals
    assert printed == f"{expected.file_bytes} {expected.entries}"
    assert set(how.splitlines()) == {called}


def test_ssh_that_is_refused(tmp_path: Path) -> None:
    printed, _ = inspect(None, "ssh://me@far", tmp_path)
    code, message, hint = printed.splitlines()[-1].split("|")
    assert code == "source-unreachable"
    assert "no engine answers" in message
    assert "ssh me@far docker system dial-stdio" in hint
