"""``certs.d``: certificates that Docker, Podman and containerd keep for one registry (containers-certs.d(5))."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.sources.registry.trust import ClientCertificate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layerscope.sources.registry.systemfiles import SystemFiles


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a directory holds for its host."""

    authorities: tuple[Path, ...] = ()
    """``*.crt``"""
    client: ClientCertificate | None = None
    """``NAME.cert`` with ``NAME.key``: the first by name, as one handshake takes one."""

    def __bool__(self) -> bool:
        return bool(self.authorities or self.client)


def certificates_for(names: Iterable[str], files: SystemFiles) -> Certificates:
    """Those of the first directory that exists for one of a host's names (``host`` or ``host:port``).

    Docker and containers/image read one directory, not several: that of the user before that of the machine.
    UsageError where a certificate lacks its key, or a key its certificate.
    """
    names = tuple(names)
    spellings = [(base, name) for base in files.certificates for name in names]
    spellings += [(base, each) for base in files.containerd for name in names for each in containerd_names(name)]
    for base, name in spellings:
        if "/" not in name and name not in {"", ".", ".."} and (base / name).is_dir():
            return read_directory(base / name)
    return Certificates()


def containerd_names(host: str) -> tuple[str, ...]:
    """How containerd spells a host's directory: ``host_port_`` where a file system takes no colon, or as it is."""
    name, colon, port = host.rpartition(":")
    return (f"{name}_{port}_", host) if colon and name else (host,)


def read_directory(directory: Path) -> Certificates:
    """The certificates in one directory."""
    try:
        entries = sorted(path for path in directory.iterdir() if path.suffix in {".crt", ".cert", ".key"})
    except OSError as error:
        raise UsageError(f"{directory} cannot be read: {error.strerror}") from None
    there = set(entries)
    clients: list[ClientCertificate] = []
    for path in entries:
        if path.suffix == ".cert":
            if path.with_suffix(".key") not in there:
                raise UsageError(
                    f"{path} is a client certificate without its key",
                    hint=f"put the key beside it as {path.stem}.key; a certificate of an authority ends in .crt",
                )
            clients.append(ClientCertificate(path, path.with_suffix(".key")))
        elif path.suffix == ".key" and path.with_suffix(".cert") not in there:
            raise UsageError(
                f"{path} is a key without its client certificate",
                hint=f"put the certificate beside it as {path.stem}.cert",
            )
    authorities = tuple(path for path in entries if path.suffix == ".crt")
    return Certificates(authorities, clients[0] if clients else None)
