"""Two inspections compared: the one call, and the value that comes of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.compare.aspects import Ignore
from layerscope.compare.files import FilesCompared, compare_files, no_difference
from layerscope.compare.layers import LayersCompared, compare_layers
from layerscope.compare.packages import PackagesCompared, compare_packages, no_changed_package
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
    PACKAGES = "packages"
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
    packages: PackagesCompared | None
    """None where one of the inspections has none, or a package database of one could not be read."""
    platform: Setting | None
    """None where it is the same."""
    config: tuple[Setting, ...]
    environment: tuple[Setting, ...]
    labels: tuple[Setting, ...]
    annotations: tuple[Setting, ...] | None
    """None where a source has no manifest to write them on."""
    history: tuple[ChangedStep, ...]

    def differs(self, kinds: Collection[Kind] = frozenset(Kind)) -> bool:
        """Whether the images differ in any of ``kinds``. What could not be read counts as different."""
        unread = not (self.before.complete and self.after.complete)
        found = {
            Kind.LAYERS: self.layers.differ,
            Kind.FILES: self.files is None or bool(self.files.changes),
            Kind.PACKAGES: unread if self.packages is None else bool(self.packages.changes),
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
        packages=_packages(before, after),
        platform=compare_platform(one, other),
        config=compare_config(one.config, other.config, created=not ignore.created),
        environment=compare_environment(one.config.run.env, other.config.run.env),
        labels=compare_strings(one.config.run.labels, other.config.run.labels),
        annotations=compare_strings(one.annotations, other.annotations) if with_manifests else None,
        history=compare_history(before.history, after.history, created=not ignore.created),
    )


def _have_same_layers(before: Inspection, after: Inspection) -> bool:
    """Whether what the layers add up to is the same, read or not."""
    return [layer.diff_id for layer in before.layers] == [layer.diff_id for layer in after.layers]


def _packages(before: Inspection, after: Inspection) -> PackagesCompared | None:
    if _have_same_layers(before, after):
        return no_changed_package()
    one, other = before.packages, after.packages
    if one is None or other is None or one.unread or other.unread:
        return None
    return compare_packages(one, other)


def _files(before: Inspection, after: Inspection, ignore: Ignore) -> FilesCompared | None:
    if _have_same_layers(before, after):
        return no_difference()
    known = all(
        inspection.filesystem is not None and inspection.totals.squashed_bytes is not None
        for inspection in (before, after)
    )
    if not known:
        return None
    assert before.filesystem is not None and after.filesystem is not None
    return compare_files(before.filesystem, after.filesystem, ignore)
