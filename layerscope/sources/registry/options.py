"""What a caller may choose about talking to registries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.credentials.local import LocalLogins
from layerscope.sources.registry.systemfiles import SystemFiles

if TYPE_CHECKING:
    from pathlib import Path

    from layerscope.credentials.credential import CredentialLookup


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """How to reach registries, how patiently, and as whom.

    Hosts are named with or without port; without one, every port of the host is meant.
    """

    timeout: float = 30.0
    """Seconds to wait for a connection, and for each read from one."""
    retries: int = 5
    """How often in a row one thing may fail for a passing reason and be tried again. For a layer, a mebibyte of
    progress starts the count anew; a host that never answered yet gets two at most."""
    backoff: float = 0.5
    """Seconds before the first new attempt; doubles with each further one."""
    max_wait: float = 60.0
    """Seconds that one wait lasts at most, also where a registry asks for more (``Retry-After``)."""
    credentials: CredentialLookup = field(default_factory=LocalLogins.from_environment)
    """As whom to pull; by default what Docker's and Podman's logins left."""
    connections: int = 8
    """Idle connections kept a host: as many as there are threads that read layers."""

    plain_http: frozenset[str] = frozenset()
    """Hosts spoken to without TLS. Loopback needs no mention."""
    plain_http_login: frozenset[str] = frozenset()
    """Hosts that get credentials without TLS, too. Loopback needs no mention."""
    tls: frozenset[str] = frozenset()
    """Hosts on loopback that speak TLS: any other does anyway. See ``endpoints.scheme_for`` for what else says so."""
    skip_verify: frozenset[str] = frozenset()
    """Hosts whose certificates are not verified."""
    ca_certs: tuple[Path, ...] = ()
    """PEM files of authorities to trust beyond the system's, whatever the host."""
    client_cert: Path | None = None
    """A client certificate in PEM, shown to the registries of the images asked for, and to no other host."""
    client_key: Path | None = None
    """Its key; None where ``client_cert`` holds it."""
    allow_realms: frozenset[str] = frozenset()
    """Token servers in a private network that a registry may name though it is elsewhere itself."""
    mirror_config: str = "auto"
    """``auto`` to ask the mirrors that this machine's engines would, ``none``, or the path of such a file."""
    files: SystemFiles = field(default_factory=SystemFiles.from_environment)
    """Where mirrors and certificates are looked for."""
