"""Which image an image was built upon, and which of its layers and history entries are that one's.

Known for certain where somebody says so: whoever names the base (its ChainIDs are the lowest of the image), buildah in
the comment of a history entry, annotations or labels (``org.opencontainers.image.base.name``, ``.digest``: a name, not
a border). No guess is made: the layers of an unknown base are nobody's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layerscope.oci.config import HistoryEntry
    from layerscope.oci.digest import Digest

GIVEN, PROVENANCE, HISTORY, ANNOTATIONS, LABELS = "given", "provenance", "history", "annotations", "labels"
NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
_FROM = re.compile(r"FROM (\S+)")
_OF_THE_SAME_BUILD = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Base:
    """The image below, as far as it is known."""

    name: str
    """As whoever told it wrote it."""
    digest: str | None
    """Of its manifest or index, as told; nobody has verified it."""
    layers: int | None
    """How many of the lowest layers are its; None where nothing tells."""
    steps: int | None
    """How many of the first history entries are its; None where nothing tells."""
    told_by: str
    """``given``, ``provenance``, ``history``, ``annotations`` or ``labels``: who said where the border is, or, where
    nobody did, who said the name."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image that somebody says is the base."""

    name: str
    diff_ids: tuple[Digest, ...]
    history: tuple[HistoryEntry, ...]
    digest: Digest | None = None
    triggers: tuple[str, ...] = ()
    """Its ONBUILD instructions."""


def find_base(
    diff_ids: Sequence[Digest],
    history: Sequence[HistoryEntry],
    annotations: Mapping[str, str],
    labels: Mapping[str, str],
    candidates: Sequence[Candidate] = (),
    proven: Base | None = None,
) -> tuple[Base | None, tuple[str, ...]]:
    """The base of an image with these layers and this history, and notes on candidates that are none.

    Of several candidates that fit, the one with the most layers is the base: the others are below it.
    """
    notes = tuple(_not_a_base(each, diff_ids) for each in candidates if not _is_below(each, diff_ids))
    fitting = [each for each in candidates if _is_below(each, diff_ids)]
    if fitting:
        chosen = max(fitting, key=lambda each: len(each.diff_ids))
        layers = len(chosen.diff_ids)
        digest = str(chosen.digest) if chosen.digest else None
        return Base(chosen.name, digest, layers, _steps_of(chosen, history), GIVEN), notes
    said = [
        Base(texts[NAME], texts.get(DIGEST) or None, None, None, who)
        for who, texts in ((ANNOTATIONS, annotations), (LABELS, labels))
        if texts.get(NAME)  # without a name buildah's digest is that of a step of the same build
    ]
    found = proven or _from_comments(history, len(diff_ids))
    if found is None:
        return (said[0] if said else None), notes
    if said and found.digest is None and said[0].name == found.name:
        found = Base(found.name, said[0].digest, found.layers, found.steps, found.told_by)
    return found, notes


def _is_below(candidate: Candidate, diff_ids: Sequence[Digest]) -> bool:
    """Whether all its layers are the lowest ones here: then its topmost ChainID is one of this image's too."""
    count = len(candidate.diff_ids)
    return 0 < count <= len(diff_ids) and tuple(diff_ids[:count]) == candidate.diff_ids


def _not_a_base(candidate: Candidate, diff_ids: Sequence[Digest]) -> str:
    shared = 0
    for theirs, ours in zip(candidate.diff_ids, diff_ids, strict=False):
        if theirs != ours:
            break
        shared += 1
    if not candidate.diff_ids:
        return f"{candidate.name} has no layers: it can be no base"
    of = f"{shared} of its {len(candidate.diff_ids)} layers are the lowest here"
    return f"{candidate.name} is no base of this image: {of if shared else 'not one of its layers is the lowest here'}"


def _steps_of(base: Candidate, history: Sequence[HistoryEntry]) -> int | None:
    count = len(base.history)
    return count if 0 < count <= len(history) and tuple(history[:count]) == base.history else None


def steps_of_layers(history: Sequence[HistoryEntry], layers: int) -> int | None:
    """The entries up to the one that made the last of so many layers. Those behind it may belong below all the same."""
    if layers == 0:
        return 0
    makers = [index for index, entry in enumerate(history) if not entry.empty_layer]
    return makers[layers - 1] + 1 if layers <= len(makers) else None


def _from_comments(history: Sequence[HistoryEntry], layers: int) -> Base | None:
    """Buildah names the base in the comment of the first entry of a build; older ones, for one layer, of the last."""
    named = [
        (index, match[1])
        for index, entry in enumerate(history)
        if (match := _FROM.fullmatch(entry.comment)) and not _OF_THE_SAME_BUILD.fullmatch(match[1])
    ]
    if not named:
        return None
    index, name = named[-1]
    below = sum(not entry.empty_layer for entry in history[:index])
    if sum(not entry.empty_layer for entry in history) != layers:
        return Base(name, None, None, None, HISTORY)
    steps: int | None = index
    if index == len(history) - 1 and index and history[index - 1].empty_layer:
        steps = None  # the entries without a layer before it may be of the same build
    return Base(name, None, below, steps, HISTORY)
