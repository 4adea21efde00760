"""How an image was made, as its engine tells it without saving the image."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from layerscope.engines.images import platform_parameter
from layerscope.errors import InvalidImage
from layerscope.oci.config import HistoryEntry
from layerscope.oci.jsondoc import get_str, parse_value

if TYPE_CHECKING:
    from layerscope.engines.client import Engine
    from layerscope.engines.images import EngineImage

_PLATFORM = (1, 48)


@dataclass(frozen=True, slots=True)
class EngineStep:
    """One step of ``/images/NAME/history``.

    A config's history tells more: the author, and whether the step made a layer.
    """

    entry: HistoryEntry
    size: int
    """The engine's own figure, in bytes, and no two kinds of engine mean the same: content, tar stream, disk usage."""


def history(engine: Engine, image: EngineImage) -> tuple[EngineStep, ...]:
    """The steps that made the image, the first one first."""
    params = {}
    if image.index is not None and image.platform is not None and engine.api >= _PLATFORM:
        params["platform"] = platform_parameter(image.platform)
    what = f"{engine}: history of {image.id}"
    rows = parse_value(engine.ask("/images/{0}/history", str(image.id), params=params), what)
    if not isinstance(rows, list):
        raise InvalidImage(f"{what} is not a list")
    return tuple(_step(row, f"{what}[{number}]") for number, row in enumerate(reversed(rows)))


def _step(row: Any, what: str) -> EngineStep:
    if not isinstance(row, dict):
        raise InvalidImage(f"{what} is not an object")
    created, size = row.get("Created"), row.get("Size")
    entry = HistoryEntry(
        created=_time(created) if isinstance(created, int) else "",
        created_by=get_str(row, "CreatedBy", what),
        comment=get_str(row, "Comment", what),
    )
    return EngineStep(entry, size if isinstance(size, int) and size > 0 else 0)


def _time(seconds: int) -> str:
    """RFC 3339; empty for what is no time, as Go's zero time is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds > 0 else ""
    except (OverflowError, ValueError, OSError):
        return ""
