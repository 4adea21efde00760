"""A place in an image where something will be mounted, and what becomes of what the image ships there.

Docker copies an image's directory into a new, empty volume (moby ``populateVolumes``), unless told ``nocopy``; bind
mounts, tmpfs and volumes in use hide it. Kubernetes never copies: every volume hides what is below it.
"""

from __future__ import annotations

import enum
import posixpath
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from layerscope.volumes.declared import PathBelow
    from layerscope.volumes.storage import Storage

_SYSTEM = ("/proc", "/sys", "/dev")


class Effect(enum.StrEnum):
    """What becomes of the image's content at the place."""

    COPIED = "copied"
    """Into every new, empty volume: each container's own anonymous one, or a named one when it is first used."""
    HIDDEN = "hidden"
    """Not visible in the container, and shipped all the same."""
    NOTHING = "nothing"
    """The image has nothing there."""
    UNKNOWN = "unknown"
    """A skipped layer leaves it open."""


@dataclass(frozen=True, slots=True)
class MountRequest:
    """Something that will be mounted."""

    path: str
    """Where, as it was written."""
    kind: str
    """``volume``, ``bind``, ``tmpfs`` …, or a kind of Kubernetes volume."""
    origin: str
    """Who says so: ``VOLUME``, the flag, a service of a compose file, a container of a manifest."""
    name: str = ""
    """What is mounted: a volume's name, a host path; empty for what has no name."""
    copies: bool = False
    """Whether an engine copies the image's content into it while it is new and empty."""
    behind: Storage | None = None
    """What Kubernetes has behind it, or the volume driver that was named; None where nothing is known to be."""
    warnings: tuple[str, ...] = ()
    """What is wrong with it, or dangerous."""


@dataclass(frozen=True, slots=True)
class MountingUnit:
    """What starts containers of one image: a service of a compose file, a container of a workload."""

    name: str
    """In full: ``Deployment shop/web, container app``."""
    short: str
    """As it is called in its file."""
    image: str
    """As it is written; empty where it is built, not named."""
    mounts: tuple[MountRequest, ...]


@dataclass(frozen=True, slots=True)
class LayerShare:
    """What one layer brought of the content at a place."""

    layer: int
    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class MountPoint:
    """A request held against the image. Sizes are bytes of the merged filesystem; None where it is not known whole."""

    request: MountRequest
    is_directory: bool | None
    """None where the image has nothing there, or where that is not known."""
    bytes: int | None
    entries: int | None
    """Paths below it, itself excluded; 1 for a file."""
    shares: tuple[LayerShare, ...]
    """By layer, bottom first. An inode with several names counts for the layer of the first."""
    declared_at: int | None
    """History index of the VOLUME instruction; None where no entry tells."""
    bytes_after: int | None
    """Of ``bytes``, what layers made after that instruction brought; None where there is no such instruction."""
    dropped_steps: tuple[int, ...]
    """History indexes of later RUN steps that could write nothing here: those of the classic builder."""
    effect: Effect
    suspicious: tuple[str, ...]
    """Why nobody should mount anything there."""


def mount_point(
    request: MountRequest,
    below: Sequence[PathBelow] | None,
    is_directory: bool | None,
    declared_at: int | None = None,
    later: Collection[int] = (),
    dropped_steps: tuple[int, ...] = (),
) -> MountPoint:
    """What mounting over the image would mean.

    ``below`` is None where the merged tree is not known whole; ``later`` are the layers made after ``declared_at``.
    """
    shares = _shares(below) if below is not None else ()
    return MountPoint(
        request=request,
        is_directory=is_directory,
        bytes=None if below is None else sum(share.bytes for share in shares),
        entries=None if below is None else len(below),
        shares=shares,
        declared_at=declared_at,
        bytes_after=None if below is None or declared_at is None else _bytes_of(shares, later),
        dropped_steps=dropped_steps,
        effect=_effect(request, below, is_directory),
        suspicious=tuple(suspicions(request.path)),
    )


def declared_requests(paths: Iterable[str], others: Iterable[MountRequest]) -> list[MountRequest]:
    """An anonymous volume for each VOLUME path, unless something else is mounted there."""
    taken = {posixpath.normpath(other.path) for other in others}
    return [
        MountRequest(path, "anonymous volume", "VOLUME", copies=True)
        for path in paths
        if posixpath.normpath(path) not in taken
    ]


def suspicions(path: str) -> Iterator[str]:
    """What is wrong with a path to mount at. It is judged as text: nothing is looked up."""
    if not path.startswith("/"):
        yield "it is relative, and engines differ in what they make of that"
    clean = posixpath.normpath("/" + path)
    clean = "/" + clean.lstrip("/")
    if clean == "/":
        yield "it is the root: no container starts with a volume there"
    if path.startswith("/") and path.rstrip("/") != clean.rstrip("/"):
        yield f"it is not clean: it means {clean}"
    if any(clean == system or clean.startswith(system + "/") for system in _SYSTEM):
        yield "it is in a directory that the kernel fills: what a runtime does there differs"


def _effect(request: MountRequest, below: Sequence[PathBelow] | None, is_directory: bool | None) -> Effect:
    if below is None:
        return Effect.UNKNOWN
    if is_directory is None or (is_directory and not below):
        return Effect.NOTHING
    return Effect.COPIED if request.copies and is_directory else Effect.HIDDEN


def _shares(below: Sequence[PathBelow]) -> tuple[LayerShare, ...]:
    entries: dict[int, int] = defaultdict(int)
    sizes: dict[int, int] = defaultdict(int)
    counted: set[object] = set()
    for item in below:
        entries[item.layer] += 1
        if item.inode not in counted:
            counted.add(item.inode)
            sizes[item.layer] += item.size
    return tuple(LayerShare(layer, entries[layer], sizes[layer]) for layer in sorted(entries))


def _bytes_of(shares: Iterable[LayerShare], layers: Collection[int]) -> int:
    return sum(share.bytes for share in shares if share.layer in layers)
