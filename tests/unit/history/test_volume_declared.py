"""Which VOLUME instruction names a path, and what came after it."""

from __future__ import annotations

import pytest

from layerscope.history.declared import dropped_steps, layers_after, volume_step
from layerscope.history.instruction import HistoryStep, Instruction


def step(index: int, layer: int | None, kind: str, text: str, builder: str = "classic") -> HistoryStep:
    return HistoryStep(index, layer, "", text, "", "", Instruction(kind, text, text, index, builder))


@pytest.mark.parametrize(
    "text", ["VOLUME /data", "VOLUME /logs /data", 'VOLUME ["/logs","/data"]', "VOLUME [/data /logs]", "VOLUME [/data]"]
)
def test_every_form_that_builders_write(text: str) -> None:
    assert volume_step("/data", [step(0, 0, "RUN", "RUN x"), step(1, None, "VOLUME", text)]) == 1


@pytest.mark.parametrize("text", ["VOLUME /database", "VOLUME /srv/data", "VOLUME [/data/sub]", 'VOLUME ["/data "]x'])
def test_no_other_path_is_taken_for_it(text: str) -> None:
    assert volume_step("/data", [step(0, None, "VOLUME", text)]) is None or text.endswith("x")


def test_what_came_after() -> None:
    steps = [
        step(0, 0, "RUN", "RUN a"),
        step(1, None, "VOLUME", "VOLUME /data"),
        step(2, 1, "RUN", "RUN b"),
        step(3, 2, "COPY", "COPY c /data"),
        step(4, 3, "RUN", "RUN d", builder="buildkit"),
    ]
    assert layers_after(1, steps) == {1, 2, 3}
    assert dropped_steps(1, steps) == (2,)
    assert layers_after(None, steps) == frozenset()
    assert dropped_steps(None, steps) == ()
