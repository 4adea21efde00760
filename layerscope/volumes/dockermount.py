"""``--mount`` as Docker's command line has it: comma-separated ``key=value`` (docker/cli ``opts/mount.go``)."""

from __future__ import annotations

import csv

from layerscope.errors import UsageError
from layerscope.volumes.mountpoint import MountRequest
from layerscope.volumes.storage import Storage

_TARGETS = ("target", "destination", "dst")
_SOURCES = ("source", "src")
_KINDS = ("volume", "bind", "tmpfs", "image", "npipe", "cluster")


def parse_mount(text: str) -> MountRequest:
    """A mount from the flag's value; UsageError says what is wrong with it."""
    try:
        fields = next(csv.reader([text]), [])
    except csv.Error as error:
        raise UsageError(f"not a mount: {text!r}: {error}", hint=_HINT) from None
    values: dict[str, str] = {}
    for field in fields:
        key, _, value = field.partition("=")
        values[key.strip().lower()] = value
    kind = values.get("type", "volume").lower()
    if kind not in _KINDS:
        raise UsageError(f"not a mount: {text!r}: there is no type {kind!r}", hint=f"types: {', '.join(_KINDS)}")
    target = next((values[key] for key in _TARGETS if values.get(key)), "")
    if not target:
        raise UsageError(f"not a mount: {text!r}: it has no target", hint=_HINT)
    no_copy = values.get("volume-nocopy", "false").lower() not in ("", "true", "1")
    copies = kind == "volume" and ("volume-nocopy" not in values or no_copy)
    name = next((values[key] for key in _SOURCES if values.get(key)), "")
    driver = values.get("volume-driver", "")
    behind = Storage("", driver=driver) if driver else None
    return MountRequest(path=target, kind=kind, origin="--mount", name=name, copies=copies, behind=behind)


_HINT = "write it as for docker run: --mount type=bind,source=/srv/data,target=/data"
