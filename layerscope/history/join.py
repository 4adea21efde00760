"""Which history entry made which layer.

image-spec config.md: the history lists every step, from the first; each one without ``empty_layer`` made a layer, in
the order of the layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.history.builders import BUILDAH, builders_of, is_padding
from layerscope.history.forms import INSTRUCTIONS, read_forms
from layerscope.history.instruction import HistoryStep, JoinedHistory
from layerscope.history.instructions import instruction_of, no_instruction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.oci.config import HistoryEntry

_WRITES_FILES = frozenset(("ADD", "COPY", "RUN"))
# WORKDIR makes its directory; FROM is never recorded.
_CHANGES_NO_FILES = INSTRUCTIONS - _WRITES_FILES - {"WORKDIR", "FROM"}


def join_history(history: tuple[HistoryEntry, ...], layers: int) -> JoinedHistory:
    """Join a config's history to its layers, of which there are so many (``rootfs.diff_ids``, or the manifest's).

    Where the history counts another number of layers, no layer is joined, not the first and not the last: entries are
    lost at either end and between (an import forgets its base, a converter drops what it does not know), and the
    history does not say where. The steps are listed all the same, and a note gives both numbers. Never fails.
    """
    forms = read_forms(history)
    builders = builders_of(history, forms)
    makers = [index for index, entry in enumerate(history) if not entry.empty_layer]
    layer_of = {index: layer for layer, index in enumerate(makers)} if len(makers) == layers else {}
    steps = tuple(
        HistoryStep(
            index=index,
            layer=layer_of.get(index),
            created=entry.created,
            created_by=entry.created_by,
            comment=entry.comment,
            author=entry.author,
            instruction=instruction_of(entry, form, builder, index),
        )
        for index, (entry, form, builder) in enumerate(zip(history, forms, builders, strict=True))
    )
    if len(makers) != layers:
        return JoinedHistory(steps, (no_instruction(),) * layers, (_mismatch(history, len(makers), layers),))
    joined = tuple(steps[index].instruction for index in makers)
    return JoinedHistory(steps, joined, tuple(_oddities(history, steps)))


def _mismatch(history: tuple[HistoryEntry, ...], makers: int, layers: int) -> str:
    if not history:
        return f"the config has no history: nothing tells how its {_count(layers, 'layer')} were made"
    return (
        f"the history has {_count(makers, 'entry', 'entries')} that make a layer, the image has "
        f"{_count(layers, 'layer')}: which entry made which layer is unknown"
    )


def _oddities(history: tuple[HistoryEntry, ...], steps: tuple[HistoryStep, ...]) -> Iterator[str]:
    """What to know before trusting a join whose numbers agree."""
    wrote_files = False  # by a step that has no layer of its own, with none in between that has
    for step in steps:
        instruction = step.instruction
        if step.layer is None:
            wrote_files |= instruction.kind in _WRITES_FILES
            continue
        if instruction.kind == "squash":
            yield f"layer {step.layer} is a squash: it holds what the steps before history entry {step.index} left over"
        elif wrote_files and instruction.builder == BUILDAH and instruction.kind in _CHANGES_NO_FILES:
            # buildah without --layers: one layer a build, recorded with the last instruction.
            yield (
                f"layer {step.layer} is recorded with history entry {step.index}, {instruction.kind}, which changes no "
                "files: buildah put it together with the steps before that have no layer of their own"
            )
        wrote_files = False
    padded = [step for step in steps if step.layer is not None and is_padding(history[step.index])]
    if padded and any(step.layer is not None and step.index < padded[0].index for step in steps):
        yield (
            f"the history was too short for the layers and {padded[0].instruction.builder} filled it up from entry "
            f"{padded[0].index} on: the entries before may stand with the wrong layers"
        )


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
