"""The one place that wires a source, its layers and the analyses into an ``Inspection``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from layerscope.filesystem.advice import VolumeFrom, advise
from layerscope.filesystem.stack import Stack
from layerscope.history.base import find_base
from layerscope.history.declared import dropped_steps, layers_after, volume_step
from layerscope.history.engineaccount import join_engine_history, with_engine_bytes
from layerscope.history.join import join_history
from layerscope.layers.blob import ReadLayer
from layerscope.oci.digest import Digest, chain_ids
from layerscope.volumes.declared import DeclaredVolume, PathBelow, declared_volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from layerscope.filesystem.advice import Advice
    from layerscope.filesystem.changes import LayerChanges
    from layerscope.filesystem.dive import DiveFigures
    from layerscope.filesystem.reclaim import Reclaimable
    from layerscope.filesystem.stack import Filesystem
    from layerscope.history.base import Base, Candidate
    from layerscope.history.instruction import HistoryStep, Instruction, JoinedHistory
    from layerscope.layers.blob import SkippedLayer
    from layerscope.layers.index import LayerIndex
    from layerscope.layers.reader import LayerReader
    from layerscope.oci.config import ImageConfig
    from layerscope.oci.platform import Platform
    from layerscope.packages.package import Packages
    from layerscope.sources.image import Image
    from layerscope.volumes.mountpoint import MountPoint, MountRequest
    from layerscope.volumes.summary import EngineSummary


@dataclass(frozen=True, slots=True)
class ImageReport:
    """Which image this is and where it came from."""

    reference: str
    source: str
    """``registry``, ``docker``, ``podman``, ``docker-archive``, ``oci-archive`` or ``oci-dir``."""
    digest: Digest | None
    """Of the manifest; None where the source has none."""
    index_digest: Digest | None
    media_type: str | None
    platforms: tuple[Platform, ...]
    annotations: dict[str, str]
    config: ImageConfig
    mirror: str = ""
    """The mirror (``https://host:port``) that a registry's image was really read from; empty where it was none."""


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer. Sizes are bytes; None is what is not known: no manifest, or a skipped layer in the way."""

    index: int
    digest: Digest | None
    diff_id: Digest
    chain_id: Digest
    media_type: str | None
    compression: str | None
    compressed_bytes: int | None
    uncompressed_bytes: int | None
    file_bytes: int | None
    entries: int | None
    instruction: Instruction
    changes: LayerChanges | None
    reclaimable_bytes: int | None
    """Of this layer's own bytes, those that it or a layer above buried."""
    skipped: str | None
    """Why the layer could not be read, else None."""
    is_base: bool | None = None
    """Whether it is the base image's; None where nothing tells where that ends."""
    member: str = ""
    """What an archive in Docker's form calls the layer; empty elsewhere."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the image, in bytes. None where a skipped layer or a missing manifest leaves them unknown."""

    layers: int
    entries: int | None
    compressed_bytes: int | None
    uncompressed_bytes: int | None
    file_bytes: int | None
    squashed_bytes: int | None
    reclaimable_bytes: int | None
    duplicate_bytes: int | None
    efficiency: float | None
    """``squashed_bytes`` / ``file_bytes``; 1.0 for an image without content."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could not be read or placed."""

    layer: int
    path: bytes | None
    """The entry; None when it is the whole layer."""
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd but legal. ``layer`` is None where it concerns the image."""

    layer: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything layerscope found out about one image: what every renderer and every program reads."""

    image: ImageReport
    totals: Totals
    layers: tuple[LayerReport, ...]
    history: tuple[HistoryStep, ...]
    reclaimable: tuple[Reclaimable, ...] | None
    """Everything buried, largest first; None where a skipped layer leaves it unknown."""
    volumes: tuple[DeclaredVolume, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[Note, ...]
    complete: bool
    """Whether everything was read: nothing skipped, the layers not left out."""
    filesystem: Filesystem | None
    """The merged tree; None when the layers were not read (``history``)."""
    packages: Packages | None = None
    """Which package owns which bytes; None unless the reader had the probe ``PACKAGES``, and where a skipped layer
    leaves it unknown. What could not be read of a package database is in ``skipped``."""
    base: Base | None = None
    """The image it was built upon, as far as somebody tells."""
    advice: tuple[Advice, ...] | None = None
    """What another way of building would not ship, largest first; None where a skipped layer leaves it unknown, and
    where nobody asked for it."""
    dive: DiveFigures | None = None
    """dive's figures, where they were asked for."""
    engine: EngineSummary | None = None
    """What an engine says of itself; None where none was asked. It is of the host, and differs between hosts."""


def inspect_image(
    image: Image,
    reader: LayerReader,
    *,
    keep_changes_of: int | None = None,
    keep_buried: bool = False,
    bases: Sequence[Candidate] = (),
    proven: Base | None = None,
    beside: Inspection | None = None,
    advised: bool = True,
    dived: bool = False,
) -> Inspection:
    """Read every layer of ``image`` and analyse it. Raises what reading raises; the image stays open.

    What the reader's probes ask for is analysed too: with ``PACKAGES`` among them, ``packages``. ``bases`` are images
    that may be its base: the one whose layers are the lowest here is; ``proven`` is the base its provenance names.
    ``beside`` is an inspection by the same probes that this one will be held against: every layer is read and verified
    all the same, but what turns out to be in both is in memory once, the entries of a layer and, where all layers are
    the same, what they add up to. Without ``advised`` no advice is computed, for who will not give it; with ``dived``
    dive's figures are, while layers are read (else see ``dive_of``).
    """
    items = reader.read_in_order(image.layers)
    if beside is not None and beside.filesystem is not None:
        items = _with_entries_of(beside, beside.filesystem, items)
        if [blob.diff_id for blob in image.layers] == [layer.diff_id for layer in beside.layers]:
            read = list(items)
            if not any(layer.skipped for layer in beside.layers) and all(isinstance(item, ReadLayer) for item in read):
                return _build(image, read, beside.filesystem, (bases, proven), beside.packages, advised=advised)
            items = iter(read)
    stack = Stack(keep_changes_of=keep_changes_of, keep_buried=keep_buried)
    packages = None
    if reader.probes:  # few ask for packages, and their room takes long to load
        from layerscope.packages.probe import PACKAGES
        from layerscope.packages.stack import PackageStack

        packages = PackageStack() if PACKAGES in reader.probes else None
    dive = None
    if dived:
        from layerscope.filesystem.dive import DiveStack

        dive = DiveStack()
    read = []
    for item in items:
        if isinstance(item, ReadLayer):
            stack.push(item.index)
            if packages is not None:
                packages.push(item.index, item.probes[PACKAGES.id, PACKAGES.version], stack.tree.root)
            if dive is not None:
                dive.push(item.index)
        else:
            packages = dive = None  # what the layer would bring or remove is not known
        read.append(item)
    filesystem = stack.finish()
    owned = packages.finish(filesystem.squashed_bytes) if packages else None
    inspection = _build(image, read, filesystem, (bases, proven), owned, advised=advised)
    return inspection if dive is None else replace(inspection, dive=dive.finish())


def _with_entries_of(
    other: Inspection, filesystem: Filesystem, items: Iterable[ReadLayer | SkippedLayer]
) -> Iterator[ReadLayer | SkippedLayer]:
    """Layers as they were read, those that ``other`` has too with its index of them."""
    diff_ids = (layer.diff_id for layer in other.layers if not layer.skipped)
    known = dict(zip(diff_ids, filesystem.tree.indexes, strict=True))
    for item in items:
        if isinstance(item, ReadLayer) and item.diff_id in known:
            item = replace(item, index=known[item.diff_id])
        yield item


def inspect_metadata(image: Image, *, bases: Sequence[Candidate] = ()) -> Inspection:
    """What manifest, config and history alone tell: no layer byte is asked for."""
    return _build(image, [None] * len(image.layers), None, (bases, None))


def dive_of(inspection: Inspection) -> DiveFigures | None:
    """Dive's figures: those that are there, else computed. None where a layer was skipped or none was read."""
    filesystem = inspection.filesystem
    if inspection.dive is not None or filesystem is None or any(layer.skipped for layer in inspection.layers):
        return inspection.dive
    from layerscope.filesystem.dive import dive_figures

    return dive_figures(filesystem.tree.indexes)


def with_lines(inspection: Inspection, steps: Mapping[int, int], layers: Mapping[int, int]) -> Inspection:
    """The inspection with the Dockerfile's line at the instruction of each history entry, and of each layer."""

    def at(instruction: Instruction, line: int | None) -> Instruction:
        return instruction if line is None else replace(instruction, line=line)

    return replace(
        inspection,
        layers=tuple(
            replace(layer, instruction=at(layer.instruction, layers.get(layer.index))) for layer in inspection.layers
        ),
        history=tuple(
            replace(step, instruction=at(step.instruction, steps.get(step.index))) for step in inspection.history
        ),
    )


def _build(
    image: Image,
    read: Sequence[ReadLayer | SkippedLayer | None],
    filesystem: Filesystem | None,
    bases: tuple[Sequence[Candidate], Base | None],
    packages: Packages | None = None,
    *,
    advised: bool = False,
) -> Inspection:
    joined = _history(image)
    base, remarks = find_base(
        [blob.diff_id for blob in image.layers],
        image.config.history,
        image.annotations,
        image.config.run.labels,
        *bases,
    )
    whole = filesystem is not None and all(isinstance(item, ReadLayer) for item in read)
    layers = _layers(image, read, filesystem if whole else None, joined.layers, base)
    skipped = [
        Skipped(n, None, item.reason)
        for n, item in enumerate(read)
        if item is not None and not isinstance(item, ReadLayer)
    ]
    notes = [Note(None, text) for text in (*image.notes, *joined.notes, *remarks)]
    if filesystem is not None:
        positions = [n for n, item in enumerate(read) if isinstance(item, ReadLayer)]
        skipped += [Skipped(positions[item.layer], item.path, item.reason) for item in filesystem.unplaced]
        notes += [Note(positions[layer], text) for layer, text in filesystem.notes]
    if packages is not None:
        skipped += [Skipped(item.layer, item.path, item.reason) for item in packages.unread]
        notes += [Note(layer, text) for layer, text in packages.notes]
    totals = _totals(layers, filesystem if whole else None)
    return Inspection(
        image=ImageReport(
            reference=image.reference,
            source=image.source,
            digest=image.manifest.digest if image.manifest else None,
            index_digest=image.index_digest,
            media_type=image.manifest.media_type if image.manifest else None,
            platforms=image.platforms,
            annotations=image.annotations,
            config=image.config,
            mirror=image.endpoint if image.mirror else "",
        ),
        totals=totals,
        layers=layers,
        history=joined.steps,
        reclaimable=_largest_first(filesystem.reclaimable) if whole and filesystem else None,
        volumes=tuple(_volume(path, filesystem if whole else None) for path in image.config.run.volumes),
        skipped=tuple(skipped),
        notes=tuple(notes),
        complete=not skipped and filesystem is not None,
        filesystem=filesystem,
        packages=packages,
        base=base,
        advice=_advice(image, joined.steps, filesystem, totals.file_bytes or 0)
        if advised and whole and filesystem
        else None,
    )


def _advice(
    image: Image, steps: tuple[HistoryStep, ...], filesystem: Filesystem, file_bytes: int
) -> tuple[Advice, ...]:
    volumes = []
    for path in image.config.run.volumes:
        later = layers_after(volume_step(path, steps), steps)
        if later:
            volumes.append(VolumeFrom(path.encode("utf-8", "surrogatepass"), min(later)))
    return advise(filesystem, volumes, file_bytes=file_bytes)


def _history(image: Image) -> JoinedHistory:
    history, layers = image.config.history, len(image.layers)
    if not image.history_from_engine:
        return with_engine_bytes(join_history(history, layers), image.engine_bytes)
    linux = image.config.platform is None or image.config.platform.os == "linux"
    joined = join_engine_history(history, image.engine_bytes, layers, linux=linux)
    return with_engine_bytes(joined, image.engine_bytes)


def _layers(
    image: Image,
    read: Sequence[ReadLayer | SkippedLayer | None],
    filesystem: Filesystem | None,
    instructions: tuple[Instruction, ...],
    base: Base | None,
) -> tuple[LayerReport, ...]:
    buried = [0] * len(image.layers)
    for item in filesystem.reclaimable if filesystem else ():
        buried[item.layer] += item.bytes
    below = base.layers if base is not None else None
    chain = chain_ids([blob.diff_id for blob in image.layers])
    reports = []
    for number, (blob, found) in enumerate(zip(image.layers, read, strict=True)):
        index: LayerIndex | None = found.index if isinstance(found, ReadLayer) else None
        reports.append(
            LayerReport(
                index=number,
                digest=blob.digest,
                diff_id=blob.diff_id,
                chain_id=chain[number],
                media_type=blob.media_type or None,
                compression=found.compression if isinstance(found, ReadLayer) else None,
                compressed_bytes=blob.size if image.manifest else None,
                uncompressed_bytes=index.uncompressed_bytes if index is not None else None,
                file_bytes=index.file_bytes if index is not None else None,
                entries=len(index) if index is not None else None,
                instruction=instructions[number],
                changes=filesystem.changes[number] if filesystem else None,
                reclaimable_bytes=buried[number] if filesystem else None,
                skipped=None if found is None or isinstance(found, ReadLayer) else found.reason,
                is_base=None if below is None else number < below,
                member=blob.member,
            )
        )
    return tuple(reports)


def _totals(layers: tuple[LayerReport, ...], filesystem: Filesystem | None) -> Totals:
    file_bytes = _sum(layer.file_bytes for layer in layers)
    squashed = filesystem.squashed_bytes if filesystem else None
    efficiency = None
    if squashed is not None and file_bytes is not None:
        efficiency = squashed / file_bytes if file_bytes else 1.0
    return Totals(
        layers=len(layers),
        entries=_sum(layer.entries for layer in layers),
        compressed_bytes=_sum(layer.compressed_bytes for layer in layers),
        uncompressed_bytes=_sum(layer.uncompressed_bytes for layer in layers),
        file_bytes=file_bytes,
        squashed_bytes=squashed,
        reclaimable_bytes=_sum(layer.reclaimable_bytes for layer in layers),
        duplicate_bytes=filesystem.duplicate_bytes if filesystem else None,
        efficiency=efficiency,
    )


def _sum(values: Iterable[int | None]) -> int | None:
    """The sum, or None if any part of it is unknown."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _largest_first(reclaimable: tuple[Reclaimable, ...]) -> tuple[Reclaimable, ...]:
    ordered = sorted(reclaimable, key=attrgetter("path", "layer", "buried_by"))
    return tuple(sorted(ordered, key=attrgetter("bytes"), reverse=True))  # what is equal stays in order


def inspect_mounts(inspection: Inspection, requests: Iterable[MountRequest]) -> tuple[MountPoint, ...]:
    """What each mount would mean for what the image ships there; sizes are None where a layer was skipped."""
    from layerscope.volumes.mountpoint import mount_point

    whole = inspection.filesystem if inspection.totals.squashed_bytes is not None else None
    found = []
    for request in requests:
        declared_at = volume_step(request.path, inspection.history)
        is_directory, below = _below(request.path, whole) if whole is not None else (None, None)
        later = layers_after(declared_at, inspection.history)
        dropped = dropped_steps(declared_at, inspection.history)
        found.append(mount_point(request, below, is_directory, declared_at, later, dropped))
    return tuple(found)


def _volume(path: str, filesystem: Filesystem | None) -> DeclaredVolume:
    return declared_volume(path, None if filesystem is None else _below(path, filesystem)[1])


def _below(path: str, filesystem: Filesystem) -> tuple[bool | None, list[PathBelow]]:
    """Whether a directory is at ``path`` (None: nothing is), and what is below it; a file stands for itself."""
    tree = filesystem.tree
    node = tree.find(path.encode("utf-8", "surrogatepass"))  # a config may hold lone surrogates
    if node is None:
        return None, []
    found = [child for _, child in tree.walk(node)] if node.is_directory else [node]
    return node.is_directory, [PathBelow(each.brought, (each.layer, each.entry), tree.size(each)) for each in found]
