"""What TLS to an engine takes: whom to trust, and who we are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS material as files. That there is such a value at all means: TLS, whatever is missing from it."""

    ca: Path | None = None
    """Whom to trust; None for whom the system trusts."""
    certificate: Path | None = None
    key: Path | None = None
    """Both or neither: who we are."""
    verify: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], directory: Path | None) -> Tls | None:
        """What ``DOCKER_TLS_VERIFY``, ``DOCKER_TLS`` and ``DOCKER_CERT_PATH`` ask for; None for no TLS.

        As in the docker CLI any value counts, ``0`` too, and ``DOCKER_CERT_PATH`` alone asks for nothing. ``ca.pem``
        must be there, ``cert.pem`` and ``key.pem`` may be missing.
        """
        verify = bool(environment.get("DOCKER_TLS_VERIFY"))
        if not verify and not environment.get("DOCKER_TLS"):
            return None
        variable = "DOCKER_TLS_VERIFY" if verify else "DOCKER_TLS"
        place = Path(environment["DOCKER_CERT_PATH"]) if environment.get("DOCKER_CERT_PATH") else directory
        if place is None:
            raise UsageError(
                f"{variable} is set, and there is no home to look for certificates in", hint="set DOCKER_CERT_PATH"
            )
        if not (place / "ca.pem").is_file():
            raise UsageError(
                f"{variable} is set, and there is no {place / 'ca.pem'}",
                hint="DOCKER_CERT_PATH names the directory that holds ca.pem, cert.pem and key.pem",
            )
        return cls(place / "ca.pem", *_identity(place, variable), verify)

    @classmethod
    def from_directory(cls, directory: Path, *, verify: bool, what: str) -> Tls | None:
        """What a context's directory holds; None where that is nothing and verification was not turned off."""
        names = ("ca.pem", "cert.pem", "key.pem")
        if verify and not any((directory / name).is_file() for name in names):
            return None
        ca = directory / "ca.pem"
        return cls(ca if ca.is_file() else None, *_identity(directory, what), verify)


def _identity(directory: Path, what: str) -> tuple[Path | None, Path | None]:
    """Client certificate and key. A certificate without its key is of no use and passed over, as the CLI does."""
    certificate, key = directory / "cert.pem", directory / "key.pem"
    if not key.is_file():
        return None, None
    if not certificate.is_file():
        raise UsageError(f"{what}: there is {key}, and no {certificate} to go with it")
    return certificate, key
