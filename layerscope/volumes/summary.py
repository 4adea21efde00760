"""An engine in three figures, beside an image's report: what will lie below and above its containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.engines.managedplugins import ManagedPlugin
    from layerscope.engines.storage import EngineStorage
    from layerscope.engines.volumes import EngineVolume


@dataclass(frozen=True, slots=True)
class EngineSummary:
    """What the engine of this host, or the one the environment names, says; it speaks of the host, not of the image."""

    reachable: bool
    """Whether it answered in time. Otherwise nothing else is known."""
    name: str | None = None
    """``docker`` or ``podman``."""
    storage_driver: str | None = None
    volume_drivers: tuple[str, ...] | None = None
    """Loaded ones, managed plugins, and those that volumes name; idle plugins are looked for by ``volumes`` alone."""
    volumes: int | None = None
    """How many it has; None where it did not list them in time."""


def engine_summary(
    name: str, storage: EngineStorage, volumes: Sequence[EngineVolume] | None, managed: Sequence[ManagedPlugin]
) -> EngineSummary:
    """The three figures; ``volumes`` is None where they could not be listed."""
    from layerscope.volumes.drivers import known_drivers  # whom no engine answers has none

    drivers = known_drivers(storage.loaded_volume_drivers, managed, (), {}, volumes or ())
    names = tuple(driver.name for driver in drivers)
    return EngineSummary(True, name, storage.driver, names, None if volumes is None else len(volumes))
