"""Which file of settings says where to ask for an image: containerd's, Podman's, Docker's, or none."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.sources.registry.daemonjson import read_daemon_file
from layerscope.sources.registry.hoststoml import NAME, find_hosts_file, read_hosts_file
from layerscope.sources.registry.registriesconf import Blocked, read_registries_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.oci.reference import Reference
    from layerscope.sources.registry.route import Route
    from layerscope.sources.registry.systemfiles import SystemFiles

log = logging.getLogger(__name__)

AUTO, NONE = "auto", "none"


def routes_for(reference: Reference, choice: str, files: SystemFiles) -> list[Route]:
    """Where to ask, in order; nothing where no file speaks of the image, and so its registry alone is asked.

    ``auto`` asks the machine's files, one kind after the other: the first that speaks of the image decides, as they
    belong to different engines. A broken one is warned about and passed over. ``none`` reads nothing. Anything else
    names one file, or a directory in containerd's layout, and must be in order.
    """
    if choice == NONE:
        return []
    if choice != AUTO:
        return _named(reference, Path(choice).expanduser())
    for kind in (_containerd, _registries, _daemon):
        try:
            if routes := kind(reference, files):
                return routes
        except Blocked:
            raise
        except UsageError as error:
            log.warning("mirrors: %s; going on without it", error)
    return []


def _containerd(reference: Reference, files: SystemFiles) -> list[Route]:
    file = find_hosts_file(files.containerd, reference.registry)
    return read_hosts_file(file, reference) if file else []


def _registries(reference: Reference, files: SystemFiles) -> list[Route]:
    return read_registries_files(_all_registries(files), reference)


def _all_registries(files: SystemFiles) -> Iterator[Path]:
    """The one ``registries.conf`` that counts, then the drop-ins: of the same name the user's counts."""
    yield from [file for file in files.registries if file.is_file()][:1]
    named: dict[str, Path] = {}
    for directory in files.registries_more:
        try:
            named |= {file.name: file for file in directory.iterdir() if file.suffix == ".conf"}
        except OSError:
            continue
    yield from (named[name] for name in sorted(named))


def _daemon(reference: Reference, files: SystemFiles) -> list[Route]:
    for file in files.daemon:
        if file.is_file():
            return read_daemon_file(file, reference)
    return []


def _named(reference: Reference, path: Path) -> list[Route]:
    if path.is_dir():
        file = find_hosts_file([path], reference.registry)
        return read_hosts_file(file, reference) if file else []
    if not path.is_file():
        raise UsageError(
            f"--mirror-config: there is no {path}",
            hint="name a registries.conf, a daemon.json, a hosts.toml or a directory of those; or say auto or none",
        )
    if path.name == NAME:
        return read_hosts_file(path, reference)
    return read_daemon_file(path, reference) if path.suffix == ".json" else read_registries_files([path], reference)
