"""``layerscope files``."""

from __future__ import annotations

import dataclasses
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli import values
from layerscope.cli.exits import Exit, Finished
from layerscope.cli.options import (
    SELECTION,
    Common,
    ImageArgument,
    LimitOptions,
    ListFormat,
    ListFormatOption,
    OneLayer,
    Order,
    OutputOptions,
    RegistryChoice,
    option,
)
from layerscope.errors import NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from layerscope.filesystem.listing import FileRow
    from layerscope.inspection import Inspection, Skipped
    from layerscope.layers.reader import LayerReader
    from layerscope.report.page import Page
    from layerscope.sources.image import Image

_log = logging.getLogger(__name__)

EXAMPLES = """
layerscope files nginx:1.27 /etc/nginx
layerscope files ./image.tar --top 20
layerscope files app:ci --glob '*.pyc' --glob '__pycache__/'
layerscope files app:ci --layer 3
layerscope files app:ci --layer 3 --changes --format jsonl
layerscope files app:ci --deleted --top 20
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files, and in which order."""

    layer: OneLayer = None
    changes: Annotated[
        bool, option("--changes", panel=SELECTION, help="With --layer: what it changed against the layers below.")
    ] = False
    deleted: Annotated[
        bool,
        option(
            "--deleted",
            panel=SELECTION,
            help="What a layer brought and a later one deleted or overwrote; with --layer: what that layer brought.",
        ),
    ] = False
    glob: Annotated[
        list[str],
        option(
            "--glob",
            panel=SELECTION,
            parser=values.text,
            metavar="PATTERN",
            help="Only what gitignore patterns match; may be repeated, the last that matches decides, ! excludes.",
        ),
    ] = dataclasses.field(default_factory=list)
    sort: Annotated[
        Order | None,
        option(
            "--sort", panel=SELECTION, metavar="size|path", help="Largest first, or by path. Default: as they come."
        ),
    ] = None
    top: Annotated[
        int | None,
        option(
            "--top",
            panel=SELECTION,
            parser=values.positive,
            metavar="N",
            help="The first N; without --sort, the largest.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class _Found:
    """Rows that can be gone through again for each output, and what is missing from them."""

    inspection: Inspection
    rows: Callable[[], Iterable[FileRow]]
    skipped: tuple[Skipped, ...]


def files(
    image: ImageArgument,
    output: OutputOptions,
    select: Selection,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="PATH",
            parser=values.text,
            show_default=False,
            help="Only this path and what lies below it.",
        ),
    ] = None,
    format: ListFormatOption = ListFormat.TABLE,
) -> int:
    """The files of the merged image, of a layer, or of its changes.

    The layer of a file is the one whose entry put it there. Of one layer, its tar's entries are listed, markers
    too. In JSON every field is exact; jsonl streams one file a line.
    """
    from layerscope.cli.opening import opened_with_layers
    from layerscope.cli.output import outputs, write
    from layerscope.report.selection import normalised

    if select.changes and select.deleted:
        raise UsageError("--changes and --deleted are two listings", hint="ask for one of them")
    if select.changes and select.layer is None:
        raise UsageError("--changes needs a layer", hint="name one: --layer N --changes")
    wanted = outputs(format, output)
    start = normalised(os.fsencode(path or ""))
    with opened_with_layers(image, common, limits, registry) as (opened, reader):
        found = _find(opened, reader, select, start)
    rows = _selected(found, select, start)
    for item in found.skipped:
        _log.warning("layer %d is not listed: %s", item.layer, item.reason)
    write(wanted, lambda chosen, page: _render(found, rows, chosen, page, select, start))
    return Finished(Exit.FINE, found)


def _find(image: Image, reader: LayerReader, select: Selection, start: bytes) -> _Found:
    from layerscope.filesystem.listing import buried_rows, change_rows, layer_rows, merged_rows
    from layerscope.inspection import Skipped, inspect_image, inspect_metadata
    from layerscope.layers.blob import SkippedLayer

    layer = select.layer
    if layer is not None and layer >= len(image.layers):
        raise UsageError(
            f"there is no layer {layer}: {image.reference} has {len(image.layers)}",
            hint=f"layers are 0 to {len(image.layers) - 1}, 0 is the bottom",
        )
    if layer is not None and not select.changes and not select.deleted:
        (read,) = reader.read_all([image.layers[layer]])
        if isinstance(read, SkippedLayer):
            missing = Skipped(layer, None, read.reason)
            return _Found(inspect_metadata(image), tuple, (missing,))
        index = read.index
        return _Found(inspect_metadata(image), lambda: layer_rows(index, layer), ())
    inspection = inspect_image(image, reader, keep_changes_of=layer, keep_buried=select.deleted, advised=False)
    filesystem = inspection.filesystem
    assert filesystem is not None
    whole = tuple(item for item in inspection.skipped if item.path is None)
    if select.deleted:
        if whole:
            return _Found(inspection, tuple, whole)  # nobody knows what a missing layer deletes
        rows = (row for row in buried_rows(filesystem) if layer in (None, row.layer))
        listed = tuple(rows)
        return _Found(inspection, lambda: listed, ())
    if layer is None:
        gone = {item.layer for item in whole}
        numbers = [number for number in range(len(image.layers)) if number not in gone]
        return _Found(inspection, lambda: _renumbered(merged_rows(filesystem, start), numbers), whole)
    if any(item.layer <= layer for item in whole):
        return _Found(inspection, tuple, whole)
    return _Found(inspection, lambda: change_rows(filesystem, layer, filesystem.changed), ())


def _renumbered(rows: Iterable[FileRow], numbers: list[int]) -> Iterable[FileRow]:
    """Rows of a stack that lacks layers, with the numbers that layers have in the image."""
    if numbers == list(range(len(numbers))):
        return rows
    return (row if row.layer is None else dataclasses.replace(row, layer=numbers[row.layer]) for row in rows)


def _selected(found: _Found, select: Selection, start: bytes) -> Callable[[], Iterable[FileRow]]:
    from layerscope.report.selection import arranged, below, matching

    if start and not found.skipped and next(iter(below(found.rows(), start)), None) is None:
        where = found.inspection.image.reference
        shown = os.fsdecode(start)
        if select.deleted:
            brought = f" that layer {select.layer} brought" if select.layer is not None else ""
            raise NotFound(f"/{shown}: nothing there{brought} was deleted or overwritten in {where}")
        if select.layer is not None:
            where = f"{'the changes of ' if select.changes else ''}layer {select.layer} of {where}"
        raise NotFound(
            f"/{shown} is not in {where}", hint="paths are as 'layerscope files' lists them, links not followed"
        )
    patterns = tuple(select.glob)

    def rows() -> Iterator[FileRow]:
        chosen = below(found.rows(), start)
        if patterns:
            chosen = matching(chosen, patterns)
        yield from arranged(chosen, select.sort, select.top)

    if patterns:
        matching((), patterns)  # what is no pattern is said before anything is written
    return rows


def _render(
    found: _Found,
    rows: Callable[[], Iterable[FileRow]],
    chosen: ListFormat,
    page: Page,
    select: Selection,
    start: bytes,
) -> Iterable[str]:
    if chosen is ListFormat.TABLE:
        from layerscope.report.listing import render_listing

        return render_listing(rows(), page, changes=select.changes, buried=select.deleted)
    from layerscope.report.json import render_file_lines, render_files
    from layerscope.report.rows import add_path

    if chosen is ListFormat.JSONL:
        return render_file_lines(rows())
    listed = {"layer": select.layer, "changes": select.changes, "deleted": select.deleted}
    add_path(listed, "path", b"/" + start)
    return render_files(rows(), found.inspection.image, listed=listed, skipped=found.skipped)
