"""Rules on sizes and counts: what there may be at most, what may be waste, by how much it may grow."""

from __future__ import annotations

from layerscope.gate import growing, totals
from layerscope.gate.limit import Kind
from layerscope.gate.rule import Rule

_SIZE = "A size is written in SI units (250MB, 1000 each) or IEC units (250MiB, 1024 each), or in bytes."
_NO_MANIFEST = "Unknown where the source has no manifest (docker-archive, an engine without the containerd store)."
_SKIPPED = "Unknown where a layer cannot be read, unless what is known breaks it already."
_BASELINE = (
    "Growth is measured against --baseline; without one it is unknown. A percentage is of what the baseline has. "
    "Shrinking never breaks it."
)

BUDGETS: tuple[Rule, ...] = (
    Rule(
        "max-size",
        Kind.SIZE,
        "content of all layers, the sum of fileBytes",
        f"The content of the regular files of all layers together: the sum of fileBytes. {_SIZE} {_SKIPPED}",
        '"250MB"',
        totals.content,
        on_layers=True,
    ),
    Rule(
        "max-compressed-size",
        Kind.SIZE,
        "compressed size of all layers",
        f"What a registry stores and a pull transfers: the sum of compressedBytes. {_SIZE} {_NO_MANIFEST}",
        '"100MB"',
        totals.compressed,
        on_layers=True,
    ),
    Rule(
        "max-uncompressed-size",
        Kind.SIZE,
        "uncompressed size of all layers",
        f"The tar streams of all layers, headers and padding too: the sum of uncompressedBytes. {_SIZE} {_SKIPPED}",
        '"300MB"',
        totals.uncompressed,
        on_layers=True,
    ),
    Rule(
        "max-squashed-size",
        Kind.SIZE,
        "content of the merged filesystem",
        f"What a container sees: squashedBytes, each inode once. {_SIZE} Unknown where a layer cannot be read.",
        '"240MB"',
        totals.squashed,
    ),
    Rule(
        "max-layers",
        Kind.COUNT,
        "number of layers",
        "How many layers the image has. Never unknown.",
        "20",
        totals.layers,
        unit="layers",
        on_layers=True,
    ),
    Rule(
        "max-single-layer",
        Kind.SIZE,
        "content of the largest layer",
        "The content (fileBytes) of each layer alone: of all layers, or of those that index, instruction or from pick. "
        f"Every layer above the limit is named. {_SIZE} {_SKIPPED}",
        '"100MB"',
        totals.single_layer,
        on_layers=True,
        itemised=True,
    ),
    Rule(
        "max-single-file",
        Kind.SIZE,
        "size of the largest file",
        "The largest regular file that any layer ships, also one that a later layer hides: it is transferred all the "
        f"same. Every file above the limit is named. {_SIZE} {_SKIPPED}",
        '"50MB"',
        totals.single_file,
        itemised=True,
    ),
    Rule(
        "max-total-entries",
        Kind.COUNT,
        "number of entries of all layers",
        f"Members that tar -t lists, of all layers together. {_SKIPPED}",
        "50000",
        totals.entries,
        unit="entries",
        on_layers=True,
    ),
    Rule(
        "max-reclaimable",
        Kind.AMOUNT,
        "bytes that are shipped but hidden in the end",
        "reclaimableBytes: content that a later layer deletes, replaces, overwrites or rewrites; of some layers, what "
        f"of their content is buried. {_SIZE} A percentage is of the content. Unknown where a layer cannot be read.",
        '"5%"',
        totals.reclaimable,
        group="Waste",
        on_layers=True,
        whole=100,
    ),
    Rule(
        "max-duplicate",
        Kind.AMOUNT,
        "bytes that are there more than once",
        f"duplicateBytes: equal content of different files of the merged filesystem, beyond the first. {_SIZE} "
        "A percentage is one of the merged filesystem. Unknown where a layer cannot be read.",
        '"10MB"',
        totals.duplicate,
        group="Waste",
        whole=100,
    ),
    Rule(
        "max-growth",
        Kind.AMOUNT,
        "growth of the content",
        "How much more content (the sum of fileBytes) all layers ship than the baseline's. The report names the "
        f"packages and files that brought it, with their layer and instruction. {_BASELINE}",
        '"5%"',
        growing.content,
        group="Growth",
    ),
    Rule(
        "max-compressed-growth",
        Kind.AMOUNT,
        "growth of the compressed size",
        f"How many more compressed bytes all layers have than the baseline's. {_BASELINE} {_NO_MANIFEST}",
        '"5%"',
        growing.compressed,
        group="Growth",
    ),
    Rule(
        "max-layer-growth",
        Kind.AMOUNT,
        "growth of the layer that grew most",
        "Each layer against the one of the baseline that it takes the place of: the same instruction, else the next of "
        f"the same kind. A new layer grows by all it has. {_BASELINE}",
        '"10MB"',
        growing.layer,
        group="Growth",
        itemised=True,
    ),
    Rule(
        "max-package-growth",
        Kind.AMOUNT,
        "growth of all packages",
        f"What layers ship for all installed packages together, against the baseline's. {_BASELINE}",
        '"10MB"',
        growing.packages,
        group="Growth",
    ),
    Rule(
        "max-added-layers",
        Kind.COUNT,
        "layers more than the baseline has",
        f"The number of layers, less the baseline's. {_BASELINE}",
        "0",
        growing.added_layers,
        unit="layers",
        group="Growth",
    ),
    Rule(
        "max-added-packages",
        Kind.COUNT,
        "packages that the baseline has not",
        f"By manager and name; another version is no other package. {_BASELINE}",
        "0",
        growing.added_packages,
        unit="packages",
        group="Growth",
    ),
)
