"""An engine's storage, volume drivers and volumes: for a terminal, as JSON, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from layerscope.report.display import display, display_words
from layerscope.report.document import SCHEMA_VERSION, Document
from layerscope.report.grid import GAP, Column, Grid, hang, shorten
from layerscope.report.markdown import code
from layerscope.report.page import ALARM, HEADING, QUIET
from layerscope.report.quantities import count, human
from layerscope.report.rows import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.report.page import Page
    from layerscope.volumes.drivers import VolumeDriver
    from layerscope.volumes.onengine import EngineVolumes, Mounter, Volume

_LABEL = 9
_SHORT = 12
"""Characters of an anonymous volume's name, which has 64 random ones; JSON has them all."""


def engine_volumes_document(found: EngineVolumes) -> Document:
    """``layerscope volumes`` without an image."""
    return {"schemaVersion": SCHEMA_VERSION, "kind": "volumes", "engine": engine_document(found)}


def engine_document(found: EngineVolumes) -> Document:
    """What an engine has."""
    storage = found.storage
    return {
        "name": found.engine,
        "endpoint": safe(found.endpoint),
        "version": safe(storage.version),
        "storage": {
            "driver": safe(storage.driver),
            "store": _store(found),
            "status": [{"name": safe(name), "value": safe(value)} for name, value in storage.status],
            "root": safe(storage.root),
            "parts": None
            if found.parts is None
            else [{"name": safe(part.name), "purpose": part.purpose, "bytes": part.bytes} for part in found.parts],
        },
        "volumeDrivers": [_driver_document(driver) for driver in found.drivers],
        "volumes": None if found.volumes is None else [_volume_document(volume) for volume in found.volumes],
        "warnings": [safe(warning) for warning in found.warnings],
    }


def _driver_document(driver: VolumeDriver) -> Document:
    return {
        "name": safe(driver.name),
        "kind": str(driver.kind),
        "enabled": driver.enabled,
        "loaded": driver.loaded,
        "scope": driver.scope,
        "found": [safe(place) for place in driver.found],
        "reachable": driver.reachable,
        "why": safe(driver.why),
        "volumes": driver.volumes,
    }


def _volume_document(volume: Volume) -> Document:
    return {
        "name": safe(volume.name),
        "driver": safe(volume.driver),
        "scope": safe(volume.scope),
        "what": safe(volume.what),
        "options": {safe(name): safe(value) for name, value in volume.options.items()},
        "mountpoint": safe(volume.mountpoint),
        "created": safe(volume.created) or None,
        "labels": {safe(name): safe(value) for name, value in volume.labels.items()},
        "anonymous": volume.anonymous,
        "dangling": volume.dangling,
        "bytes": volume.bytes,
        "mountedBy": [
            {
                "container": safe(each.container),
                "state": safe(each.state),
                "image": safe(each.image),
                "target": safe(each.target),
                "writable": each.writable,
            }
            for each in volume.mounters
        ],
        "problem": safe(volume.problem),
    }


def render_engine_volumes(found: EngineVolumes, page: Page) -> Iterator[str]:
    """Lines of ``page.width`` cells."""
    return page.lines(engine_lines(found, page))


def engine_lines(found: EngineVolumes, page: Page) -> Iterator[Text]:
    """The engine, its drivers, its volumes, what it could not tell."""
    yield from _field("engine", f"{found.engine} {found.storage.version} at {found.endpoint}", page, HEADING)
    yield from _field("storage", f"{found.storage.driver}, {_store_words(found)}", page)
    status = ", ".join(f"{name}: {value}" for name, value in found.storage.status)
    if status:
        yield from _field("", status, page, QUIET)
    yield from _field("root", found.storage.root or page.glyphs.none, page)
    if found.parts is not None:
        told = [
            _part(part.name, part.purpose, part.bytes) for part in found.parts if part.bytes is None or part.purpose
        ]
        yield from _field("", ", ".join(told), page, QUIET)
    yield Text()
    yield from _drivers(found.drivers, page)
    yield Text()
    if found.volumes is None:
        yield Text.assemble(("Volumes", HEADING), ": ", ("not known, the engine could not list them", ALARM))
    else:
        yield from _volumes(found.volumes, page)
    if found.warnings:
        yield Text()
        yield Text("Notes", style=HEADING)
        for warning in found.warnings:
            yield from hang(Text("  "), display_words(warning), page.width)


def _drivers(drivers: Sequence[VolumeDriver], page: Page) -> Iterator[Text]:
    yield Text.assemble(("Volume drivers", HEADING), f": {len(drivers):,}")
    rows = [
        [
            _cell(display(driver.name), page),
            Text(driver.kind, style=QUIET),
            _yes(driver.enabled, page),
            _yes(driver.reachable, page),
            Text(driver.scope or page.glyphs.none),
            Text(f"{driver.volumes:,}", style="" if driver.volumes else QUIET),
        ]
        for driver in drivers
    ]
    left = [Column(title, right=False) for title in ("name", "kind", "enabled", "answers", "scope")]
    grid = Grid([*left, Column("volumes")], rows)
    lines: list[Text] = []
    for driver, row in zip(drivers, rows, strict=True):
        lines += _above(display(driver.name), page)
        lines += hang(Text.assemble(grid.row(row), GAP), display_words(", ".join(driver.found)), page.width)
        if driver.why:
            lines += hang(Text("    "), display_words(driver.why), page.width, ALARM)
    yield from grid.table(lines, page.glyphs, "known from")


def _volumes(volumes: Sequence[Volume], page: Page) -> Iterator[Text]:
    told = [count(len(volumes), "volume").removesuffix(" volume").removesuffix(" volumes")]
    anonymous, dangling = sum(each.anonymous for each in volumes), sum(each.dangling for each in volumes)
    told += [f"{anonymous:,} anonymous"] if anonymous else []
    told += [f"{dangling:,} mounted by no container"] if dangling else []
    yield Text.assemble(("Volumes", HEADING), ": ", ", ".join(told))
    if not volumes:
        return
    rows = [
        [
            _cell(_name(volume, page), page, QUIET if volume.anonymous else ""),
            Text(shorten(display(volume.driver), page.width // 4, page.glyphs.cut)),
            Text(display(volume.scope) or page.glyphs.none),
            _size(volume.bytes, page),
        ]
        for volume in volumes
    ]
    left = [Column(title, right=False) for title in ("name", "driver", "scope")]
    grid = Grid([*left, Column("size")], rows)
    lines: list[Text] = []
    for volume, row in zip(volumes, rows, strict=True):
        lines += _above(_name(volume, page), page)
        what = volume.what or ", ".join(f"{name}={value}" for name, value in volume.options.items())
        lines += hang(Text.assemble(grid.row(row), GAP), display_words(what) or page.glyphs.none, page.width)
        for mounter in volume.mounters:
            lines += hang(Text("    "), _mounted(mounter, page), page.width, QUIET)
        if volume.labels and not volume.anonymous:
            labels = ", ".join(f"{name}={value}" if value else name for name, value in volume.labels.items())
            lines += hang(Text("    labels "), display_words(labels), page.width, QUIET)
        if volume.problem:
            lines += hang(Text("    "), f"its driver: {display_words(volume.problem)}", page.width, ALARM)
    yield from grid.table(lines, page.glyphs, "what it is")


def render_engine_markdown(found: EngineVolumes) -> Iterator[str]:
    """GitHub-flavoured Markdown; whatever the engine says stands in code spans."""
    return (line + "\n" for line in _markdown(found))


def _markdown(found: EngineVolumes) -> Iterator[str]:
    yield f"## Volumes of {code(display(found.engine))}"
    yield ""
    storage = found.storage
    yield f"Storage driver {code(display(storage.driver))} ({_store_words(found)}), {code(display(storage.root))}"
    yield ""
    yield "| driver | kind | enabled | answers | scope | volumes | |"
    yield "|---|---|---|---|---|--:|---|"
    for driver in found.drivers:
        flags = ("–" if each is None else "yes" if each else "**no**" for each in (driver.enabled, driver.reachable))
        cells = [code(display(driver.name)), str(driver.kind), *flags, driver.scope or "–", f"{driver.volumes:,}"]
        yield "| " + " | ".join([*cells, code(display_words(driver.why)) if driver.why else ""]) + " |"
    yield ""
    if found.volumes:
        yield "| volume | driver | size | mounted by | what it is |"
        yield "|---|---|--:|---|---|"
    for volume in found.volumes or ():
        size = "–" if volume.bytes is None else human(volume.bytes)
        mounters = ", ".join(
            f"{code(display(each.container))} at {code(display(each.target))}" for each in volume.mounters
        )
        cells = [code(display(volume.name)), code(display(volume.driver)), size, mounters or "none"]
        yield "| " + " | ".join([*cells, code(display_words(volume.what))]) + " |"
    for warning in found.warnings:
        yield ""
        yield f"> {code(display_words(warning))}"


def _store(found: EngineVolumes) -> str:
    if found.engine == "podman":
        return "containers-storage"
    return "containerd" if found.storage.containerd_store else "graphdriver"


def _store_words(found: EngineVolumes) -> str:
    return {
        "containers-storage": "a driver of containers/storage",
        "containerd": "a snapshotter of containerd's image store",
        "graphdriver": "a graph driver",
    }[_store(found)]


def _part(name: str, purpose: str, size: int | None) -> str:
    shown = "not readable" if size is None else human(size)
    called = f"{purpose} ({name})" if purpose and purpose != name else name
    return f"{called} {shown}"


def _cell(name: str, page: Page, style: str = "") -> Text:
    """A name in its column; nothing where it is so long that it stands on a line of its own."""
    return Text(name if cell_len(name) <= page.width // 3 else "", style=style)


def _above(name: str, page: Page) -> Iterator[Text]:
    """The line of its own that a long name has, so that it leaves room for what is beside it."""
    if cell_len(name) > page.width // 3:
        yield from hang(Text(), name, page.width)


def _name(volume: Volume, page: Page) -> str:
    return short_name(volume.name, page) if volume.anonymous else display(volume.name)


def short_name(name: str, page: Page) -> str:
    """An anonymous volume's name, cut as engines cut IDs."""
    shown = display(name)
    return shown[:_SHORT] + page.glyphs.cut if len(shown) > _SHORT else shown


def _mounted(mounter: Mounter, page: Page) -> str:
    access = "" if mounter.writable else ", read-only"
    arrow = page.glyphs.arrow
    return f"{arrow} {display(mounter.target)} in {display(mounter.container)} ({display(mounter.state)}{access})"


def _yes(value: bool | None, page: Page) -> Text:
    if value is None:
        return Text(page.glyphs.none, style=QUIET)
    return Text("yes") if value else Text("no", style=ALARM)


def _size(size: int | None, page: Page) -> Text:
    return Text(page.glyphs.none, style=QUIET) if size is None else Text(human(size), style="" if size else QUIET)


def _field(label: str, value: str, page: Page, style: str = "") -> Iterator[Text]:
    yield from hang(Text(label.ljust(_LABEL), style=QUIET), display_words(value), page.width, style)
