"""One run: the image, the servers, the rounds, the tables."""

from __future__ import annotations

import argparse
import compileall
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.live.product import REPOSITORY

from . import growth, report, targets
from .building import large_image
from .image import converted
from .inmemory import held
from .plan import Planner
from .product import Measured
from .servers import megabits, serving
from .timing import interleaved
from .tools import machine, tools

PACKAGE = REPOSITORY / "layerscope"
SMALL = REPOSITORY / "testdata" / "buildkit.oci-archive.tar"
STARTUP_ROUNDS = 10


def main() -> int:
    """0 when everything was measured, 1 when a command failed, 2 when the machine lacks what all of it needs."""
    options = arguments()
    compileall.compile_dir(PACKAGE, quiet=1)  # as an installed package is; else every start may compile what changed
    try:
        with tempfile.TemporaryDirectory(prefix="layerscope-benchmark-") as scratch:
            if options.growth:
                return growth.run(Path(scratch), 1 if options.quick else options.rounds, say, quick=options.quick)
            return compare(options, Path(scratch))
    except (pytest.skip.Exception, pytest.fail.Exception) as lacking:
        say(f"cannot run: {lacking}")
        return 2


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each command is run; 3 by default")
    parser.add_argument("--quick", action="store_true", help="a small image of testdata/, one round: does it all work?")
    parser.add_argument("--growth", action="store_true", help="instead: time and memory against size")
    parser.add_argument("--rebuild", action="store_true", help="build the large image again")
    return parser.parse_args()


def compare(options: argparse.Namespace, scratch: Path) -> int:
    """Measures one image every way, and prints the tables."""
    rounds, startup_rounds = (1, 1) if options.quick else (options.rounds, STARTUP_ROUNDS)
    print("\n".join(f"- {line}" for line in (*machine(), *tools())), flush=True)
    kept = converted(SMALL, made(scratch / "image")) if options.quick else large_image(say, again=options.rebuild)
    print(f"- image: {kept.described()}", flush=True)
    with held(kept) as (image, where), serving(image, targets.LINK_BITS) as servers:
        print(f"- {where}", flush=True)
        biggest = max(image.layers(), key=lambda layer: layer.compressed)
        for name, way in (("bare loopback", servers.bare), ("the 1 Gbit/s link", servers.throttled)):
            print(f"- {name}: {megabits(way, biggest.digest):,.0f} Mbit/s in one plain download", flush=True)
        plan = Planner(image, servers, Measured(made(scratch / "home")), scratch).plan()
        starting = [*plan.startups, *(case for case, _ in plan.commands)]
        results = interleaved(starting, startup_rounds, scratch, say)
        results |= interleaved([row.case for row in plan.rows], rounds, scratch, say)
    entries = sum(each.entries for each in kept.layers())
    print(f"- {rounds} rounds, of start-ups {startup_rounds}; load average at the end {os.getloadavg()[0]:.2f}")
    print(f"- {report.disk(results)}; {time.strftime('%Y-%m-%d')}\n")
    for part in (
        report.times(plan, results, entries),
        report.memory(plan, results, entries),
        report.startups(plan, results),
    ):
        print(part, end="\n\n")
    return int(any(result.failed for result in results.values()))


def made(directory: Path) -> Path:
    """The directory, made."""
    directory.mkdir()
    return directory


def say(line: str) -> None:
    """Progress, apart from the tables."""
    print(f"[{time.strftime('%H:%M:%S')}] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
