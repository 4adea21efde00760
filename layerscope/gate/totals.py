"""Budgets: sizes and counts of the image, and of single layers and files in it."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from layerscope.gate.subject import Finding, budget, indexes, missing_layers, selected, shown_path, unknown
from layerscope.gate.verdict import Offender
from layerscope.layers.entry import is_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layerscope.gate.check import Check
    from layerscope.gate.subject import Subject
    from layerscope.inspection import LayerReport

LARGEST = 10
"""What a total names of that which makes it up."""
Figure = "Callable[[LayerReport], int | None]"


def content(subject: Subject, check: Check) -> Finding:
    """Σ fileBytes."""
    return _sum(subject, check, lambda layer: layer.file_bytes)


def compressed(subject: Subject, check: Check) -> Finding:
    """Σ compressedBytes, which a source without a manifest does not know."""
    return _sum(subject, check, lambda layer: layer.compressed_bytes)


def uncompressed(subject: Subject, check: Check) -> Finding:
    """Σ uncompressedBytes."""
    return _sum(subject, check, lambda layer: layer.uncompressed_bytes)


def entries(subject: Subject, check: Check) -> Finding:
    """Members of all layers."""
    return _sum(subject, check, lambda layer: layer.entries, bytes_too=False)


def layers(subject: Subject, check: Check) -> Finding:
    """How many layers there are."""
    chosen = selected(subject, check.layers)
    if isinstance(chosen, Finding):
        return chosen
    return budget(check, len(chosen))


def squashed(subject: Subject, check: Check) -> Finding:
    """Bytes of the merged filesystem."""
    inspection = subject.inspection
    return budget(
        check,
        inspection.totals.squashed_bytes,
        _largest_merged(subject),
        why=_why_unknown(subject, "the merged filesystem"),
    )


def single_layer(subject: Subject, check: Check) -> Finding:
    """The largest of the layers, by content; each that is too large is named."""
    chosen = selected(subject, check.layers)
    if isinstance(chosen, Finding):
        return chosen
    assert check.limit is not None
    known = [layer for layer in chosen if layer.file_bytes is not None]
    largest = max((layer.file_bytes or 0 for layer in known), default=0)
    over = _largest([layer for layer in known if (layer.file_bytes or 0) > check.limit.value], _content_of, None)
    value = largest if len(known) == len(chosen) else None
    return budget(check, value, over, why=_why_unknown(subject, "its content"), least=largest)


def single_file(subject: Subject, check: Check) -> Finding:
    """The largest file that any layer ships; each that is too large is named."""
    assert check.limit is not None
    largest, over = 0, []
    for number, index in indexes(subject.inspection):
        largest = max(largest, max(index.sizes, default=0))
        over += [
            (size, number, index.paths[position])
            for position, size in enumerate(index.sizes)
            if size > check.limit.value and not is_marker(index.paths[position])
        ]
    over.sort(key=lambda item: (-item[0], item[2], item[1]))
    offenders = [Offender(shown_path(path), number, path=path, bytes=size) for size, number, path in over]
    lacking = missing_layers(subject.inspection)
    return budget(check, None if lacking else largest, offenders, why=lacking, least=largest)


def reclaimable(subject: Subject, check: Check) -> Finding:
    """Bytes that layers ship and the merged filesystem does not have; of some layers, what of theirs is buried."""
    assert check.limit is not None
    inspection = subject.inspection
    chosen = selected(subject, check.layers)
    if isinstance(chosen, Finding):
        return chosen
    if inspection.reclaimable is None:
        return unknown(_why_unknown(subject, "what could be reclaimed"), check.limit.unit)
    numbers = {layer.index for layer in chosen}
    buried = [item for item in inspection.reclaimable if item.layer in numbers]
    value = sum(item.bytes for item in buried)
    offenders = [
        Offender(
            shown_path(item.path),
            item.layer,
            path=item.path,
            bytes=item.bytes,
            detail=f"{item.cause} by layer {item.buried_by}",
        )
        for item in buried[:LARGEST]
    ]
    return _share(check, value, sum(layer.file_bytes or 0 for layer in chosen), offenders, "content")


def duplicate(subject: Subject, check: Check) -> Finding:
    """Equal content at several places of the merged filesystem."""
    assert check.limit is not None
    totals = subject.inspection.totals
    if totals.duplicate_bytes is None or totals.squashed_bytes is None:
        return unknown(_why_unknown(subject, "what is there twice"), check.limit.unit)
    return _share(check, totals.duplicate_bytes, totals.squashed_bytes, [], "the merged filesystem")


def _share(check: Check, value: int, whole: int, offenders: Iterable[Offender], of: str) -> Finding:
    """Bytes held to a size, or to a percentage of ``whole``."""
    assert check.limit is not None
    if check.limit.unit != "percent":
        return budget(check, value, offenders)
    return budget(
        check, 100 * value / whole if whole else 0.0, offenders, detail=f"{value:,} of {whole:,} bytes of {of}"
    )


def _sum(
    subject: Subject, check: Check, figure: Callable[[LayerReport], int | None], *, bytes_too: bool = True
) -> Finding:
    chosen = selected(subject, check.layers)
    if isinstance(chosen, Finding):
        return chosen
    found = [(layer, figure(layer)) for layer in chosen]
    known = sum(value or 0 for _, value in found)
    whole = all(value is not None for _, value in found)
    offenders = _largest(chosen, figure, LARGEST) if bytes_too else ()
    return budget(check, known if whole else None, offenders, why=_why_unknown(subject, "its size"), least=known)


def _content_of(layer: LayerReport) -> int | None:
    return layer.file_bytes


def _largest(
    layers: Iterable[LayerReport], figure: Callable[[LayerReport], int | None], top: int | None
) -> tuple[Offender, ...]:
    sized = sorted(((figure(layer) or 0, layer.index) for layer in layers), key=lambda item: (-item[0], item[1]))
    return tuple(Offender(f"layer {number}", number, bytes=size) for size, number in sized[:top] if size)


def _largest_merged(subject: Subject) -> tuple[Offender, ...]:
    filesystem = subject.inspection.filesystem
    if filesystem is None or missing_layers(subject.inspection):
        return ()
    tree = filesystem.tree
    sized = ((tree.size(node), path, node.layer) for path, node in tree.walk() if node.children is None)
    largest = heapq.nsmallest(LARGEST, sized, key=lambda item: (-item[0], item[1]))
    return tuple(Offender(shown_path(path), layer, path=path, bytes=size) for size, path, layer in largest if size)


def _why_unknown(subject: Subject, what: str) -> str:
    inspection = subject.inspection
    lacking = missing_layers(inspection)
    if inspection.image.media_type is None and not lacking:
        source = inspection.image.source
        return (
            f"{what} is not known: what comes from {source} has no manifest; judge the image in a registry or a layout"
        )
    return f"{what} is not known: {lacking}" if lacking else f"{what} is not known"
