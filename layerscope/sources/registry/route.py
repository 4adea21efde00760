"""A way to an image that somebody's file of settings names: a mirror, or other terms for the registry itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from layerscope.oci.reference import Reference
    from layerscope.sources.registry.trust import ClientCertificate


@dataclass(frozen=True, slots=True)
class Route:
    """One place to ask, in the file's order."""

    reference: Reference
    """The image's name there. Its registry is this place's own host, under which credentials are looked for."""
    file: Path
    """Who says so."""
    mirror: bool
    """Whether it is another place than the registry itself."""
    scheme: str = ""
    """``http`` or ``https``; empty where the file leaves it open."""
    path: str = "/v2"
    """Where the API begins."""
    ns: str = ""
    """The registry a mirror is asked to stand in for (containerd's ``?ns=``); empty where it is not told."""
    authorities: tuple[Path, ...] = ()
    client: ClientCertificate | None = None
    insecure: bool = False
    """Whether the file allows certificates that nobody verifies; where ``scheme`` is open, plain HTTP too."""
