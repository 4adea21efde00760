"""Every volume driver known of an engine, whoever knows it.

No list is whole: the engine's own has what is built in and the plugins it has used since it started; managed plugins
stand in a list of their own; idle plugins only announce themselves on the host; and volumes may name drivers that are
gone.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from layerscope.engines.managedplugins import ManagedPlugin
    from layerscope.engines.pluginanswer import PluginAnswer
    from layerscope.engines.plugindiscovery import AnnouncedPlugin
    from layerscope.engines.volumes import EngineVolume

BUILT_IN = frozenset({"local", "image"})
"""``image`` is Podman's."""
_VOLUME_DRIVER = "VolumeDriver"
_TAG = ":latest"


class DriverKind(enum.StrEnum):
    """How a driver came to the engine."""

    BUILT_IN = "built-in"
    MANAGED = "managed plugin"
    LEGACY = "plugin"
    """Runs beside the engine and announces itself (Docker's v1)."""
    UNKNOWN = "unknown"
    """Only volumes, or the engine's list, name it."""


@dataclass(frozen=True, slots=True)
class VolumeDriver:
    """A volume driver."""

    name: str
    kind: DriverKind
    enabled: bool | None
    """Whether the engine would use it; None where nobody tells."""
    loaded: bool
    """Whether the engine has it in its own list: built in, or used since it started."""
    scope: str | None
    """``local``, ``global``, or None where nobody tells."""
    found: tuple[str, ...]
    """Who knows it: ``engine``, ``managed plugins``, the file that announces it, ``volumes``."""
    reachable: bool | None
    """Whether it answered, asked here; None where it was not asked: built in, managed, or on another host."""
    why: str
    """What is wrong with it; empty where nothing is."""
    volumes: int
    """Volumes of this engine that name it."""


def known_drivers(
    loaded: Sequence[str],
    managed: Sequence[ManagedPlugin],
    announced: Sequence[AnnouncedPlugin] | None,
    answers: Mapping[str, PluginAnswer],
    volumes: Sequence[EngineVolume],
) -> tuple[VolumeDriver, ...]:
    """The union of all lists, by name; an announced plugin that drives something else is left out.

    ``announced`` is None where nobody looked, such as on another host.
    """
    used = Counter(_name(volume.driver) for volume in volumes)
    scopes = {_name(volume.driver): volume.scope for volume in volumes if volume.scope}
    by_name = {_name(plugin.name): plugin for plugin in managed}
    on_host = {plugin.name: plugin for plugin in announced or () if _may_drive_volumes(plugin.name, answers)}
    in_engine = {_name(name) for name in loaded}
    looked = announced is not None
    return tuple(
        _driver(
            name, name in in_engine, looked, by_name.get(name), on_host.get(name), answers.get(name), used[name], scopes
        )
        for name in sorted({*in_engine, *by_name, *on_host, *used})
        if name
    )


def _driver(
    name: str,
    loaded: bool,
    looked: bool,
    managed: ManagedPlugin | None,
    announced: AnnouncedPlugin | None,
    answer: PluginAnswer | None,
    volumes: int,
    scopes: Mapping[str, str],
) -> VolumeDriver:
    found = [*_where(loaded, managed, announced), *(["volumes"] if volumes else [])]
    kind, why, enabled, reachable = DriverKind.UNKNOWN, "", None, None
    if managed is not None:
        kind, enabled = DriverKind.MANAGED, managed.enabled
        why = "" if enabled else "it is disabled"
    elif announced is not None:
        kind = DriverKind.LEGACY
        if answer is not None:
            enabled = reachable = not answer.error
            why = answer.error
    elif name in BUILT_IN:
        kind, enabled = DriverKind.BUILT_IN, True
    elif loaded and looked:
        why = "the engine has used it, and nothing announces it on this host any more"
    elif loaded:
        enabled = True
    else:
        why = "only volumes name it: its plugin is gone, or not where one looks"
    scope = scopes.get(name) or (answer.scope if answer and answer.scope else None)
    return VolumeDriver(
        name,
        kind,
        enabled,
        loaded,
        scope or ("local" if name == "local" else None),
        tuple(found),
        reachable,
        why,
        volumes,
    )


def _where(loaded: bool, managed: ManagedPlugin | None, announced: AnnouncedPlugin | None) -> Iterable[str]:
    if loaded:
        yield "engine"
    if managed is not None:
        yield "managed plugins"
    if announced is not None:
        yield str(announced.file)


def _may_drive_volumes(name: str, answers: Mapping[str, PluginAnswer]) -> bool:
    """Networks, authorization and logs have plugins too; one that did not say is listed with the reason."""
    answer = answers.get(name)
    return answer is None or bool(answer.error) or _VOLUME_DRIVER in answer.implements


def _name(driver: str) -> str:
    """Managed plugins are called with their tag or without it."""
    return driver.removesuffix(_TAG)
