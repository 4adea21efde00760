"""Services of a compose file and what they mount (compose-spec ``05-services.md`` volumes, ``07-volumes.md``)."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from layerscope.errors import UsageError
from layerscope.volumes.kubeobject import at, text
from layerscope.volumes.mountpoint import MountingUnit, MountRequest
from layerscope.volumes.options import explained, redacted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VARIABLE = re.compile(r"\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]*))?\})")
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def compose_services(document: Any, what: str, environment: Mapping[str, str] = os.environ) -> tuple[MountingUnit, ...]:
    """The services of a compose document, by name; UsageError where it is none."""
    services = at(document, "services")
    if not isinstance(services, dict) or not services:
        raise UsageError(f"{what} is not a compose file: it has no services", hint="docker compose config checks it")
    volumes = at(document, "volumes")
    return tuple(
        MountingUnit(
            name=f"service {name}",
            short=str(name),
            image=interpolated(text(service, "image"), environment),
            mounts=tuple(_mounts(str(name), service, volumes, environment)),
        )
        for name, service in sorted(services.items(), key=lambda item: str(item[0]))
    )


def interpolated(value: str, environment: Mapping[str, str]) -> str:
    """Variables replaced (compose-spec ``12-interpolation.md``); one that is not set is empty, or its default."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None:
            return "$"
        given, operator, other = environment.get(name), match[3] or "", match[4] or ""
        present = given is not None and (given != "" or ":" not in operator)
        if operator.endswith("+"):
            return other if present else ""
        return (given or "") if present else other if operator.endswith("-") else ""

    return _VARIABLE.sub(replaced, value)


def _mounts(name: str, service: Any, volumes: Any, environment: Mapping[str, str]) -> Iterator[MountRequest]:
    origin = f"service {name}"
    listed = at(service, "volumes")
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, str):
            yield _short(interpolated(item, environment), origin, volumes)
        elif isinstance(item, dict) and (target := interpolated(text(item, "target"), environment)):
            kind = text(item, "type") or "volume"
            copies = kind == "volume" and at(item, "volume", "nocopy") is not True
            source = interpolated(text(item, "source"), environment)
            yield _request(target, kind, source, origin, volumes, copies)
    tmpfs = at(service, "tmpfs")
    for item in [tmpfs] if isinstance(tmpfs, str) else tmpfs if isinstance(tmpfs, list) else []:
        yield MountRequest(interpolated(str(item), environment).partition(":")[0], "tmpfs", origin)


def _short(item: str, origin: str, volumes: Any) -> MountRequest:
    """``[SOURCE:]TARGET[:MODE]``."""
    drive = item[:2] if _WINDOWS_DRIVE.match(item) else ""
    parts = item[len(drive) :].split(":")
    if len(parts) == 1:
        return MountRequest(item, "volume", origin, copies=True)
    source, target, modes = drive + parts[0], parts[1], parts[2].split(",") if len(parts) > 2 else []
    bind = bool(drive) or source.startswith(("/", ".", "~"))
    return _request(target, "bind" if bind else "volume", source, origin, volumes, not bind and "nocopy" not in modes)


def _request(target: str, kind: str, source: str, origin: str, volumes: Any, copies: bool) -> MountRequest:
    warnings = []
    if kind == "volume" and source:
        declared = at(volumes, source)
        if not isinstance(volumes, dict) or source not in volumes:
            warnings.append("the file declares no volume of this name")
        driver = text(declared, "driver") or "local"
        opts = at(declared, "driver_opts")
        options = {str(key): str(value) for key, value in opts.items()} if isinstance(opts, dict) else {}
        if driver != "local" or options:
            shown = explained(driver, options) or ", ".join(
                f"{key}={value}" for key, value in redacted(options).items()
            )
            source = f"{source} (driver {driver}{': ' + shown if shown else ''})"
    return MountRequest(target, kind, origin, source, copies, warnings=tuple(warnings))
