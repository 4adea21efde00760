"""A certificate authority for one run: who the engine is, and who its client is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from live.command import run
from live.need import need

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files, by the names that Docker gives them."""

    directory: Path
    """A client's ca.pem, cert.pem and key.pem."""
    server: Path
    server_key: Path

    @property
    def ca(self) -> Path:
        """Whom to trust."""
        return self.directory / "ca.pem"

    @property
    def certificate(self) -> Path:
        """The client's."""
        return self.directory / "cert.pem"

    @property
    def key(self) -> Path:
        """The client's."""
        return self.directory / "key.pem"


def make_certificates(directory: Path) -> Certificates:
    """An authority, a server certificate for loopback, a client certificate."""
    openssl = need("openssl")
    client = directory / "client"
    client.mkdir(parents=True)
    made = Certificates(client, directory / "server.pem", directory / "server-key.pem")
    authority_key = directory / "ca-key.pem"
    extensions = directory / "extensions"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
    # -extensions keeps to what every openssl.cnf has; -days in whole days.
    run(
        openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", authority_key, "-out", made.ca,
    )  # fmt: skip
    for name, certificate, key in (
        ("localhost", made.server, made.server_key),
        ("client", made.certificate, made.key),
    ):
        request = directory / f"{name}.csr"
        run(openssl, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        run(
            openssl, "x509", "-req", "-in", request, "-CA", made.ca, "-CAkey", authority_key, "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", certificate,
        )  # fmt: skip
    return made
