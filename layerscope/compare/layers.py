"""Which layers two images share, and what became of the others."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.compare.alignment import Items, Pairs, align, fill, match

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from layerscope.inspection import LayerReport


class LayerStatus(enum.StrEnum):
    """What became of a layer."""

    SHARED = "shared"
    """The same DiffID, in the same order among the layers that both have."""
    MOVED = "moved"
    """The same DiffID, but above or below another layer that both have."""
    REPLACED = "replaced"
    """Another layer in its place, made by the same instruction or by one of the same kind."""
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class LayerPair:
    """A layer of each image, or of one. Differences are bytes after less bytes before; None where one is unknown."""

    status: LayerStatus
    before: LayerReport | None
    after: LayerReport | None

    @property
    def same_chain(self) -> bool:
        """Whether all below is the same too: the same ChainID, so that an engine keeps it once, unpacked."""
        return self.before is not None and self.after is not None and self.before.chain_id == self.after.chain_id

    @property
    def file_bytes(self) -> int | None:
        """Content of regular files."""
        return 0 if self._same_stream else self._difference(lambda layer: layer.file_bytes)

    @property
    def uncompressed_bytes(self) -> int | None:
        """The tar stream."""
        return 0 if self._same_stream else self._difference(lambda layer: layer.uncompressed_bytes)

    @property
    def compressed_bytes(self) -> int | None:
        """The blob as stored: may differ for one DiffID, compressed twice."""
        if self.before is not None and self.after is not None and self.before.digest == self.after.digest is not None:
            return 0
        return self._difference(lambda layer: layer.compressed_bytes)

    @property
    def _same_stream(self) -> bool:
        return self.status in (LayerStatus.SHARED, LayerStatus.MOVED)

    def _difference(self, size: Callable[[LayerReport], int | None]) -> int | None:
        before = size(self.before) if self.before is not None else 0
        after = size(self.after) if self.after is not None else 0
        return None if before is None or after is None else after - before


@dataclass(frozen=True, slots=True)
class LayerTally:
    """Layers of one status: how many, and their differences added up; None where one of them is not known."""

    count: int
    file_bytes: int | None
    uncompressed_bytes: int | None
    compressed_bytes: int | None


@dataclass(frozen=True, slots=True)
class LayersCompared:
    """Every layer of both images once, bottom first. The tallies add up to the difference of the images' totals."""

    pairs: tuple[LayerPair, ...]
    tallies: dict[LayerStatus, LayerTally]
    """One a status, zeros included."""
    transfer_bytes: int | None
    """Stored bytes of the second image's blobs that the first has not: what a host that has the first pulls for the
    second. None where a source has no manifest."""

    @property
    def differ(self) -> bool:
        """Whether the two are not one stack."""
        return any(pair.status is not LayerStatus.SHARED for pair in self.pairs)


def compare_layers(before: Sequence[LayerReport], after: Sequence[LayerReport]) -> LayersCompared:
    """Align two stacks of layers.

    Layers with one DiffID belong together: what both stacks begin and end with, and between that a longest run in
    order (others are ``moved``). Between those, a layer replaces another where the same instruction made both, else
    where instructions of one kind did, each in order.
    """
    shared = align([str(layer.diff_id) for layer in before], [str(layer.diff_id) for layer in after])
    moved = _moved(before, after, shared)
    gone, come = {left for left, _ in moved}, {right for _, right in moved}
    paired = fill(shared, _texts(before, gone), _texts(after, come))
    paired = fill(paired, _kinds(before, gone), _kinds(after, come))
    pairs = _in_order(before, after, set(shared), paired, moved)
    return LayersCompared(
        pairs=tuple(pairs),
        tallies={status: _tally([pair for pair in pairs if pair.status is status]) for status in LayerStatus},
        transfer_bytes=_transfer(before, after),
    )


def _moved(before: Sequence[LayerReport], after: Sequence[LayerReport], shared: Pairs) -> Pairs:
    lefts, rights = {left for left, _ in shared}, {right for _, right in shared}
    left = [number for number in range(len(before)) if number not in lefts]
    right = [number for number in range(len(after)) if number not in rights]
    found = match([str(before[number].diff_id) for number in left], [str(after[number].diff_id) for number in right])
    return [(left[here], right[there]) for here, there in found]


def _texts(layers: Sequence[LayerReport], taken: set[int]) -> Items:
    """What made each layer, word by word; None where it is not known, or the layer is no longer to be paired."""
    return [None if layer.index in taken else layer.instruction.text or None for layer in layers]


def _kinds(layers: Sequence[LayerReport], taken: set[int]) -> Items:
    return [None if layer.index in taken else layer.instruction.kind for layer in layers]


def _in_order(
    before: Sequence[LayerReport],
    after: Sequence[LayerReport],
    shared: set[tuple[int, int]],
    paired: Pairs,
    moved: Pairs,
) -> list[LayerPair]:
    """Bottom first as the second image has them, with the first's own layers where they were."""
    origin = {right: left for left, right in moved}
    gone = set(origin.values())
    found: list[LayerPair] = []
    left, right = 0, 0
    for next_left, next_right in [*paired, (len(before), len(after))]:
        found += (
            LayerPair(LayerStatus.REMOVED, before[number], None)
            for number in range(left, next_left)
            if number not in gone
        )
        for number in range(right, next_right):
            if number in origin:
                found.append(LayerPair(LayerStatus.MOVED, before[origin[number]], after[number]))
            else:
                found.append(LayerPair(LayerStatus.ADDED, None, after[number]))
        if next_left < len(before):
            status = LayerStatus.SHARED if (next_left, next_right) in shared else LayerStatus.REPLACED
            found.append(LayerPair(status, before[next_left], after[next_right]))
        left, right = next_left + 1, next_right + 1
    return found


def _tally(pairs: Sequence[LayerPair]) -> LayerTally:
    return LayerTally(
        count=len(pairs),
        file_bytes=_sum([pair.file_bytes for pair in pairs]),
        uncompressed_bytes=_sum([pair.uncompressed_bytes for pair in pairs]),
        compressed_bytes=_sum([pair.compressed_bytes for pair in pairs]),
    )


def _sum(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _transfer(before: Sequence[LayerReport], after: Sequence[LayerReport]) -> int | None:
    if any(layer.digest is None or layer.compressed_bytes is None for layer in (*before, *after)):
        return None
    had = {layer.digest for layer in before}
    return sum({layer.digest: layer.compressed_bytes or 0 for layer in after if layer.digest not in had}.values())
