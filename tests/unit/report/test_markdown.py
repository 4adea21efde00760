"""Markdown read back by a CommonMark parser with GitHub's tables: what went in comes out, and nothing comes alive."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from layerscope.report.display import display
from layerscope.report.markdown import code

PARSER = MarkdownIt("commonmark").enable("table")
TRICKY = st.text(st.sampled_from("`|\\<>&*_[]()!@#~$ab \n\x1b\u202e") | st.characters(), min_size=1, max_size=60)


def cells(markdown: str) -> list[tuple[str, str]]:
    """(type, content) of everything inside of table cells."""
    inline = [token for token in PARSER.parse(markdown) if token.type == "inline"]
    return [(child.type, child.content) for token in inline for child in token.children or []]


@given(TRICKY, TRICKY)
def test_text_stays_in_its_cell_as_code(left: str, right: str) -> None:
    shown = [display(left), display(right)]
    assume(max(map(len, shown)) <= 200)  # longer text is cut
    found = cells(f"| a | b |\n|---|---|\n| {code(shown[0])} | {code(shown[1])} |\n")
    assert [kind for kind, _ in found] == ["text", "text", "code_inline", "code_inline"]
    for (_, content), text in zip(found[2:], shown, strict=True):
        assert content.strip(" ") == text.replace("\\|", "\\\\x7c").strip(" ")


@given(TRICKY)
def test_text_stays_code_outside_of_tables(text: str) -> None:
    found = cells(f"- layer 1: {code(display(text).replace('|', ''))}\n")
    assert [kind for kind, _ in found][:1] == ["text"]
    assert {kind for kind, _ in found[1:]} <= {"code_inline", "text"}
    assert "html_inline" not in {kind for kind, _ in found}


def test_no_pipe_follows_a_backslash() -> None:
    """Where GitHub would take the escape of a pipe for an escaped backslash, and the pipe for a cell's end."""
    assert code("a|b\\|c\\\\|d") == "`a\\|b\\\\x7cc\\\\\\x7cd`"
    assert not re.search(r"\\\\\|", code("\\" * 5 + "|"))


def test_long_text_is_cut() -> None:
    assert len(code("x" * 10_000)) < 210


def test_nothing_is_a_dash() -> None:
    assert code("") == "–"
