"""Everything an engine can tell of storage and volumes, gathered; what cannot be had is said and left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from layerscope.engines.dataroot import RootPart, root_parts
from layerscope.engines.endpoint import DOCKER
from layerscope.engines.managedplugins import ManagedPlugin, managed_volume_plugins
from layerscope.engines.pluginanswer import PluginAnswer, ask_all
from layerscope.engines.plugindiscovery import AnnouncedPlugin, announced
from layerscope.engines.storage import EngineStorage, storage
from layerscope.engines.volumes import EngineVolume, MountingContainer, VolumeUsage, mounting_containers, usage, volumes
from layerscope.errors import LayerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from layerscope.engines.client import Engine

Value = TypeVar("Value")
Missing = TypeVar("Missing")


@dataclass(frozen=True, slots=True)
class Survey:
    """What was told, as it was told."""

    kind: str
    """DOCKER or PODMAN."""
    endpoint: str
    storage: EngineStorage
    volumes: tuple[EngineVolume, ...] | None
    """None where the engine could not list them: it waits for every driver, and one that hangs holds it up."""
    usage: dict[str, VolumeUsage]
    """Empty where sizes were not asked for."""
    containers: tuple[MountingContainer, ...]
    managed: tuple[ManagedPlugin, ...] | None
    announced: tuple[AnnouncedPlugin, ...] | None
    """None where nobody looked: an engine on another host, or of another kind."""
    answers: dict[str, PluginAnswer] = field(default_factory=dict)
    parts: tuple[RootPart, ...] | None = None
    warnings: tuple[str, ...] = ()


def survey(engine: Engine, *, sizes: bool) -> Survey:
    """Ask an engine for all of it; ``sizes`` also for what takes long: disk usage.

    Its storage must be told (SourceUnreachable, InvalidImage). Of the rest, what fails becomes a warning. Plugins
    announced on this host are asked too, where the engine is on this host.
    """
    warnings: list[str] = []

    def attempt(ask: Callable[[], Value], missing: Missing) -> Value | Missing:
        try:
            return ask()
        except LayerscopeError as error:
            warnings.append(error.message)
            return missing

    stored = storage(engine)
    listed = attempt(lambda: volumes(engine), None)
    found, told = listed if listed is not None else (None, ())
    warnings += told
    here = engine.endpoint.socket is not None
    managed = attempt(lambda: managed_volume_plugins(engine), ())
    plugins = announced() if here and engine.kind == DOCKER else None
    parts = root_parts(Path(stored.root)) if here and sizes and stored.root else None
    if managed is None:
        warnings.append(f"{engine.kind} has no managed plugins: its API does not know them")
    if sizes and parts is None:
        place = stored.root or "its root directory"
        warnings.append(f"{place} is not readable here: what lies in it is not measured")
    return Survey(
        kind=engine.kind,
        endpoint=engine.endpoint.url,
        storage=stored,
        volumes=found,
        usage=attempt(lambda: usage(engine), {}) if sizes else {},
        containers=attempt(lambda: mounting_containers(engine), ()),
        managed=managed,
        announced=plugins,
        answers=ask_all(plugins or ()),
        parts=parts,
        warnings=tuple(warnings),
    )
