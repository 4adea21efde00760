"""What the measured commands talk to: a registry, a slow link to it, an engine."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.engine import serving_engine
from tests.live.registry import serving_registry

from .image import LOCAL, REPOSITORY
from .tools import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.engine import Engine

    from .image import Image

PROXY = Path(__file__).with_name("throttle.py")


@dataclass(frozen=True, slots=True)
class Servers:
    """All running; the engine is None where it cannot run, for the reason beside it."""

    bare: str
    """The image in the registry, host and all."""
    throttled: str
    """The same through the slow link."""
    engine: Engine | None
    no_engine: str | None


@contextlib.contextmanager
def serving(image: Image, bits_per_second: int, *, engine: bool = True) -> Iterator[Servers]:
    """Starts everything; ends it with the block."""
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(serving_registry(image.registry))
        port = stack.enter_context(link(int(registry.address.rpartition(":")[2]), bits_per_second))
        why = lacking("dockerd", "docker", "containerd", "runc") if engine else "left out"
        running = None
        if not why:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="ls-"))
            running = stack.enter_context(serving_engine(Path(scratch)))
            running.docker("load", "-q", "-i", image.archive)
            running.docker("inspect", LOCAL)
        yield Servers(f"{registry.address}/{REPOSITORY}", f"127.0.0.1:{port}/{REPOSITORY}", running, why)


@contextlib.contextmanager
def link(port: int, bits_per_second: int) -> Iterator[int]:
    """A throttled way to a port; yields the port at the near end."""
    command = [sys.executable, "-I", str(PROXY), str(port), str(bits_per_second)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate()


def megabits(reference: str, digest: str) -> float:
    """What one plain download of a blob makes of a way to the registry, in Mbit/s."""
    host, _, path = reference.partition("/")
    connection = http.client.HTTPConnection(host)
    started = time.monotonic()
    connection.request("GET", f"/v2/{path.rpartition(':')[0]}/blobs/{digest}")
    response = connection.getresponse()
    assert response.status == 200, response.status
    buffer, count = bytearray(1 << 20), 0
    while got := response.readinto(buffer):
        count += got
    connection.close()
    return count * 8 / 1e6 / (time.monotonic() - started)
