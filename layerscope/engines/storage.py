"""What an engine says of where it keeps things: storage driver, root directory, the volume drivers it has loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerscope.oci.jsondoc import get_list, get_object, get_str, get_strings, parse_object

if TYPE_CHECKING:
    from layerscope.engines.client import Engine

_SNAPSHOTTER = "io.containerd.snapshotter.v1"


@dataclass(frozen=True, slots=True)
class EngineStorage:
    """``GET /info``, as much of it as concerns storage. The engine is taken at its word."""

    version: str
    system: str
    """The operating system that the engine runs on, ``linux`` or ``windows``; empty where it does not say."""
    driver: str
    """The storage driver, or with containerd's store the snapshotter."""
    status: tuple[tuple[str, str], ...]
    """What the driver tells of itself, in its own words and order."""
    containerd_store: bool
    root: str
    """The directory all of it is below, on the engine's host."""
    loaded_volume_drivers: tuple[str, ...]
    """Built-in ones and plugins in use: managed plugins are never in it, idle ones not yet (moby ``PluginsInfo``)."""


def storage(engine: Engine) -> EngineStorage:
    """Ask. SourceUnreachable, or InvalidImage where the answer is garbled."""
    what = f"{engine}: its info"
    info = parse_object(engine.ask("/info"), what)
    status = tuple(_pair(row) for row in get_list(info, "DriverStatus", what))
    return EngineStorage(
        version=get_str(info, "ServerVersion", what),
        system=get_str(info, "OSType", what),
        driver=get_str(info, "Driver", what),
        status=status,
        containerd_store=any(value == _SNAPSHOTTER for _, value in status),
        root=get_str(info, "DockerRootDir", what),
        loaded_volume_drivers=get_strings(get_object(info, "Plugins", what), "Volume", what),
    )


def _pair(row: Any) -> tuple[str, str]:
    cells = [str(cell) for cell in row[:2]] if isinstance(row, list) else [str(row)]
    return (cells[0], cells[1]) if len(cells) == 2 else (cells[0] if cells else "", "")
