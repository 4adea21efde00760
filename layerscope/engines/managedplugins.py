"""Managed plugins (Docker's "v2"): installed from a registry and run by the engine itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage, NotFound
from layerscope.oci.jsondoc import get_list, get_object, get_str, parse_value

if TYPE_CHECKING:
    from layerscope.engines.client import Engine

_VOLUME_DRIVER = "volumedriver"


@dataclass(frozen=True, slots=True)
class ManagedPlugin:
    """A plugin that drives volumes."""

    name: str
    """With its tag, as ``docker plugin ls`` shows it; volumes name it so too."""
    enabled: bool
    reference: str
    """Where it was pulled from."""


def managed_volume_plugins(engine: Engine) -> tuple[ManagedPlugin, ...] | None:
    """Those that implement ``docker.volumedriver``; None where the engine knows no such thing (Podman)."""
    what = f"{engine}: its plugins"
    try:
        rows = parse_value(engine.ask("/plugins"), what)
    except NotFound:
        return None
    if not isinstance(rows, list):
        raise InvalidImage(f"{what} are not a list")
    found = []
    for number, row in enumerate(rows):
        here = f"{what}[{number}]"
        if not isinstance(row, dict):
            raise InvalidImage(f"{here} is not an object")
        interface = get_object(get_object(row, "Config", here), "Interface", here)
        if any(_drives_volumes(kind) for kind in get_list(interface, "Types", here)):
            name, reference = get_str(row, "Name", here), get_str(row, "PluginReference", here)
            found.append(ManagedPlugin(name, row.get("Enabled") is True, reference))
    return tuple(sorted(found, key=lambda plugin: plugin.name))


def _drives_volumes(kind: object) -> bool:
    """``docker.volumedriver/1.0``, which the API writes as text and older engines as an object."""
    if isinstance(kind, dict):
        return kind.get("Capability") == _VOLUME_DRIVER
    return isinstance(kind, str) and kind.partition("/")[0].rpartition(".")[2] == _VOLUME_DRIVER
