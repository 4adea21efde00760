"""Commands run one after the other, round after round, so that whatever else the machine does befalls all of them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STARTER = Path(__file__).with_name("measured.py")
LONGEST = 1800
"""Seconds a command may take."""


@dataclass(frozen=True, slots=True)
class Case:
    """A command to be measured."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    startup: str | None = None
    """The case whose time is subtracted from this one's: its interpreter and imports."""
    prepare: Callable[[], None] | None = None
    """Done before every run, and not timed."""
    check: Callable[[bytes], None] | None = None
    """Given the first run's standard output; raises AssertionError if that is wrong."""
    before: Case | None = None
    """Run once before the first run, and not timed: it fills the cache that a warm run reads."""
    reads: Sequence[Path] = ()
    """Files and directories that must be in the page cache when it starts."""
    lacking: str | None = None
    """Why it cannot be run on this machine."""
    broken: str | None = None
    """Why it cannot be measured, though what it runs is here."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run."""

    wall: float
    cpu: float
    """User and system seconds, of the command and of what it waited for."""
    peak: int
    """Bytes of memory resident at most."""
    from_disk: int
    """Bytes that were not in the page cache."""


@dataclass(slots=True)
class Result:
    """All runs of a case."""

    case: Case
    samples: list[Sample] = field(default_factory=list)
    failure: str | None = None

    @property
    def walls(self) -> list[float]:
        """Seconds of each run, start-up included."""
        return [each.wall for each in self.samples]

    @property
    def peak(self) -> int:
        """The most memory of any run."""
        return max(each.peak for each in self.samples)

    @property
    def failed(self) -> bool:
        """Whether a command that is here did not work."""
        return self.failure is not None and self.case.lacking is None

    @property
    def from_disk(self) -> int:
        """The most bytes that any run read from a disk."""
        return max((each.from_disk for each in self.samples), default=0)

    @property
    def cpu(self) -> float:
        """Median of user and system seconds."""
        return statistics.median(each.cpu for each in self.samples)


def interleaved(cases: Sequence[Case], rounds: int, scratch: Path, say: Callable[[str], None]) -> dict[str, Result]:
    """Runs all cases `rounds` times, A B C A B C. One that fails is not run again, and tells why."""
    results = {case.name: Result(case, failure=case.lacking or case.broken) for case in cases}
    for number in range(1, rounds + 1):
        for case in cases:
            result = results[case.name]
            if result.failure:
                continue
            try:
                if case.before and number == 1:
                    once(case.before, scratch, check=False)
                result.samples.append(once(case, scratch, check=number == 1))
            except AssertionError as error:
                result.failure = str(error)
            shown = result.failure or f"{result.samples[-1].wall:.3f} s"
            say(f"{number}/{rounds} {case.name}: {shown}")
    return results


def once(case: Case, scratch: Path, *, check: bool) -> Sample:
    """One run; AssertionError if it fails."""
    if case.prepare:
        case.prepare()
    os.sync()  # what earlier commands wrote: the disk's work on it must not slow this one down
    for path in case.reads:
        read(path)
    told, stdout, stderr = scratch / "measured.json", scratch / "stdout", scratch / "stderr"
    starter = words(sys.executable, "-I", "-S", STARTER, told, stdout, stderr, LONGEST)
    environment = dict(case.environment if case.environment is not None else os.environ)
    subprocess.run([*starter, *case.command], env=environment, cwd=scratch, check=True)
    measured = json.loads(told.read_bytes())
    if measured["late"]:
        raise AssertionError(f"not done after {LONGEST} s")
    if measured["status"] != 0:
        said = stderr.read_text(errors="replace").strip().splitlines()
        raise AssertionError(f"ended with {measured['status']}: {said[-1][:200] if said else 'no message'}")
    if check and case.check:
        case.check(stdout.read_bytes())
    return Sample(measured["wall"], measured["cpu"], measured["peak"], measured["from_disk"])


def read(path: Path) -> None:
    """Brings a file, or every file below a directory, into the page cache."""
    buffer = bytearray(1 << 20)
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb", buffering=0) as stream:
                while stream.readinto(buffer):
                    pass


def words(*parts: str | int | Path) -> list[str]:
    """A command line."""
    return [str(part) for part in parts]


def net(result: Result, results: Mapping[str, Result]) -> list[float]:
    """Seconds of each run, less the median of its start-up."""
    startup = results.get(result.case.startup or "")
    less = statistics.median(startup.walls) if startup and startup.walls else 0.0
    return [wall - less for wall in result.walls]
