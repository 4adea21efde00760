from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.report.quantities import count, exact, human, percent


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1049, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_999, "1.0 MB"),
        (120_425, "120.4 kB"),
        (999_999_999_999, "1.0 TB"),
        (1 << 50, "1.1 PB"),
        (10**21, "1000.0 EB"),
    ],
)
def test_human(size: int, shown: str) -> None:
    assert human(size) == shown


@given(st.integers(0, 10**20))
def test_human_sizes_are_short(size: int) -> None:
    assert len(human(size)) <= 8
    number, unit = human(size).split()
    factor = 1000 ** ("B", "kB", "MB", "GB", "TB", "PB", "EB").index(unit)
    assert abs(float(number) * factor - size) <= factor * 0.0501


def test_exact_and_count() -> None:
    assert (exact(1), exact(0), exact(1_234_567)) == ("1 byte", "0 bytes", "1,234,567 bytes")
    assert (count(1, "layer"), count(2, "layer"), count(2000, "entry", "entries")) == (
        "1 layer",
        "2 layers",
        "2,000 entries",
    )


@pytest.mark.parametrize(("share", "shown"), [(1.0, "100.0 %"), (0.99999, "99.9 %"), (0.5, "50.0 %"), (0.0, "0.0 %")])
def test_percent_is_rounded_down(share: float, shown: str) -> None:
    assert percent(share) == shown
