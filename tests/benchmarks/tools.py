"""The other programs: where they are, which versions, what keeps one from being measured."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import timeit
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .building import cache_directory

DIVE = "github.com/wagoodman/dive@v0.13.1"
VERSIONS = {
    "skopeo": ["--version"],
    "umoci": ["--version"],
    "tar": ["--version"],
    "gzip": ["--version"],
    "dockerd": ["--version"],
    "docker-registry": ["--version"],
    "go": ["version"],
}


def find(binary: str) -> str | None:
    """The path of a program, if it is there."""
    return shutil.which(binary, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def lacking(*binaries: str) -> str | None:
    """Says which of these is not installed; None if all are."""
    missing = [binary for binary in binaries if not find(binary)]
    return f"not installed: {', '.join(missing)}" if missing else None


def dive() -> tuple[str, str | None]:
    """dive's path, built once by go and kept; and why it cannot be had, if so."""
    kept = cache_directory() / "bin" / "dive"
    if kept.exists():
        return str(kept), None
    go = find("go")
    if not go:
        return "dive", "not installed: go, to build dive with"
    kept.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GOBIN": str(kept.parent), "GOFLAGS": "-mod=mod"}
    done = subprocess.run([go, "install", DIVE], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        return "dive", f"go install failed: {said[-1][:200] if said else done.returncode}"
    return str(kept), None


def machine() -> list[str]:
    """The machine and its Python, a line each."""
    return [
        f"processor: {processor()}, {os.cpu_count()} cores; load average at the start {os.getloadavg()[0]:.2f}",
        f"system: {platform.system()} {platform.release()}, {memory_gib():.0f} GiB of memory",
        f"Python {platform.python_version()}, {ssl_version()}, isal {package('isal')}",
        f"a loop of ten million additions takes this Python {loop_seconds():.2f} s",
    ]


def tools() -> list[str]:
    """The other programs' versions, a line each."""
    lines = []
    for name, arguments in VERSIONS.items():
        path = find(name)
        lines.append(f"{name}: {told(path, arguments) if path else 'not installed'}")
    why = dive()[1]
    lines.append(f"dive: {why or DIVE}")
    return lines


def told(path: str, arguments: list[str]) -> str:
    """The first line that a program says of its version."""
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    said = (done.stdout or done.stderr).strip().splitlines()
    return re.sub(r"\s+", " ", said[0]) if said else "says nothing"


def processor() -> str:
    """The model, as Linux names it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def loop_seconds() -> float:
    """How fast the interpreter is, whatever its version: one that was not compiled by a profile takes a third more."""
    return min(timeit.repeat("for number in range(10_000_000): total += number", "total = 0", number=1, repeat=3))


def memory_gib() -> float:
    """All of the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def ssl_version() -> str:
    """Whose SHA-256 hashlib uses."""
    import ssl

    return ssl.OPENSSL_VERSION


def package(name: str) -> str:
    """A Python package's version."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
