"""The image configuration (image-spec config.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from layerscope.errors import InvalidImage, UnsupportedImage
from layerscope.oci.digest import Digest
from layerscope.oci.jsondoc import get_list, get_object, get_str, get_string_map, get_strings, parse_object
from layerscope.oci.platform import Platform


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step of a build as its builder recorded it. Times are RFC 3339 text, as written."""

    created: str = ""
    created_by: str = ""
    comment: str = ""
    author: str = ""
    empty_layer: bool = False


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """How Docker asks a container whether it is well. Durations are nanoseconds, 0 means the default."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What a container of this image starts with."""

    user: str = ""
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    env: tuple[str, ...] = ()
    working_dir: str = ""
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    healthcheck: Healthcheck | None = None
    shell: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    """Instructions that a build upon this image carries out first."""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """An image configuration, verified by its digest (or told by an engine, see ``Image.history_from_engine``)."""

    digest: Digest | None
    """None only where an engine told what is in the config, and could not tell its digest."""
    platform: Platform | None
    created: str
    author: str
    run: RunConfig
    diff_ids: tuple[Digest, ...]
    history: tuple[HistoryEntry, ...]


def parse_config(data: bytes, what: str) -> ImageConfig:
    """Read an image config from its exact bytes; InvalidImage says what is wrong, UnsupportedImage what else it is."""
    document = parse_object(data, what)
    rootfs = document.get("rootfs")
    if not isinstance(rootfs, dict):
        raise UnsupportedImage(
            f"{what} has no rootfs: it is not the configuration of a container image",
            hint="this is an OCI artifact, a chart or a signature; layerscope reads container images only",
        )
    diff_ids = get_list(rootfs, "diff_ids", f"{what}: rootfs")
    return ImageConfig(
        digest=Digest.of(data),
        platform=Platform.from_json(document, what),
        created=get_str(document, "created", what),
        author=get_str(document, "author", what),
        run=_run_config(get_object(document, "config", what), f"{what}: config"),
        diff_ids=tuple(Digest.parse(item, f"{what}: diff_ids[{n}]") for n, item in enumerate(diff_ids)),
        history=tuple(
            _history_entry(item, f"{what}: history[{n}]") for n, item in enumerate(get_list(document, "history", what))
        ),
    )


def _history_entry(value: Any, what: str) -> HistoryEntry:
    if not isinstance(value, dict):
        raise InvalidImage(f"{what} is not an object")
    return HistoryEntry(
        created=get_str(value, "created", what),
        created_by=get_str(value, "created_by", what),
        comment=get_str(value, "comment", what),
        author=get_str(value, "author", what),
        empty_layer=value.get("empty_layer") is True,
    )


def _run_config(value: dict[str, Any], what: str) -> RunConfig:
    return RunConfig(
        user=get_str(value, "User", what),
        entrypoint=_command(value, "Entrypoint", what),
        cmd=_command(value, "Cmd", what),
        env=get_strings(value, "Env", what),
        working_dir=get_str(value, "WorkingDir", what),
        exposed_ports=tuple(sorted(get_object(value, "ExposedPorts", what))),
        volumes=tuple(sorted(get_object(value, "Volumes", what))),
        labels=get_string_map(value, "Labels", what),
        stop_signal=get_str(value, "StopSignal", what),
        healthcheck=_healthcheck(value, what),
        shell=get_strings(value, "Shell", what),
        on_build=get_strings(value, "OnBuild", what),
    )


def _command(value: dict[str, Any], key: str, what: str) -> tuple[str, ...] | None:
    return None if value.get(key) is None else get_strings(value, key, what)


def _healthcheck(value: dict[str, Any], what: str) -> Healthcheck | None:
    check = get_object(value, "Healthcheck", what)
    if not check:
        return None
    what = f"{what}: Healthcheck"

    def number(key: str) -> int:
        found = check.get(key) or 0
        if not isinstance(found, int) or isinstance(found, bool):
            raise InvalidImage(f"{what}: {key!r} is not a number")
        return found

    return Healthcheck(
        test=get_strings(check, "Test", what),
        interval=number("Interval"),
        timeout=number("Timeout"),
        start_period=number("StartPeriod"),
        start_interval=number("StartInterval"),
        retries=number("Retries"),
    )
