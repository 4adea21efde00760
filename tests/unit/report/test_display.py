from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.report.display import display, display_path, display_words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain text, ünïcode, 日本語 🙂", "plain text, ünïcode, 日本語 🙂"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[31mred\x07\x00\x7f", "\\x1b[31mred\\x07\\x00\\x7f"),
        ("\x85\x9b", "\\u0085\\u009b"),
        ("\u202eevil\u2066\u200b\ufeff", "\\u202eevil\\u2066\\u200b\\ufeff"),
        ("\u2028\u2029\u00a0", "\\u2028\\u2029\\u00a0"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800 \udcff", "\\ud800 \\xff"),
        (b"caf\xe9 \xff\xfe", "caf\\xe9 \\xff\\xfe"),
        ("café".encode(), "café"),
        (b"back\\slash", "back\\slash"),
        (b"", ""),
    ],
)
def test_display(value: bytes | str, shown: str) -> None:
    assert display(value) == shown


@given(st.binary() | st.text(st.characters()))
def test_nothing_displayed_can_do_harm(value: bytes | str) -> None:
    shown = display(value)
    assert shown.isprintable()
    assert all(unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in shown)
    shown.encode("utf-8")
    assert display(shown) == shown


def test_words_are_joined_and_other_separators_shown() -> None:
    assert display_words("  RUN a && \\\n\t  b\r\n c  ") == "RUN a && \\ b c"
    assert display_words("a\x0bb\x1cc\u2028d") == "a\\x0bb\\x1cc\\u2028d"


def test_a_path_begins_with_a_slash() -> None:
    assert display_path(b"etc/\xff") == "/etc/\\xff"
    assert display_path(b"") == "/"
