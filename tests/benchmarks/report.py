"""The tables."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from . import targets
from .rows import warm_seconds
from .timing import net

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .rows import Plan, Row
    from .timing import Case, Result

MIB = 1 << 20
LEAST = 0.1
"""Seconds; shorter times say nothing, since start-up is most of them."""


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Markdown; the first column is text, the others are numbers."""
    rule = ["---", *["--:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in (heads, rule, *lines))


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, and from least to most."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def verdict(value: float, target: float) -> str:
    """Whether a target is met."""
    return "yes" if value <= target else "**no**"


def times(plan: Plan, results: Mapping[str, Result], entries: int) -> str:
    """Seconds and ratios of every row."""
    heads = ["what", "seconds", "less start-up", "CPU s", "against", "ratio", "target", "met"]
    return table(heads, [time_line(row, results, entries) for row in plan.rows])


def time_line(row: Row, results: Mapping[str, Result], entries: int) -> list[str]:
    """One row: ratios are of runs of the same round."""
    result = results[row.case.name]
    startup = results.get(row.case.startup or "")
    if result.failure or (startup and startup.failed):
        return [row.case.name, str(result.failure or (startup and startup.failure)), *[""] * 6]
    seconds, cpu = spread(result.walls), f"{result.cpu:.2f}"
    if row.warm:
        if entries < targets.WARM_ENTRIES // 10:
            return [row.case.name, spread(result.walls, 3), "", cpu, "", "too few entries to scale", "", ""]
        middle = statistics.median(result.walls)
        scaled = warm_seconds(middle, middle - statistics.median(net(result, results)), entries)
        what, target = f"{scaled:.2f} s per {targets.WARM_ENTRIES:,} entries", targets.WARM_SECONDS
        return [row.case.name, spread(result.walls, 3), "", cpu, "", what, f"{target} s", verdict(scaled, target)]
    if row.seconds is not None:
        middle = statistics.median(result.walls)
        return [row.case.name, seconds, "", cpu, "", "", f"{row.seconds} s", verdict(middle, row.seconds)]
    line = [row.case.name, seconds, f"{statistics.median(net(result, results)):.2f}", cpu, row.against or ""]
    if row.against is None:
        return [*line, "", "", ""]
    reference = results[row.against]
    if reference.failure:
        return [*line, "nothing to compare with", "", ""]
    pairs = list(zip(net(result, results), net(reference, results), strict=True))
    if min(map(min, pairs)) < LEAST:
        return [*line, "too short to compare", "", ""]
    ratios = [mine / other for mine, other in pairs]
    if row.target is None:
        return [*line, spread(ratios), "", ""]
    return [*line, spread(ratios), f"{row.target}", verdict(statistics.median(ratios), row.target)]


def memory(plan: Plan, results: Mapping[str, Result], entries: int) -> str:
    """Peak memory of every row that ran, with the target of those that have one."""
    limit, lines = targets.memory(entries), []
    for row in plan.rows:
        result = results[row.case.name]
        if result.failure:
            lines.append([row.case.name, result.failure, "", ""])
            continue
        asked = [f"{limit / MIB:.1f}", verdict(result.peak, limit)] if row.memory else ["", ""]
        lines.append([row.case.name, f"{result.peak / MIB:.1f}", *asked])
    return table(["what", "peak MiB, most of all runs", "target", "met"], lines)


def disk(results: Mapping[str, Result]) -> str:
    """Whether the page cache held: who read from a disk did not measure what it should."""
    read = [
        f"{name}: {result.from_disk / MIB:.0f} MiB"
        for name, result in results.items()
        if result.case.reads and result.from_disk > MIB
    ]
    return f"read from a disk, though all was read before: {', '.join(read)}" if read else "no run read from a disk"


def startups(plan: Plan, results: Mapping[str, Result]) -> str:
    """Commands that only start, above a bare interpreter of the same round; and what was subtracted elsewhere."""
    bare = results[plan.startups[0].name]
    lines = []
    for case, seconds in plan.commands:
        result = results[case.name]
        if result.failure or bare.failure:
            lines.append([case.name, result.failure or str(bare.failure), "", "", ""])
            continue
        above = [(mine - other) * 1000 for mine, other in zip(result.walls, bare.walls, strict=True)]
        shown = [spread([wall * 1000 for wall in result.walls], 0), spread(above, 0)]
        lines.append([case.name, *shown, f"{seconds * 1000:.0f}", verdict(statistics.median(above), seconds * 1000)])
    lines.extend(startup_line(case, results[case.name]) for case in plan.startups)
    return table(["start-up", "ms", "ms above the bare interpreter", "target", "met"], lines)


def startup_line(case: Case, result: Result) -> list[str]:
    """One start-up that was measured in order to be subtracted."""
    shown = result.failure or spread([wall * 1000 for wall in result.walls], 0)
    return [case.name, shown, "", "", ""]
