"""What a caller may choose about talking to registries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.credentials.dockerconfig import DockerConfig

if TYPE_CHECKING:
    from layerscope.credentials.credential import CredentialLookup


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """How to reach registries, how patiently, and as whom."""

    timeout: float = 30.0
    """Seconds to wait for a connection, and for each read from one."""
    retries: int = 5
    """How often in a row one thing may fail for a passing reason and be tried again. For a layer, a mebibyte of
    progress starts the count anew; a host that never answered yet gets two at most."""
    backoff: float = 0.5
    """Seconds before the first new attempt; doubles with each further one."""
    max_wait: float = 60.0
    """Seconds that one wait lasts at most, also where a registry asks for more (``Retry-After``)."""
    plain_http: frozenset[str] = frozenset()
    """Hosts, with or without port, spoken to without TLS. Loopback needs no mention."""
    credentials: CredentialLookup = field(default_factory=DockerConfig.from_environment)
    """As whom to pull; by default what ``docker login`` left."""
    connections: int = 8
    """Idle connections kept a host: as many as there are threads that read layers."""
