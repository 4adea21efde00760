"""containerd's ``hosts.toml``: the hosts that stand in for a registry, and on which terms.

containerd docs/hosts.md and core/remotes/docker/config/hosts.go. ``header`` and ``dial_timeout`` are not heeded.
"""

from __future__ import annotations

import logging
import posixpath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from layerscope.oci.reference import Reference
from layerscope.sources.registry.certsd import containerd_names
from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.route import Route
from layerscope.sources.registry.settingsfile import flag, parse_toml, read_settings, text, wrong
from layerscope.sources.registry.trust import ClientCertificate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

NAME = "hosts.toml"
_DEFAULT = "_default"
_CAPABILITIES = frozenset({"pull", "resolve", "push"})


def find_hosts_file(roots: Iterable[Path], registry: str) -> Path | None:
    """The file for a registry: of the first directory that exists for its name, or ``_default``."""
    for root in roots:
        for name in (*containerd_names(registry), _DEFAULT):
            if "/" not in name and (root / name).is_dir():
                file = root / name / NAME
                return file if file.is_file() else None
    return None


def read_hosts_file(file: Path, reference: Reference) -> list[Route]:
    """Every place to ask for the image, the registry itself last; UsageError where the file is broken.

    For a tag only hosts that may ``resolve`` are asked: what is behind a name should not depend on a cache.
    """
    data = read_settings(file)
    if data is None:
        return []
    document = parse_toml(data, file)
    hosts = document.get("host", {})
    if not isinstance(hosts, dict) or not all(isinstance(item, dict) for item in hosts.values()):
        raise wrong(file, "'host' is not a table of hosts")
    routes = [_route(url, settings, file, reference, mirror=True) for url, settings in hosts.items()]
    server = text(document, "server", file)
    routes.append(_route(server, document, file, reference, mirror=False))
    return [route for route in routes if route is not None]


def _route(url: str, settings: dict[str, Any], file: Path, reference: Reference, *, mirror: bool) -> Route | None:
    needed = {"pull"} if reference.digest else {"pull", "resolve"}
    capabilities = settings.get("capabilities")
    if capabilities is not None:
        if not isinstance(capabilities, list):
            raise wrong(file, "'capabilities' is not a list")
        able = {str(item).lower() for item in capabilities}
        if unknown := able - _CAPABILITIES:
            raise wrong(file, f"{sorted(unknown)[0]!r} is no capability")
        if able and not needed <= able:
            return None
    if settings.get("header"):
        log.warning("%s: the headers for %s are not sent", file, url or reference.registry)
    terms: dict[str, Any] = {
        "authorities": tuple(_paths(settings.get("ca"), file, "ca")),
        "client": _client(settings.get("client"), file),
        "insecure": flag(settings, "skip_verify", file),
    }
    if not url:
        return Route(reference, file, mirror=False, **terms)
    full = url if "://" in url else f"https://{url}"
    try:
        origin = Origin.of(full)
    except ValueError as error:
        raise wrong(file, f"{url[:200]!r} is no URL of a host: {error}") from None
    host = urlsplit(full).netloc.lower()
    # The registry itself may be named among its mirrors, on other terms.
    mirror = host not in {reference.host.lower(), reference.registry.lower()}
    there = Reference(host, reference.repository, reference.tag, reference.digest) if mirror else reference
    return Route(
        there,
        file,
        mirror=mirror,
        scheme=origin.scheme,
        path=_api(urlsplit(full).path, override=flag(settings, "override_path", file)),
        ns=reference.registry if mirror else "",
        **terms,
    )


def _api(path: str, *, override: bool) -> str:
    if not path:
        return "" if override else "/v2"
    path = posixpath.normpath(path)
    path = "" if path == "/" else path
    return path if override or path.endswith("/v2") else f"{path}/v2"


def _paths(value: Any, file: Path, what: str) -> list[Path]:
    """One path or several, relative to the file's directory."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise wrong(file, f"{what!r} is neither a path nor a list of paths")
    return [file.parent / item for item in items]


def _client(value: Any, file: Path) -> ClientCertificate | None:
    """``client``: a PEM file with both, several of them, or pairs of files. The first counts."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    if not items:
        return None
    first = _paths(items[0], file, "client")
    if not 1 <= len(first) <= 2:
        raise wrong(file, "'client' holds something else than a file, or a pair of files")
    return ClientCertificate(first[0], first[1] if len(first) == 2 else None)
