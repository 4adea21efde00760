from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from layerscope.report.grid import Column, Grid, hang, shorten, wrap
from layerscope.report.page import Glyphs

WORDS = st.text(st.sampled_from("ab 日🙂-/"), max_size=200)


@given(WORDS, st.integers(8, 60))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(WORDS, st.integers(8, 60), st.integers(1, 4))
def test_what_is_left_out_is_marked(text: str, width: int, limit: int) -> None:
    lines = wrap(text, width, limit)
    assert len(lines) <= limit
    assert all(cell_len(line) <= width for line in lines)
    assert lines[-1].endswith("…") == (len(wrap(text, width)) > limit)


@given(WORDS, st.integers(3, 60))
def test_shorten(text: str, width: int) -> None:
    short = shorten(text, width, "...")
    assert cell_len(short) <= width
    assert short == text or short.endswith("...")


def test_wrap() -> None:
    assert wrap("RUN apt-get update && apt-get install -y curl", 20) == [
        "RUN apt-get update",
        "&& apt-get install",
        "-y curl",
    ]
    assert wrap("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert wrap("", 10) == [""]


def test_hang() -> None:
    lines = [line.plain for line in hang(Text("label  "), "one two three four", 15)]
    assert lines == ["label  one two", "       three", "       four"]


def test_a_grid_is_as_wide_as_its_widest_cells() -> None:
    rows = [[Text("1"), Text("日本")], [Text("1,000,000,000"), Text("x")]]
    grid = Grid((Column("n"), Column("word", right=False)), rows)
    lines = [line.plain for line in grid.table((grid.row(row) for row in rows), Glyphs(rule="-"), "last")]
    assert lines == [
        "            n  word  last",
        "-------------------------",
        "            1  日本",
        "1,000,000,000  x   ",
    ]
    assert grid.width == 19
