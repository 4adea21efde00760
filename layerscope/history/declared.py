"""Which instruction declared a VOLUME path, and which layers were made after it.

What a RUN writes below such a path is dropped by the classic builder and kept by BuildKit; COPY and ADD keep theirs in
both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layerscope.history.instruction import HistoryStep


def volume_step(path: str, steps: Iterable[HistoryStep]) -> int | None:
    """History index of the first VOLUME instruction that names ``path``, in any of the forms builders write."""
    mention = re.compile(rf"(?<![^\s\[\]\",']){re.escape(path)}(?![^\s\[\]\",'])")
    return next(
        (step.index for step in steps if step.instruction.kind == "VOLUME" and mention.search(step.instruction.text)),
        None,
    )


def layers_after(index: int | None, steps: Iterable[HistoryStep]) -> frozenset[int]:
    """Layers that steps after ``index`` made; none for None."""
    if index is None:
        return frozenset()
    return frozenset(step.layer for step in steps if step.layer is not None and step.index > index)


def dropped_steps(index: int | None, steps: Sequence[HistoryStep]) -> tuple[int, ...]:
    """History indexes of the RUN steps after ``index`` that could write nothing there: the classic builder's."""
    if index is None:
        return ()
    return tuple(
        step.index
        for step in steps
        if step.index > index and step.instruction.kind == "RUN" and step.instruction.builder == "classic"
    )
