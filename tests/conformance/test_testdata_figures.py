"""Every image in testdata/: our figures are those that its README got from other tools."""

from __future__ import annotations

import re

import pytest
from shapes import TESTDATA

import layerscope

_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \|(?P<figures>(?: [\d,–]+ \|){7}) [^|]+\|$", re.MULTILINE)
_ROWS = [
    (match["name"], [figure.strip() for figure in match["figures"].strip("|").split("|")])
    for match in _ROW.finditer((TESTDATA / "README.md").read_text(encoding="utf-8"))
]


def _number(text: str) -> int | None:
    return None if text == "–" else int(text.replace(",", ""))


@pytest.mark.parametrize(("name", "figures"), _ROWS, ids=[name for name, _ in _ROWS])
def test_figures(name: str, figures: list[str]) -> None:
    file, _, platform = name.partition(" (")
    report = layerscope.inspect(
        str(TESTDATA / file), platform=f"linux/{platform.rstrip(')')}" if platform else None, cache=False
    )
    layers, stored, entries, uncompressed, content, paths, merged = map(_number, figures)
    totals = report.totals
    assert report.filesystem is not None
    assert (totals.layers, totals.entries) == (layers, entries)
    assert (totals.uncompressed_bytes, totals.file_bytes) == (uncompressed, content)
    if ".docker-archive." not in file:  # of which other tools see the unpacked layers alone
        assert totals.compressed_bytes == stored
    if merged is not None:
        assert totals.squashed_bytes == merged
        assert sum(1 for _ in report.filesystem.tree.walk()) == paths
    assert report.complete


def test_there_are_rows() -> None:
    assert len(_ROWS) >= 12
