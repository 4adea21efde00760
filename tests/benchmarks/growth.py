"""Time and memory against size: of the number of entries, of whiteouts, of layers, of one file."""

from __future__ import annotations

import json
import math
import shutil
import statistics
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import targets
from .generated import entries, layers, one_file, whiteouts, write_layout
from .inmemory import directory_for, room_for
from .product import Measured
from .report import LEAST, MIB, spread, table, verdict
from .timing import Result, interleaved, net
from .tools import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from .timing import Case

STARTUP = "interpreter and imports"
HEADS = ["size", "entries", "seconds, start-up less", "per unit", "exponent", "peak MiB", "target", "met"]
SPARE = 2 << 30


@dataclass(frozen=True, slots=True)
class Curve:
    """Images of one shape in several sizes."""

    name: str
    make: Callable[[int], list[Iterator[bytes]]]
    sizes: Sequence[int]
    entries_each: float
    """Entries for each unit of size."""
    bytes_each: int
    """Disk for each unit of size."""
    by_entry: bool = True
    """Whether time is told by the entry, or by the unit of size."""


CURVES = (
    Curve("entries", entries, (10**3, 10**4, 10**5, 10**6), 1, 1024),
    Curve("whiteouts", whiteouts, (10**2, 10**3, 10**4, 10**5), 2, 1536),
    Curve("layers of 1,000 entries", layers, (1, 4, 16, 64, 127), 1000, 1 << 20),
    Curve("MiB of one file", one_file, (50, 500, 5000), 0, 1 << 20, by_entry=False),
)


def run(scratch: Path, rounds: int, say: Callable[[str], None], *, quick: bool) -> int:
    """Prints a table a curve; 0 when everything was measured."""
    print("\n".join(f"- {line}" for line in machine()))
    print(f"- {rounds} rounds; plain tar layers in an OCI layout, read cold (--no-cache) from memory or the page cache")
    print("- exponent: of the time against the size, from the line above to this one; 1 is linear, less is better\n")
    home = scratch / "home"
    home.mkdir()
    good = [measure(curve, Measured(home), scratch, rounds, say, quick=quick) for curve in CURVES]
    return int(not all(good))


def measure(
    curve: Curve, product: Measured, scratch: Path, rounds: int, say: Callable[[str], None], *, quick: bool
) -> bool:
    """One curve, in a directory of its own that is removed afterwards."""
    sizes = curve.sizes[:2] if quick else curve.sizes
    print(f"### {curve.name}\n")
    needed, free = sum(sizes) * curve.bytes_each + SPARE, shutil.disk_usage(scratch).free
    if needed > free and not room_for(needed):
        print(f"not measured: needs {needed / 2**30:.0f} GiB of disk, {free / 2**30:.0f} GiB are free\n", flush=True)
        return False
    cases = []
    with directory_for(needed) as directory:
        for size in sizes:
            say(f"writing {curve.name}: {size:,}")
            layout = directory / str(size)
            write_layout(layout, curve.make(size))
            told = partial(check, curve, size)
            cases.append(product.cold(str(size), f"oci-dir:{layout}", startup=STARTUP, check=told, reads=[layout]))
        startup = product.imports(STARTUP, cases[0].command[3:])
        results = interleaved([startup, *cases], rounds, scratch, say)
    print(table(HEADS, lines(curve, sizes, cases, results)), end="\n\n", flush=True)
    return not any(result.failed for result in results.values())


def check(curve: Curve, size: int, stdout: bytes) -> None:
    """The image must have been read, whole."""
    totals = json.loads(stdout)["totals"]
    assert totals["entries"] == number_of_entries(curve, size), f"says {totals['entries']} entries"


def number_of_entries(curve: Curve, size: int) -> int:
    """All layers together."""
    return int(curve.entries_each * size) or 1


def lines(curve: Curve, sizes: Sequence[int], cases: Sequence[Case], results: dict[str, Result]) -> list[list[str]]:
    """A line a size."""
    shown: list[list[str]] = []
    before: tuple[int, float] | None = None
    for size, case in zip(sizes, cases, strict=True):
        result, count = results[case.name], number_of_entries(curve, size)
        if failure := result.failure or results[STARTUP].failure:
            shown.append([f"{size:,}", f"{count:,}", failure, *[""] * 5])
            continue
        seconds = net(result, results)
        middle = statistics.median(seconds)
        unit = f"{middle / count * 1e6:.1f} µs an entry" if curve.by_entry else f"{middle / size * 1e3:.2f} ms a MiB"
        if middle < LEAST:
            unit = "too short to tell"
        told = before is not None and min(before[1], middle) >= LEAST
        exponent = f"{math.log(middle / before[1]) / math.log(size / before[0]):.2f}" if before and told else ""
        limit = targets.memory(count)
        memory = [f"{result.peak / MIB:.1f}", f"{limit / MIB:.1f}", verdict(result.peak, limit)]
        shown.append([f"{size:,}", f"{count:,}", spread(seconds, 3), unit, exponent, *memory])
        before = size, middle
    return shown
