"""Advice in words: for what was copied and for what was run, for each tool, and harmless whatever a file is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import file, simple_layout, tar_of

import layerscope
from layerscope.filesystem.caches import CACHES, PRIVATE_CACHES
from layerscope.report.advising import change, finding

BIG = b"x" * 2_000_000


def words(tmp_path: Path, first: str, *tars: bytes, later: str = "RUN later") -> list[str]:
    history = [{"created_by": first}, *({"created_by": later} for _ in tars[1:])]
    found = layerscope.inspect(str(simple_layout(tmp_path / "layout", *tars, history=history)), cache=False)
    assert found.advice is not None
    return [f"{finding(item, found.layers)}: {change(item, found.layers)}" for item in found.advice]


@pytest.mark.parametrize(("step", "how"), [("RUN make", "in the same RUN"), ("COPY a /a # buildkit", ".dockerignore")])
def test_deleted(tmp_path: Path, step: str, how: str) -> None:
    (said,) = words(tmp_path, step, tar_of(file("a", BIG)), tar_of(file(".wh.a")))
    assert said.startswith("1 file that layer 1 (RUN) deletes again (/a): ")
    assert how in said


@pytest.mark.parametrize(("step", "how"), [("RUN make", "in the same RUN"), ("COPY a /a # buildkit", "COPY --chmod")])
def test_rewritten(tmp_path: Path, step: str, how: str) -> None:
    (said,) = words(tmp_path, step, tar_of(file("a", BIG)), tar_of(file("a", BIG, 0o700)))
    assert "1 file that layer 1 (RUN) ships again with the same content (/a)" in said
    assert how in said


def test_every_tool_has_its_words(tmp_path: Path) -> None:
    places = {place for places in CACHES.values() for place in places}
    places |= {b"root/" + place for places in PRIVATE_CACHES.values() for place in places}
    files = [file(f"{place.decode()}/x{n}", BIG + b"%d" % n) for n, place in enumerate(sorted(places))]
    said = words(tmp_path, "RUN install", tar_of(*files))
    assert len(said) == len({*CACHES, *PRIVATE_CACHES})
    assert all("left in the layer" in line and "in the same RUN, " in line for line in said)
    (apt,) = [line for line in said if "of apt" in line]
    assert apt.endswith("end it with apt-get clean && rm -rf /var/lib/apt/lists/*")


def test_names_are_shown_harmless(tmp_path: Path) -> None:
    (said,) = words(tmp_path, "RUN make", tar_of(file("a\x1b[2J", BIG)), tar_of(file(".wh.a\x1b[2J")))
    assert "\x1b" not in said
    assert "\\x1b" in said


def test_without_a_history_layers_have_numbers_alone(tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(file("a", BIG)), tar_of(file(".wh.a")))
    found = layerscope.inspect(str(layout), cache=False)
    assert found.advice is not None
    assert finding(found.advice[0], found.layers) == "1 file that layer 1 deletes again (/a)"
