"""Where an engine listens, as its own command-line client would decide.

Docker: ``DOCKER_HOST``, else the context that ``DOCKER_CONTEXT`` names, else ``currentContext`` of ``config.json``,
else the default socket (docker/cli ``resolveContextName``; seen in 20.10 and 28). Podman: ``CONTAINER_HOST``, else the
user's socket, else the system's. The SDK's own resolution is not used: it takes an unknown context for the local
socket, looks for contexts below the working directory where there is no ``config.json``, and speaks plain HTTP to an
endpoint that has a CA and no client certificate.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.engines.contexts import ContextStore
from layerscope.engines.tls import Tls
from layerscope.errors import InvalidImage, UsageError
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES, get_str, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

DOCKER = "docker"
PODMAN = "podman"
DEFAULT_CONTEXT = "default"
_SCHEMES = ("tcp", "unix", "npipe", "ssh")
_TCP_PORT = 2375
_TLS_PORT = 2376
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/\[\]:@?#]*)(?::(?P<port>[0-9]+))?(?P<path>/[^?#]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address to speak the Engine API to."""

    engine: str
    """Whose endpoint it is by name, DOCKER or PODMAN; what answers there may be the other."""
    url: str
    """``unix:///…``, ``tcp://HOST:PORT``, ``ssh://[USER@]HOST[:PORT]`` or ``npipe://…``."""
    origin: str
    """Why this one: the variable, context or rule that named it."""
    tls: Tls | None = None
    """None: no TLS is spoken."""

    def __str__(self) -> str:
        return f"the {self.engine.capitalize()} engine at {self.url} ({self.origin})"

    @property
    def socket(self) -> Path | None:
        """The unix socket's path; None for any other kind of endpoint."""
        return Path(self.url.removeprefix("unix://")) if self.url.startswith("unix://") else None


def docker_endpoint(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """The endpoint that the docker CLI would use.

    UsageError for an unknown context, a malformed address, TLS files that are not there.
    """
    directory = _config_directory(environment)
    if host := environment.get("DOCKER_HOST"):
        return _endpoint_of_variables(host, "DOCKER_HOST", environment, directory)
    name, origin = environment.get("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
    if not name and directory is not None:
        name, origin = _current_context(directory / "config.json"), f"currentContext of {directory / 'config.json'}"
    if not name or name == DEFAULT_CONTEXT:
        return _endpoint_of_variables("", "the default", environment, directory)
    context = ContextStore(directory / "contexts" if directory else None).find(name, origin)
    origin = f"context {name!r} by {origin}"
    host = context.host or _default_host(tls=False)
    if host.startswith("http://"):  # a context may say so; DOCKER_HOST may not
        host = f"tcp://{host.removeprefix('http://')}"
    return Endpoint(DOCKER, _normalised(host, origin), origin, context.tls)


def podman_endpoint(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """Where Podman's API service listens. UsageError for an address that cannot be used."""
    if host := environment.get("CONTAINER_HOST"):
        if host.startswith("ssh://"):
            raise UsageError(
                f"CONTAINER_HOST is {host}: Podman's API cannot be reached over SSH directly",
                hint="forward its socket, ssh -nNT -L /tmp/podman.sock:/run/podman/podman.sock HOST, and set"
                " CONTAINER_HOST=unix:///tmp/podman.sock",
            )
        return Endpoint(PODMAN, _normalised(host, "CONTAINER_HOST"), "CONTAINER_HOST")
    candidates = _podman_sockets(environment)
    found = next((path for path in candidates if _exists(path)), candidates[-1])
    return Endpoint(PODMAN, f"unix://{found}", "the default")


def _podman_sockets(environment: Mapping[str, str]) -> list[Path]:
    runtime = environment.get("XDG_RUNTIME_DIR")
    user = Path(runtime) if runtime else Path(f"/run/user/{os.getuid()}") if hasattr(os, "getuid") else None
    directories = [user, Path("/run")] if user else [Path("/run")]
    return [directory / "podman" / "podman.sock" for directory in directories]


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, PermissionError)  # it may well be there; connecting will tell
    return True


def _endpoint_of_variables(host: str, origin: str, environment: Mapping[str, str], directory: Path | None) -> Endpoint:
    tls = Tls.from_environment(environment, directory)
    host = host.strip() or _default_host(tls=tls is not None)
    return Endpoint(DOCKER, _normalised(host, origin), origin, None if host.startswith("unix://") else tls)


def _default_host(*, tls: bool) -> str:
    if tls:
        return f"tcp://localhost:{_TLS_PORT}"
    return "npipe:////./pipe/docker_engine" if sys.platform == "win32" else "unix:///var/run/docker.sock"


def _normalised(host: str, origin: str) -> str:
    """The address in one spelling, checked; UsageError says what an address looks like."""
    scheme, found, rest = host.strip().partition("://")
    if not found and not host.startswith(("/", ".", "unix:")):
        scheme, rest = "tcp", host.strip()
    if scheme not in _SCHEMES:
        raise _malformed(host, origin)
    if scheme == "unix":
        return f"unix://{Path(rest).absolute()}" if rest else _default_host(tls=False)
    if scheme == "npipe":
        return f"npipe://{rest}"
    user, at, authority = rest.rpartition("@")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or (at and scheme != "ssh") or (scheme == "ssh" and not parts["host"]):
        raise _malformed(host, origin)
    port = f":{parts['port']}" if parts["port"] else f":{_TCP_PORT}" if scheme == "tcp" else ""
    return f"{scheme}://{user}{at}{parts['host'] or 'localhost'}{port}{(parts['path'] or '').rstrip('/')}"


def _malformed(host: str, origin: str) -> UsageError:
    return UsageError(
        f"{origin}: {host!r} is not the address of an engine",
        hint="an address is unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST[:PORT]",
    )


def _config_directory(environment: Mapping[str, str]) -> Path | None:
    """Where the docker CLI keeps its settings; None without a home. Never relative: anybody may own the cwd."""
    if directory := environment.get("DOCKER_CONFIG"):
        return Path(directory).absolute()
    try:
        home = Path(environment.get("HOME") or Path.home())
    except (RuntimeError, OSError):
        return None
    return home / ".docker" if home.is_absolute() else None


def _current_context(path: Path) -> str:
    """``currentContext``; a file that cannot be read counts for nothing and is named in a warning, as the CLI does."""
    try:
        with path.open("rb") as file:
            return get_str(parse_object(file.read(MAX_DOCUMENT_BYTES + 1), str(path)), "currentContext", str(path))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, InvalidImage) as error:
        log.warning("%s cannot be used to find the current context: %s", path, error)
        return ""
