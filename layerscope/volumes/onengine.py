"""What an engine has for containers to mount: drivers, volumes, who mounts them, and where all of it lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.volumes.drivers import known_drivers
from layerscope.volumes.options import explained, redacted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from layerscope.engines.dataroot import RootPart
    from layerscope.engines.storage import EngineStorage
    from layerscope.engines.survey import Survey
    from layerscope.engines.volumes import EngineVolume, Mount, MountingContainer, VolumeUsage
    from layerscope.volumes.drivers import VolumeDriver

_ANONYMOUS_LABEL = "com.docker.volume.anonymous"
_ANONYMOUS_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mounter:
    """A container that mounts a volume."""

    container: str
    state: str
    image: str
    target: str
    """Where, in the container."""
    writable: bool


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume."""

    name: str
    driver: str
    scope: str
    what: str
    """What its options make of it, in words; empty for drivers whose options are their own."""
    options: dict[str, str]
    """Without secrets."""
    mountpoint: str
    created: str
    labels: dict[str, str]
    anonymous: bool
    """Made for a VOLUME path or a nameless ``-v``, and called by a random number."""
    bytes: int | None
    """As the engine measured; None where it did not, or cannot."""
    mounters: tuple[Mounter, ...]
    problem: str
    """Why it may not work: its driver is gone or does not answer."""

    @property
    def dangling(self) -> bool:
        """Whether no container has it, not even a stopped one."""
        return not self.mounters


@dataclass(frozen=True, slots=True)
class EngineVolumes:
    """The whole answer."""

    engine: str
    """``docker`` or ``podman``."""
    endpoint: str
    storage: EngineStorage
    parts: tuple[RootPart, ...] | None
    """Of the root directory; None where it was not looked at: another host, no permission, not asked for."""
    drivers: tuple[VolumeDriver, ...]
    volumes: tuple[Volume, ...] | None
    """None where the engine could not list them."""
    warnings: tuple[str, ...]
    """What the engine could not tell, and what this kind of engine has no answer to."""


@dataclass(frozen=True, slots=True)
class ImageContainer:
    """A container that was started from an image, and what is mounted into it."""

    name: str
    state: str
    mounts: tuple[Mount, ...]


def is_anonymous(name: str) -> bool:
    """Whether a volume's name is one that engines draw by lot."""
    return _ANONYMOUS_NAME.fullmatch(name) is not None


def containers_of(survey: Survey, ids: Collection[str]) -> tuple[ImageContainer, ...]:
    """Containers with mounts, of the image that one of these digests names.

    A graphdriver store, and Podman, call an image by its config's digest; containerd's by its manifest's or index's.
    """
    return tuple(
        ImageContainer(container.name or container.id[:12], container.state, container.mounts)
        for container in survey.containers
        if container.image_id in ids or f"sha256:{container.image_id}" in ids
    )


def engine_volumes(survey: Survey) -> EngineVolumes:
    """Everything a survey of an engine adds up to."""
    drivers = known_drivers(
        survey.storage.loaded_volume_drivers,
        survey.managed or (),
        survey.announced,
        survey.answers,
        survey.volumes or (),
    )
    return EngineVolumes(
        engine=survey.kind,
        endpoint=survey.endpoint,
        storage=survey.storage,
        parts=survey.parts,
        drivers=drivers,
        volumes=None if survey.volumes is None else _volumes(survey.volumes, survey.usage, survey.containers, drivers),
        warnings=survey.warnings,
    )


def _volumes(
    found: Sequence[EngineVolume],
    usage: Mapping[str, VolumeUsage],
    containers: Sequence[MountingContainer],
    drivers: Sequence[VolumeDriver],
) -> tuple[Volume, ...]:
    """Join volumes with who mounts them, what they take and what is known of their drivers."""
    mounters: dict[str, list[Mounter]] = {}
    for container in containers:
        for mount in container.mounts:
            if mount.volume:
                mounters.setdefault(mount.volume, []).append(_mounter(container, mount))
    problems = {driver.name: driver.why for driver in drivers if driver.why}
    return tuple(
        Volume(
            name=volume.name,
            driver=volume.driver,
            scope=volume.scope,
            what=explained(volume.driver, volume.options),
            options=redacted(volume.options),
            mountpoint=volume.mountpoint,
            created=volume.created,
            labels=volume.labels,
            anonymous=_ANONYMOUS_LABEL in volume.labels or is_anonymous(volume.name),
            bytes=usage[volume.name].bytes if volume.name in usage else None,
            mounters=tuple(mounters.get(volume.name, ())),
            problem=problems.get(volume.driver.removesuffix(":latest"), ""),
        )
        for volume in found
    )


def _mounter(container: MountingContainer, mount: Mount) -> Mounter:
    return Mounter(container.name or container.id[:12], container.state, container.image, mount.target, mount.writable)
