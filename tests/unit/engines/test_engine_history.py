"""What an engine's sizes say for certain about who made which layer."""

from __future__ import annotations

import pytest

from layerscope.history.engineaccount import join_engine_history, with_engine_bytes
from layerscope.oci.config import HistoryEntry

ADD = HistoryEntry(created_by="/bin/sh -c #(nop) ADD file:0 in / ")
ENV = HistoryEntry(created_by="/bin/sh -c #(nop)  ENV A=b")
WORKDIR = HistoryEntry(created_by="/bin/sh -c #(nop) WORKDIR /app")
RUN = HistoryEntry(created_by="/bin/sh -c rm /x")
KIT_ENV = HistoryEntry(created_by="ENV A=b", comment="buildkit.dockerfile.v0")
KIT_RUN = HistoryEntry(created_by="RUN /bin/sh -c rm /x # buildkit", comment="buildkit.dockerfile.v0")
UNTOLD = HistoryEntry(created_by="/bin/sh -c #(nop) ENV A=b")
"""With one space: of the classic builder or of buildah, and nothing says which."""


@pytest.mark.parametrize(
    ("entries", "sizes", "layers", "expected"),
    [
        ([ADD, ENV, RUN], [5, 0, 7], 2, [0, None, 1]),  # bytes alone tell
        ([ADD, ENV, WORKDIR, RUN], [5, 0, 0, 0], 3, [0, None, 1, 2]),  # an instruction that changes nothing made none
        ([KIT_ENV, KIT_RUN], [0, 0], 1, [None, 0]),
        ([ADD, ENV, WORKDIR, RUN], [5, 0, 0, 7], 2, [0, None, None, 1]),  # WORKDIR of a directory that was there
        ([ADD, ENV, WORKDIR, RUN], [5, 0, 0, 0], 2, None),  # WORKDIR or RUN, who knows
        ([UNTOLD, RUN], [0, 7], 1, [None, 0]),
        ([UNTOLD, RUN], [0, 0], 1, None),  # buildah may record a layer with its last instruction, whichever that is
        ([ADD, RUN], [0, 0], 2, [0, 1]),
        ([ADD], [5], 2, None),
        ([ADD, ADD], [5, 5], 1, None),
        ([], [], 1, None),
    ],
)
def test_joined_as_far_as_certain(
    entries: list[HistoryEntry], sizes: list[int], layers: int, expected: list[int | None] | None
) -> None:
    joined = join_engine_history(tuple(entries), sizes, layers, linux=True)
    assert [step.layer for step in joined.steps] == (expected or [None] * len(entries))
    assert bool(joined.notes) == (expected is None)
    assert len(joined.layers) == layers
    assert {layer.kind for layer in joined.layers} == {"unknown"} or expected


def test_on_windows_any_instruction_may_make_a_layer() -> None:
    entries = (ADD, HistoryEntry(created_by="cmd /S /C #(nop)  ENV A=b"))
    assert [step.layer for step in join_engine_history(entries, [5, 0], 2, linux=False).steps] == [0, 1]
    assert [step.layer for step in join_engine_history(entries, [5, 0], 1, linux=False).steps] == [0, None]


def test_sizes_stand_beside_the_steps() -> None:
    joined = join_engine_history((ADD, ENV), [5, 0], 1, linux=True)
    assert [step.engine_bytes for step in joined.steps] == [None, None]
    assert [step.engine_bytes for step in with_engine_bytes(joined, [5, 0]).steps] == [5, 0]
    assert with_engine_bytes(joined, [5]) is joined
