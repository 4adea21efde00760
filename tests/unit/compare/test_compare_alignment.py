from __future__ import annotations

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from layerscope.compare.alignment import align, fill, match

_LISTS = st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=8)


def test_ends_belong_together_and_a_longest_run_between() -> None:
    assert align(["base", "x", "y", "z", "end"], ["base", "y", "z", "x", "end"]) == [(0, 0), (2, 1), (3, 2), (4, 4)]


def test_none_equals_nothing() -> None:
    assert align([None, "a"], [None, "a"]) == [(1, 1)]
    assert match([None, None], [None]) == []


def test_gaps_are_filled_without_crossing_a_pair() -> None:
    pairs = [(1, 1)]
    assert fill(pairs, ["RUN", "ADD", "COPY"], ["COPY", "ADD", "RUN"]) == [(1, 1)]
    assert fill(pairs, ["RUN", "ADD", "COPY"], ["RUN", "ADD", "COPY"]) == [(0, 0), (1, 1), (2, 2)]


@given(_LISTS, _LISTS)
def test_pairs_ascend_are_equal_and_the_same_from_the_other_side(
    one: list[str | None], other: list[str | None]
) -> None:
    pairs = align(one, other)
    assert pairs == [(left, right) for right, left in align(other, one)]
    assert all(one[left] == other[right] is not None for left, right in pairs)
    for (left, right), (next_left, next_right) in itertools.pairwise(pairs):
        assert left < next_left and right < next_right


def test_twenty_thousand_items_in_the_worst_order_take_no_time() -> None:
    items: list[str | None] = [str(number) for number in range(20_000)]
    started = time.process_time()
    assert len(align(items, items[::-1])) == 1
    assert time.process_time() - started < 2
