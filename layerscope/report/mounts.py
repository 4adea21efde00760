"""What a container of an image will find mounted, and what that does to what the image ships: every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.report import heading
from layerscope.report.display import display, display_words
from layerscope.report.document import SCHEMA_VERSION, Document, image_document
from layerscope.report.enginevolumes import engine_document, short_name
from layerscope.report.grid import Column, Grid, hang
from layerscope.report.markdown import code
from layerscope.report.page import ALARM, HEADING, KIND, QUIET, WASTE
from layerscope.report.quantities import count, exact, human
from layerscope.report.rows import safe
from layerscope.volumes.mountpoint import Effect
from layerscope.volumes.onengine import is_anonymous

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.engines.volumes import Mount
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page
    from layerscope.volumes.mountpoint import MountPoint
    from layerscope.volumes.onengine import EngineVolumes, ImageContainer
    from layerscope.volumes.storage import Storage

_WORDS = {
    Effect.COPIED: "copied into each new volume",
    Effect.HIDDEN: "hidden by the mount, shipped all the same",
    Effect.NOTHING: "nothing to copy or hide",
    Effect.UNKNOWN: "not known: a layer was skipped",
}
_STYLE = {Effect.COPIED: "yellow", Effect.HIDDEN: WASTE, Effect.NOTHING: QUIET, Effect.UNKNOWN: ALARM}


def mounts_document(
    inspection: Inspection,
    points: Sequence[MountPoint],
    containers: Sequence[ImageContainer],
    engine: EngineVolumes | None,
) -> Document:
    """``layerscope volumes IMAGE``."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "volumes",
        "image": image_document(inspection.image),
        "mounts": [_point_document(point) for point in points],
        "containers": [
            {
                "container": safe(container.name),
                "state": safe(container.state),
                "mounts": [
                    {
                        "target": safe(mount.target),
                        "kind": safe(mount.kind),
                        "volume": safe(mount.volume) or None,
                        "source": safe(mount.source) or None,
                        "driver": safe(mount.driver) or None,
                        "writable": mount.writable,
                    }
                    for mount in container.mounts
                ],
            }
            for container in containers
        ],
        "engine": None if engine is None else engine_document(engine),
    }


def _point_document(point: MountPoint) -> Document:
    request = point.request
    return {
        "path": safe(request.path),
        "kind": safe(request.kind),
        "origin": safe(request.origin),
        "name": safe(request.name) or None,
        "storage": None if request.behind is None else _storage_document(request.behind),
        "warnings": [safe(warning) for warning in request.warnings],
        "directory": point.is_directory,
        "bytes": point.bytes,
        "entries": point.entries,
        "layers": [{"layer": each.layer, "entries": each.entries, "bytes": each.bytes} for each in point.shares],
        "declaredAt": point.declared_at,
        "bytesAfterDeclaration": point.bytes_after,
        "droppedSteps": list(point.dropped_steps),
        "effect": str(point.effect),
        "suspicious": list(point.suspicious),
    }


def _storage_document(storage: Storage) -> Document:
    return {
        "claim": safe(storage.claim) or None,
        "volume": safe(storage.volume) or None,
        "storageClass": safe(storage.storage_class) or None,
        "driver": safe(storage.driver) or None,
        "inTree": safe(storage.in_tree) or None,
        "accessModes": [safe(mode) for mode in storage.access_modes],
        "reclaimPolicy": safe(storage.reclaim_policy) or None,
        "notes": [safe(note) for note in storage.notes],
    }


def render_mounts(
    inspection: Inspection, points: Sequence[MountPoint], containers: Sequence[ImageContainer], page: Page
) -> Iterator[str]:
    """Lines of ``page.width`` cells."""
    return page.lines(_lines(inspection, points, containers, page))


def _lines(
    inspection: Inspection, points: Sequence[MountPoint], containers: Sequence[ImageContainer], page: Page
) -> Iterator[Text]:
    yield from heading.identity(inspection, page)
    yield Text()
    yield Text.assemble(("Mounts", HEADING), f": {len(points):,}" if points else ": the image declares no VOLUME")
    for point in points:
        yield Text()
        yield from _point(inspection, point, page)
    if containers:
        yield Text()
        yield Text.assemble(("Containers of this image", HEADING), f": {len(containers):,}")
    for container in containers:
        yield Text.assemble("  ", (display(container.name), KIND), (f"  {display(container.state)}", QUIET))
        for mount in container.mounts:
            yield from hang(Text(f"    {display(mount.target)}  "), _mounted(mount, page), page.width, QUIET)
    yield from heading.remarks(inspection, page)


def _mounted(mount: Mount, page: Page) -> str:
    access = "" if mount.writable else ", read-only"
    if is_anonymous(mount.volume):
        return f"anonymous volume {short_name(mount.volume, page)}{access}"
    what = mount.volume or mount.source
    return f"{display_words(mount.kind)}{what and ' '}{display_words(what)}{access}"


def _point(inspection: Inspection, point: MountPoint, page: Page) -> Iterator[Text]:
    request = point.request
    title = Text.assemble((display(request.path) or '""', KIND), (f"  {display_words(request.origin)}", QUIET))
    what = " ".join(part for part in (request.kind, request.name) if part)
    yield from hang(Text.assemble(title, "  "), display_words(what), page.width, QUIET)
    if point.bytes is None or point.entries is None:
        size = "what the image ships there is not known"
    elif point.is_directory is None:
        size = "the image has nothing there"
    elif not point.is_directory:
        size = f"a file of {exact(point.bytes)}"
    else:
        size = f"{exact(point.bytes)} in {count(point.entries, 'path')}"
    line = Text.assemble("  ", size)
    if point.effect is not Effect.NOTHING or point.is_directory:
        line.append(": ").append(_WORDS[point.effect], style=_STYLE[point.effect])
    yield line
    if request.behind is not None:
        yield from _storage(request.behind, page)
    for warning in request.warnings:
        yield from hang(Text("  careful: ", style=ALARM), display_words(warning), page.width)
    for reason in point.suspicious:
        yield from hang(Text("  suspicious: ", style=ALARM), reason, page.width)
    if point.shares:
        yield from _shares(inspection, point, page)
    if point.dropped_steps:
        steps = ", ".join(map(str, point.dropped_steps))
        told = f"the classic builder drops what RUN writes here after the VOLUME instruction (history {steps})"
        yield from hang(Text("  "), told, page.width, QUIET)
    if point.bytes_after:
        yield Text.assemble("  ", (f"{human(point.bytes_after)} of it came after the VOLUME instruction", WASTE))


def _storage(storage: Storage, page: Page) -> Iterator[Text]:
    if chain := _chain(storage, page.glyphs.arrow):
        yield from hang(Text("  "), chain, page.width)
    for note in storage.notes:
        yield from hang(Text("  note: ", style=QUIET), display_words(note), page.width)


def _chain(storage: Storage, arrow: str) -> str:
    """From the claim to the driver, in words."""
    driver = f"{storage.driver} (took the place of {storage.in_tree})" if storage.in_tree else storage.driver
    if storage.in_tree == storage.driver:
        driver = storage.driver
    chain = (
        ("claim", storage.claim),
        ("volume", storage.volume),
        ("class", storage.storage_class),
        ("driver", driver),
        ("access", ", ".join(storage.access_modes)),
        ("reclaim policy", storage.reclaim_policy),
    )
    told = f" {arrow} ".join(f"{label} {display_words(value)}" for label, value in chain[:4] if value)
    return told + "".join(f"; {label} {display_words(value)}" for label, value in chain[4:] if value)


def _shares(inspection: Inspection, point: MountPoint, page: Page) -> Iterator[Text]:
    rows = [
        [Text(f"  {share.layer}"), Text(human(share.bytes)), Text(f"{share.entries:,}", style=QUIET)]
        for share in point.shares
    ]
    grid = Grid((Column(""), Column(""), Column("")), rows)
    for share, row in zip(point.shares, rows, strict=True):
        instruction = display_words(inspection.layers[share.layer].instruction.text) or page.glyphs.none
        label = Text.assemble("  layer", grid.row(row), "  ")
        room = page.width - label.cell_len
        yield Text.assemble(
            label, (instruction[: room - 1] + page.glyphs.cut if len(instruction) > room else instruction)
        )


def render_mounts_markdown(
    inspection: Inspection, points: Sequence[MountPoint], containers: Sequence[ImageContainer]
) -> Iterator[str]:
    """GitHub-flavoured Markdown; whatever the image says stands in code spans."""
    return (line + "\n" for line in _markdown(inspection, points, containers))


def _markdown(
    inspection: Inspection, points: Sequence[MountPoint], containers: Sequence[ImageContainer]
) -> Iterator[str]:
    yield f"## What {code(display_words(inspection.image.reference))} finds mounted"
    yield ""
    if points:
        yield "| path | mounted | content | layers | what becomes of it |"
        yield "|---|---|--:|---|---|"
    else:
        yield "The image declares no VOLUME."
    for point in points:
        size = "–" if point.bytes is None else human(point.bytes)
        layers = ", ".join(str(share.layer) for share in point.shares) or "–"
        request = point.request
        told = "; ".join([_WORDS[point.effect], *point.suspicious, *map(code, map(display_words, request.warnings))])
        if request.behind is not None:
            chain = _chain(request.behind, "→")
            told += f"; {code(chain)}" if chain else ""
            told += "".join(f"; {code(display_words(note))}" for note in request.behind.notes)
        what = code(display_words(" ".join(part for part in (request.origin, request.kind, request.name) if part)))
        yield f"| {code(display(request.path))} | {what} | {size} | {layers} | {told} |"
    for container in containers:
        mounts = ", ".join(code(display(mount.target)) for mount in container.mounts) or "nothing"
        yield ""
        yield f"Container {code(display(container.name))} ({display(container.state)}) mounts {mounts}."
