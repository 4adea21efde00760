"""Which image it is, where it came from, and the part of its config that matters, as lines."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.report.display import display, display_words
from layerscope.report.grid import hang
from layerscope.report.page import ALARM, HEADING, QUIET
from layerscope.report.quantities import count, exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.history.base import Base
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page
    from layerscope.volumes.declared import DeclaredVolume
    from layerscope.volumes.summary import EngineSummary

_LABEL = 9
"""Cells of a label: a whole digest behind it just fits into 80."""
_WIDE_LABEL = 12
_LISTED = 50
"""Skipped things and notes that a page for people lists at most; JSON has all."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def when(created: str) -> str:
    """An RFC 3339 time, to the second and in UTC; anything else as it stands, harmless."""
    match = _TIME.fullmatch(created)
    try:
        if match is not None:
            moment = datetime.fromisoformat("".join(match.groups()).upper()).astimezone(UTC)
            return f"{moment.replace(tzinfo=None).isoformat(' ')} UTC"
    except (ValueError, OverflowError):
        pass
    return display_words(created)


def identity(inspection: Inspection, page: Page) -> Iterator[Text]:
    """Reference, source, digests, platform."""
    image = inspection.image
    config = image.config
    platform = str(config.platform) if config.platform else page.glyphs.none
    yield from _field("image", image.reference, page, style=HEADING)
    yield from _field("source", image.source + (f", from its mirror {image.mirror}" if image.mirror else ""), page)
    if image.digest is not None:
        yield from _field("digest", str(image.digest), page)
    else:
        yield from _field("digest", f"none: {_saved(image.source)} has no manifest", page, style=QUIET)
    if image.index_digest is not None:
        yield from _field("index", str(image.index_digest), page)
    if config.digest is not None:
        yield from _field("config", str(config.digest), page)
    yield from _field("platform", platform, page)
    if len(image.platforms) > 1:
        yield from _field("offered", ", ".join(str(offer) for offer in image.platforms), page)
    if inspection.base is not None:
        yield from _field("base", base_words(inspection.base), page)
    yield from _field("created", when(config.created) or page.glyphs.none, page)
    if config.author:
        yield from _field("author", config.author, page)


def base_words(base: Base) -> str:
    """The image below, and how far it reaches."""
    name = base.name
    if base.digest and "@" not in name:
        name += f"@{base.digest}"
    who = {
        "given": "as named",
        "provenance": "as the provenance says",
        "history": "as the history says",
        "annotations": "as the annotations say",
        "labels": "as the labels say",
    }[base.told_by]
    if base.layers is None:
        return f"{name}, {who}; which layers are its is not known"
    return f"{name}, {count(base.layers, 'layer')}, {who}"


def settings(inspection: Inspection, page: Page) -> Iterator[Text]:
    """What a container starts with."""
    run = inspection.image.config.run
    none = page.glyphs.none
    yield from _setting("user", run.user or "root (none is set)", page)
    yield from _setting("entrypoint", none if run.entrypoint is None else _exec_form(run.entrypoint), page)
    yield from _setting("cmd", none if run.cmd is None else _exec_form(run.cmd), page)
    yield from _setting("workdir", run.working_dir or none, page)
    yield from _setting("ports", ", ".join(run.exposed_ports) or none, page)
    for volume in inspection.volumes:
        yield from _setting("volume", f"{display_words(volume.path)}: {_below(volume)}", page)
    if inspection.engine is not None and inspection.engine.reachable:
        yield from _engine(inspection.engine, page)
    yield from _setting("env", count(len(run.env), "variable"), page)
    yield from _setting("labels", count(len(run.labels), "label"), page)


def _engine(engine: EngineSummary, page: Page) -> Iterator[Text]:
    """What lies below a container's files, and what can be mounted over them, on this host."""
    name, drivers = engine.name or "", engine.volume_drivers or ()
    yield from _setting("storage", f"{name}'s storage driver is {engine.storage_driver or page.glyphs.none}", page)
    known = f"{name} knows {count(len(drivers), 'volume driver')} ({', '.join(drivers)})"
    has = "does not list its volumes" if engine.volumes is None else f"has {count(engine.volumes, 'volume')}"
    yield from _setting("drivers", f"{known}, and {has}", page)


def remarks(inspection: Inspection, page: Page) -> Iterator[Text]:
    """What was skipped and what is odd."""
    if inspection.skipped:
        yield Text()
        yield Text("Skipped: figures that depend on what is missing are not known", style=ALARM)
        for item in inspection.skipped[:_LISTED]:
            where = f"layer {item.layer}" + (f": /{display(item.path)}" if item.path is not None else "")
            yield from hang(Text("  "), f"{where}: {display_words(item.reason)}", page.width)
        yield from _more(len(inspection.skipped))
    if inspection.notes:
        yield Text()
        yield Text("Notes", style=HEADING)
        for note in inspection.notes[:_LISTED]:
            where = f"layer {note.layer}: " if note.layer is not None else ""
            yield from hang(Text("  "), where + display_words(note.text), page.width)
        yield from _more(len(inspection.notes))


def _more(found: int) -> Iterator[Text]:
    if found > _LISTED:
        yield Text(f"  and {found - _LISTED:,} more, all of them in --format json", style=QUIET)


def _saved(source: str) -> str:
    """What a source without a manifest hands over, in words."""
    return f"what {source} saves" if source in ("docker", "podman") else f"a {source}"


def _field(label: str, value: str, page: Page, style: str = "") -> Iterator[Text]:
    yield from hang(Text(label.ljust(_LABEL), style=QUIET), display_words(value), page.width, style)


def _setting(label: str, value: str, page: Page) -> Iterator[Text]:
    yield from hang(Text(label.ljust(_WIDE_LABEL), style=QUIET), display_words(value), page.width)


def _exec_form(words: tuple[str, ...]) -> str:
    return json.dumps(words, ensure_ascii=False)


def _below(volume: DeclaredVolume) -> str:
    if volume.bytes is None or volume.entries is None or volume.layers is None:
        return "what lies below is not known"
    if not volume.entries:
        return "nothing below"
    layers = ", ".join(map(str, volume.layers))
    found = f"{exact(volume.bytes)} in {count(volume.entries, 'path')}"
    return f"{found}, from layer{'s' if len(volume.layers) > 1 else ''} {layers}"
