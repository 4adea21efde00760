"""The volumes an engine has, and what its containers mount."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage
from layerscope.oci.jsondoc import get_list, get_object, get_str, get_string_map, get_strings, parse_object, parse_value

if TYPE_CHECKING:
    from layerscope.engines.client import Engine

_USAGE_BY_TYPE = (1, 42)
_VERBOSE_USAGE = (1, 52)


@dataclass(frozen=True, slots=True)
class EngineVolume:
    """A volume as its engine describes it (``GET /volumes``)."""

    name: str
    driver: str
    scope: str
    """``local``, or ``global`` where every host of a swarm sees it."""
    mountpoint: str
    """On the engine's host; empty where the driver tells none."""
    created: str
    labels: dict[str, str]
    options: dict[str, str] = field(repr=False)
    """As they were given: passwords stand in some of them."""


@dataclass(frozen=True, slots=True)
class VolumeUsage:
    """What ``GET /system/df`` says of a volume. None is what the engine does not know."""

    bytes: int | None
    """Only the ``local`` driver is measured, and only its plain directories."""
    references: int | None
    """Containers that mount it, stopped ones too."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Something mounted into a container."""

    kind: str
    """``volume``, ``bind``, ``tmpfs``, ``image``, ``npipe`` or ``cluster``."""
    volume: str
    """The volume's name; empty for what is none."""
    source: str
    """On the engine's host."""
    target: str
    """In the container."""
    driver: str
    writable: bool


@dataclass(frozen=True, slots=True)
class MountingContainer:
    """A container, and all that is mounted into it."""

    id: str
    name: str
    image: str
    """What it was started from, as it was called then."""
    image_id: str
    """The engine's own ID of that image."""
    state: str
    """``running``, ``exited`` …"""
    mounts: tuple[Mount, ...]


def volumes(engine: Engine) -> tuple[tuple[EngineVolume, ...], tuple[str, ...]]:
    """Every volume, by name, and the engine's warnings: drivers that did not answer it."""
    what = f"{engine}: its volumes"
    answer = parse_object(engine.ask("/volumes"), what)
    found = [_volume(row, f"{what}[{n}]") for n, row in enumerate(get_list(answer, "Volumes", what))]
    return tuple(sorted(found, key=lambda each: each.name)), get_strings(answer, "Warnings", what)


def usage(engine: Engine) -> dict[str, VolumeUsage]:
    """What each volume takes. Slow: the engine walks every directory."""
    what = f"{engine}: its disk usage"
    params = {"type": "volume"} if engine.api >= _USAGE_BY_TYPE else {}
    if engine.api >= _VERBOSE_USAGE:
        params["verbose"] = "1"
    answer = parse_object(engine.ask("/system/df", params=params), what)
    rows = get_list(answer, "Volumes", what) or get_list(get_object(answer, "VolumesUsage", what), "Items", what)
    found: dict[str, VolumeUsage] = {}
    for number, row in enumerate(rows):
        here = f"{what}: Volumes[{number}]"
        told = get_object(_object(row, here), "UsageData", here)
        found[get_str(row, "Name", here)] = VolumeUsage(_known(told.get("Size")), _known(told.get("RefCount")))
    return found


def mounting_containers(engine: Engine) -> tuple[MountingContainer, ...]:
    """Every container with mounts, running or not, by name."""
    what = f"{engine}: its containers"
    rows = parse_value(engine.ask("/containers/json", params={"all": "1"}), what)
    if not isinstance(rows, list):
        raise InvalidImage(f"{what} are not a list")
    found = [_container(_object(row, f"{what}[{n}]"), f"{what}[{n}]") for n, row in enumerate(rows)]
    return tuple(sorted((each for each in found if each.mounts), key=lambda each: (each.name, each.id)))


def _volume(row: Any, what: str) -> EngineVolume:
    row = _object(row, what)
    return EngineVolume(
        name=get_str(row, "Name", what),
        driver=get_str(row, "Driver", what),
        scope=get_str(row, "Scope", what),
        mountpoint=get_str(row, "Mountpoint", what),
        created=get_str(row, "CreatedAt", what),
        labels=get_string_map(row, "Labels", what),
        options=get_string_map(row, "Options", what),
    )


def _container(row: dict[str, Any], what: str) -> MountingContainer:
    names = get_strings(row, "Names", what)
    return MountingContainer(
        id=get_str(row, "Id", what),
        name=names[0].removeprefix("/") if names else "",
        image=get_str(row, "Image", what),
        image_id=get_str(row, "ImageID", what),
        state=get_str(row, "State", what),
        mounts=tuple(
            sorted(
                (_mount(_object(item, what), what) for item in get_list(row, "Mounts", what)),
                key=lambda mount: mount.target,
            )
        ),
    )


def _mount(item: dict[str, Any], what: str) -> Mount:
    return Mount(
        kind=get_str(item, "Type", what),
        volume=get_str(item, "Name", what),
        source=get_str(item, "Source", what),
        target=get_str(item, "Destination", what),
        driver=get_str(item, "Driver", what),
        writable=item.get("RW") is not False,
    )


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidImage(f"{what} is not an object")
    return value


def _known(value: Any) -> int | None:
    """Engines write -1 for what they do not know."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
