"""Values that Go printed, read back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.history.goprint import as_dockerfile, words_of

SHORT = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def go_quote(text: str) -> str:
    """strconv.Quote, written from its documentation."""
    out = []
    for char in text:
        code = ord(char)
        if char in ('"', "\\"):
            out.append("\\" + char)
        elif char in SHORT:
            out.append(SHORT[char])
        elif code < 0x20 or code == 0x7F:
            out.append(f"\\x{code:02x}")
        elif char.isprintable():
            out.append(char)
        else:
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(out) + '"'


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)))))
def test_words_come_back(words: list[str]) -> None:
    printed = "[" + " ".join(map(go_quote, words)) + "]"
    assert words_of(printed) == tuple(words)
    assert json.loads(as_dockerfile("CMD", printed)) == words


@pytest.mark.parametrize(
    "text",
    ["", "[", "]", '["a"', '["a" ]', '[ "a"]', '["a", "b"]', '["a""b"]', '["\\xff"]', '["\\ud800"]', '["\\U00110000"]',
     '["\\q"]', '["\\"]', "[a b]", "&{}", "&{[a]}"],
)  # fmt: skip
def test_what_is_no_printed_list_stays(text: str) -> None:
    assert words_of(text) is None
    assert as_dockerfile("CMD", text) == text


@pytest.mark.parametrize(
    ("keyword", "arguments"),
    [
        ("EXPOSE", "80 53/udp"),
        ("EXPOSE", "map[80/tcp]"),
        ("EXPOSE", "[]"),
        ("VOLUME", '["/data"]'),
        ("VOLUME", "[]"),
        ("VOLUME", "/data"),
        ("SHELL", "[/bin/sh -c]"),
        ("HEALTHCHECK", '&{["CMD-SHELL" "x"] "5m" "3s" \'\\x03\'}'),
        ("HEALTHCHECK", '&{["CMD-SHELL" "x"] "5m" "3s" "0s" \'\\ufffd\'}'),  # U+FFFD stands for many numbers
        ("HEALTHCHECK", '&{["CMD-SHELL" "x\\ny"] "5m" "3s" "0s" \'\\x03\'}'),
        ("HEALTHCHECK", '&{[] "5m" "3s" "0s" \'\\x03\'}'),
        ("HEALTHCHECK", "{Test:[bin -c x] Interval:1s Timeout:1s StartPeriod:0s StartInterval:0s Retries:5}"),
        ("ENV", "A=[80/tcp]"),
    ],
)
def test_what_is_not_certain_stays(keyword: str, arguments: str) -> None:
    assert as_dockerfile(keyword, arguments) == arguments


@pytest.mark.parametrize(
    ("rune", "retries"), [("\\x03", 3), ("\\n", 10), ("!", 33), ("\\'", 39), ("\\\\", 92), ("é", 233)]
)
def test_retries_are_a_character(rune: str, retries: int) -> None:
    printed = f'&{{["CMD-SHELL" "x"] "0s" "0s" "0s" \'{rune}\'}}'
    assert as_dockerfile("HEALTHCHECK", printed) == f"--retries={retries} CMD x"
