"""Which items of two lists belong together, in order: the same whichever list comes first."""

from __future__ import annotations

from bisect import bisect_left

Items = list[str | None]
"""What is compared; None equals nothing."""
Pairs = list[tuple[int, int]]
"""Positions in the first and the second list."""


def align(before: Items, after: Items) -> Pairs:
    """Pair equal items so that pairs ascend in both lists: what both begin with, what both end with, and between them
    a longest run. Of equal items the first here is paired with the first there. n log n."""
    if [item or "" for item in before] > [item or "" for item in after]:
        return [(left, right) for right, left in align(after, before)]
    shorter = min(len(before), len(after))
    start = 0
    while start < shorter and before[start] == after[start] is not None:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end] is not None:
        end += 1
    middle = _longest_run(match(before[start : len(before) - end], after[start : len(after) - end]))
    return [
        *((position, position) for position in range(start)),
        *((start + left, start + right) for left, right in middle),
        *((len(before) - position, len(after) - position) for position in range(end, 0, -1)),
    ]


def match(before: Items, after: Items) -> Pairs:
    """Pair equal items wherever they are: the first with the first, the second with the second."""
    places: dict[str | None, list[int]] = {}
    for position, item in enumerate(after):
        places.setdefault(item, []).append(position)
    places.pop(None, None)
    for found in places.values():
        found.reverse()
    return [(position, places[item].pop()) for position, item in enumerate(before) if places.get(item)]


def fill(pairs: Pairs, before: Items, after: Items) -> Pairs:
    """``pairs``, which ascend, and between them what is equal by another measure, aligned gap by gap."""
    found: Pairs = []
    left, right = 0, 0
    for next_left, next_right in [*pairs, (len(before), len(after))]:
        gap = align(before[left:next_left], after[right:next_right])
        found += [(left + here, right + there) for here, there in gap]
        if next_left < len(before):
            found.append((next_left, next_right))
        left, right = next_left + 1, next_right + 1
    return found


def _longest_run(pairs: Pairs) -> Pairs:
    """A longest run of pairs that ascends on the right too (patience sorting)."""
    lowest: list[int] = []  # of runs of each length, the smallest end
    ends: list[int] = []  # which pair that is
    previous: list[int] = []
    for number, (_, right) in enumerate(pairs):
        length = bisect_left(lowest, right)
        previous.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [right]
        ends[length : length + 1] = [number]
    run: Pairs = []
    number = ends[-1] if ends else -1
    while number >= 0:
        run.append(pairs[number])
        number = previous[number]
    run.reverse()
    return run
