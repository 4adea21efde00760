"""Plugins that announce themselves on this host (Docker's "v1"): a socket, or a file that says where they listen.

moby ``pkg/plugins/discovery.go``: ``NAME.sock`` or ``NAME/NAME.sock`` below the socket directory, then ``NAME.spec``
(an address) or ``NAME.json`` (name, address, TLS files), flat or in a directory of their own. The first one found of a
name counts. The engine loads a plugin when it is first used, so of an idle one it knows nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SOCKETS = Path("/run/docker/plugins")
_MAX_FILE = 64 << 10


@dataclass(frozen=True, slots=True)
class PluginTls:
    """The files that a ``.json`` names for TLS; empty where it names none."""

    ca: str
    certificate: str
    key: str
    insecure: bool
    """Whether the engine would not verify the plugin's certificate."""


@dataclass(frozen=True, slots=True)
class AnnouncedPlugin:
    """A plugin that may be running."""

    name: str
    file: Path
    """What announces it."""
    address: str
    """``unix:///…``, ``tcp://HOST:PORT`` …; empty where the file is no good."""
    tls: PluginTls | None = None
    error: str = ""
    """Why the file is no good."""


def spec_directories(environment: dict[str, str] | None = None) -> tuple[Path, ...]:
    """Where ``.spec`` and ``.json`` files are looked for: the system's directories, before them a rootless user's."""
    known = os.environ if environment is None else environment
    system = (Path("/etc/docker/plugins"), Path("/usr/lib/docker/plugins"))
    home = known.get("HOME", "")
    if os.geteuid() == 0 or not home:
        return system
    config = known.get("XDG_CONFIG_HOME") or f"{home}/.config"
    return (Path(config, "docker/plugins"), Path(home, ".local/lib/docker/plugins"), *system)


def announced(sockets: Path = SOCKETS, specs: Iterable[Path] | None = None) -> tuple[AnnouncedPlugin, ...]:
    """Every plugin announced on this host, by name; directories that are not there or not readable announce none."""
    found: dict[str, AnnouncedPlugin] = {}
    for plugin in (*_sockets(sockets), *_files(spec_directories() if specs is None else specs)):
        found.setdefault(plugin.name, plugin)
    return tuple(found[name] for name in sorted(found))


def _sockets(directory: Path) -> Iterator[AnnouncedPlugin]:
    for path in _listed(directory):
        nested = path / f"{path.name}.sock"
        for candidate in (path, nested):
            if candidate.suffix == ".sock" and _is_socket(candidate):
                yield AnnouncedPlugin(candidate.stem, candidate, f"unix://{candidate}")


def _files(directories: Iterable[Path]) -> Iterator[AnnouncedPlugin]:
    for directory in directories:
        for path in _listed(directory):
            candidates = (path / f"{path.name}.spec", path / f"{path.name}.json") if path.is_dir() else (path,)
            for candidate in candidates:
                if candidate.suffix in (".spec", ".json") and candidate.is_file():
                    yield _announced_by(candidate)


def _announced_by(file: Path) -> AnnouncedPlugin:
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_FILE + 1).decode()
        if len(text) > _MAX_FILE:
            raise ValueError(f"it has more than {_MAX_FILE} bytes")
        if file.suffix == ".spec":
            return AnnouncedPlugin(file.stem, file, _address(text.strip()))
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("it is not an object")
        tls = document.get("TLSConfig")
        return AnnouncedPlugin(
            _text(document, "Name") or file.stem,
            file,
            _address(_text(document, "Addr")),
            _tls(tls) if isinstance(tls, dict) else None,
        )
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return AnnouncedPlugin(file.stem, file, "", error=f"{file} cannot be used: {reason}")


def _address(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator or not rest or not scheme.isalnum():
        raise ValueError(f"its address is none: {text[:80]!r}")
    return text


def _tls(document: dict[str, Any]) -> PluginTls:
    ca = _text(document, "CAFile")
    return PluginTls(
        ca=ca,
        certificate=_text(document, "CertFile"),
        key=_text(document, "KeyFile"),
        insecure=document.get("InsecureSkipVerify") is True or not ca,
    )


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _is_socket(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:
        return False


def _listed(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
