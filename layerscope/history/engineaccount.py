"""What can be said for certain of a history that an engine told.

An engine's ``/history`` lists the steps with a size each, and not which of them made a layer: a step of no bytes may
have made one (``WORKDIR``, ``RUN rm``), or none (``ENV``).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerscope.history.builders import BUILDKIT, CLASSIC
from layerscope.history.forms import INSTRUCTIONS
from layerscope.history.join import join_history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.history.instruction import HistoryStep, JoinedHistory
    from layerscope.oci.config import HistoryEntry

_MAKES_NO_LAYER = INSTRUCTIONS - {"ADD", "COPY", "RUN", "WORKDIR", "FROM"}


def join_engine_history(
    history: tuple[HistoryEntry, ...], sizes: Sequence[int], layers: int, *, linux: bool
) -> JoinedHistory:
    """Join what an engine told to the layers there are, ``sizes`` being the engine's, in bytes, one a step.

    A step with bytes made a layer. Of those without, Docker's two builders give none to an instruction that changes no
    files (on Windows they do). What then is left over are either all layers or none of them, as their number says;
    where it says neither, no step is joined and a note says so.
    """
    joined = join_history(history, layers)
    if len(sizes) != len(history):
        return joined
    made = {step.index for step, size in zip(joined.steps, sizes, strict=True) if size}
    open_ones = {step.index for step in joined.steps if not (linux and _makes_no_layer(step))} - made
    for makers in (made, made | open_ones):
        if len(makers) == layers:
            marked = (
                dataclasses.replace(entry, empty_layer=index not in makers) for index, entry in enumerate(history)
            )
            return join_history(tuple(marked), layers)
    if len(history) == layers or not history:
        return joined
    note = f"the engine does not tell which of the {len(history)} entries of its history made the {layers} layers"
    return dataclasses.replace(joined, notes=(note,))


def _makes_no_layer(step: HistoryStep) -> bool:
    return step.instruction.builder in (BUILDKIT, CLASSIC) and step.instruction.kind in _MAKES_NO_LAYER


def with_engine_bytes(joined: JoinedHistory, sizes: Sequence[int]) -> JoinedHistory:
    """The steps with the engine's own sizes beside them; as they are where it told none."""
    if len(sizes) != len(joined.steps):
        return joined
    steps = tuple(dataclasses.replace(step, engine_bytes=size) for step, size in zip(joined.steps, sizes, strict=True))
    return dataclasses.replace(joined, steps=steps)
