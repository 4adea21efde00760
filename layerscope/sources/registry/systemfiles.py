"""Where the engines of this machine keep what they know of registries: certificates and mirrors. All read-only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SystemFiles:
    """Files and directories in the order in which they are looked into; none of them need exist."""

    certificates: tuple[Path, ...] = ()
    """``certs.d``: a directory per host[:port] with ``*.crt``, ``*.cert`` and ``*.key``."""
    containerd: tuple[Path, ...] = ()
    """containerd's ``certs.d``: a directory per registry with ``hosts.toml``, or with certificates."""
    registries: tuple[Path, ...] = ()
    """``registries.conf`` of Podman, Buildah, Skopeo and CRI-O: the first that exists counts."""
    registries_more: tuple[Path, ...] = ()
    """``registries.conf.d``: later files add to, and replace parts of, what was read before."""
    daemon: tuple[Path, ...] = ()
    """The Docker daemon's ``daemon.json``: the first that exists counts."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> SystemFiles:
        """The usual places, the user's before the machine's (containers-certs.d(5), containers-registries.conf(5))."""
        home = environment.get("HOME", "")
        config = environment.get("XDG_CONFIG_HOME", "")
        # A relative path would make files in the working directory count, which may be anybody's.
        own = Path(config) if config and Path(config).is_absolute() else Path(home, ".config")
        mine = (own,) if own.is_absolute() else ()
        machine = Path("/etc")
        named = environment.get("CONTAINERS_REGISTRIES_CONF") or environment.get("REGISTRIES_CONFIG_PATH")
        return cls(
            certificates=tuple(
                base / engine / "certs.d" for base in (*mine, machine) for engine in ("containers", "docker")
            ),
            containerd=tuple(base / "containerd" / "certs.d" for base in (*mine, machine)),
            registries=(Path(named),)
            if named
            else tuple(base / "containers" / "registries.conf" for base in (*mine, machine)),
            registries_more=()
            if named
            else tuple(base / "containers" / "registries.conf.d" for base in (machine, *mine)),
            daemon=tuple(base / "docker" / "daemon.json" for base in (*mine, machine)),
        )
