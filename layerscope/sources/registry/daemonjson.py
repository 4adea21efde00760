"""The Docker daemon's ``daemon.json``: mirrors of Docker Hub, and registries without TLS that is worth the name.

dockerd(8): ``registry-mirrors`` stand in for docker.io alone; ``insecure-registries`` are hosts, or networks (CIDR).
A network is held against addresses written in a reference; the daemon looks names up, too.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from layerscope.oci.reference import DOCKER_HUB, Reference
from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.route import Route
from layerscope.sources.registry.settingsfile import parse_json, read_settings, strings, wrong

if TYPE_CHECKING:
    from pathlib import Path


def read_daemon_file(file: Path, reference: Reference) -> list[Route]:
    """Every place to ask for the image, the registry itself last; nothing where the file does not speak of it."""
    data = read_settings(file)
    if data is None:
        return []
    document = parse_json(data, file)
    insecure = strings(document.get("insecure-registries"), file, "'insecure-registries'")
    routes: list[Route] = []
    if reference.registry == DOCKER_HUB:
        mirrors = strings(document.get("registry-mirrors"), file, "'registry-mirrors'")
        routes += [_mirror(url, file, reference, insecure) for url in mirrors]
    allowed = _is_insecure(reference.host, insecure)
    if routes or allowed:
        routes.append(Route(reference, file, mirror=False, insecure=allowed))
    return routes


def _mirror(url: str, file: Path, reference: Reference, insecure: list[str]) -> Route:
    try:
        origin = Origin.of(url)
    except ValueError as error:
        raise wrong(file, f"the mirror {url[:200]!r} is no URL: {error}") from None
    parts = urlsplit(url)
    if parts.path not in {"", "/"}:
        raise wrong(file, f"the mirror {url[:200]!r} has a path; Docker takes none")
    host = parts.netloc.lower()
    there = Reference(host, reference.repository, reference.tag, reference.digest)
    return Route(there, file, mirror=True, scheme=origin.scheme, insecure=_is_insecure(host, insecure))


def _is_insecure(host: str, insecure: list[str]) -> bool:
    bare = Origin.of(f"https://{host}").host
    for item in insecure:
        name = item.lower().removeprefix("https://").removeprefix("http://").rstrip("/")
        if name in {host.lower(), bare}:
            return True
        try:
            if "/" in item and ipaddress.ip_address(bare) in ipaddress.ip_network(item, strict=False):
                return True
        except ValueError:
            continue
    return False
