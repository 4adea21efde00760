"""Our indented JSON against the standard library's, which is the same text, written slower."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.report.json import json_pieces, json_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(TEXTS, inner),
    max_leaves=40,
)


@given(VALUES)
@settings(deadline=None)
def test_the_text_is_that_of_the_standard_library(value: Any) -> None:
    assert json_text(value) == json.dumps(value, indent=2) + "\n"


@given(VALUES, st.integers(1500, 4000))
@settings(max_examples=20, deadline=None)
def test_a_large_document_comes_in_pieces(row: Any, rows: int) -> None:
    document = {"rows": [{"row": row, "number": number, "text": "x" * 50} for number in range(rows)]}
    pieces = list(json_pieces(document))
    assert len(pieces) > 1
    assert max(map(len, pieces)) < 1 << 20
    assert "".join(pieces) == json.dumps(document, indent=2) + "\n"


def test_lone_surrogates_are_replaced_and_pairs_kept() -> None:
    assert json.loads(json_text(["a\ud800b", {"\udfff": "\U0001f600 \\ud800"}])) == [
        "a\ufffdb",
        {"\ufffd": "\U0001f600 \\ud800"},
    ]
