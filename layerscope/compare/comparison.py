"""Two inspections compared: the one call, and the value that comes of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.compare.aspects import Ignore
from layerscope.compare.files import FilesCompared, compare_files, no_difference
from layerscope.compare.layers import LayersCompared, compare_layers
from layerscope.compare.settings import (
    Setting,
    compare_config,
    compare_environment,
    compare_platform,
    compare_strings,
)
from layerscope.compare.steps import ChangedStep, compare_history

if TYPE_CHECKING:
    from collections.abc import Collection

    from layerscope.inspection import Inspection


class Kind(enum.StrEnum):
    """What of two images is compared."""

    LAYERS = "layers"
    FILES = "files"
    PLATFORM = "platform"
    CONFIG = "config"
    ENVIRONMENT = "environment"
    LABELS = "labels"
    ANNOTATIONS = "annotations"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything in which two images differ. None is what is not known."""

    before: Inspection
    after: Inspection
    layers: LayersCompared
    files: FilesCompared | None
    """None where layers were skipped or not read, and the images are not the same layers anyway."""
    platform: Setting | None
    """None where it is the same."""
    config: tuple[Setting, ...]
    environment: tuple[Setting, ...]
    labels: tuple[Setting, ...]
    annotations: tuple[Setting, ...] | None
    """None where a source has no manifest to write them on."""
    history: tuple[ChangedStep, ...]

    def differs(self, kinds: Collection[Kind] = frozenset(Kind)) -> bool:
        """Whether the images differ in any of ``kinds``. Files that are not known count as different."""
        found = {
            Kind.LAYERS: self.layers.differ,
            Kind.FILES: self.files is None or bool(self.files.changes),
            Kind.PLATFORM: self.platform is not None,
            Kind.CONFIG: bool(self.config),
            Kind.ENVIRONMENT: bool(self.environment),
            Kind.LABELS: bool(self.labels),
            Kind.ANNOTATIONS: bool(self.annotations),
            Kind.HISTORY: bool(self.history),
        }
        return any(found[kind] for kind in kinds)


def compare(before: Inspection, after: Inspection, ignore: Ignore | None = None) -> Comparison:
    """Compare two images, whatever their sources. Pure: nothing is read, nothing in the inspections changes."""
    ignore = ignore or Ignore()
    one, other = before.image, after.image
    with_manifests = one.digest is not None and other.digest is not None
    return Comparison(
        before=before,
        after=after,
        layers=compare_layers(before.layers, after.layers),
        files=_files(before, after, ignore),
        platform=compare_platform(one, other),
        config=compare_config(one.config, other.config, created=not ignore.created),
        environment=compare_environment(one.config.run.env, other.config.run.env),
        labels=compare_strings(one.config.run.labels, other.config.run.labels),
        annotations=compare_strings(one.annotations, other.annotations) if with_manifests else None,
        history=compare_history(before.history, after.history, created=not ignore.created),
    )


def _files(before: Inspection, after: Inspection, ignore: Ignore) -> FilesCompared | None:
    if [layer.diff_id for layer in before.layers] == [layer.diff_id for layer in after.layers]:
        return no_difference()  # the same layers, so the same files, read or not
    known = all(
        inspection.filesystem is not None and inspection.totals.squashed_bytes is not None
        for inspection in (before, after)
    )
    if not known:
        return None
    assert before.filesystem is not None and after.filesystem is not None
    return compare_files(before.filesystem, after.filesystem, ignore)
