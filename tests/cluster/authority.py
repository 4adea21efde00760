"""A certificate authority of the cluster's own: who the server is, and who its users are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from live.command import run
from live.need import need

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs, for a directory of its own."""

    directory: Path

    @property
    def certificate(self) -> Path:
        """Whom to trust."""
        return self.directory / "ca.pem"

    @property
    def key(self) -> Path:
        """What it signs with."""
        return self.directory / "ca-key.pem"

    def sign(self, name: str, subject: str, *, end: str = "") -> Pair:
        """A certificate for ``subject`` (``/O=GROUP/CN=USER``), for loopback too; ``end`` is when it ends."""
        openssl = need("openssl")
        made = Pair(self.directory / f"{name}.pem", self.directory / f"{name}-key.pem")
        request, extensions = self.directory / f"{name}.csr", self.directory / "extensions"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
        run(openssl, "req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", made.key, "-out", request)
        if not end:
            run(
                openssl, "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", made.certificate,
            )  # fmt: skip
            return made
        # x509 counts in days from now on; ca takes dates, and a directory of its own.
        (self.directory / "index.txt").write_text("")
        config = self.directory / "ca.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={self.directory}/index.txt\nnew_certs_dir={self.directory}\n"
            "default_md=sha256\npolicy=any\nrand_serial=yes\n[any]\ncommonName=supplied\norganizationName=optional\n"
        )
        run(
            openssl, "ca", "-batch", "-config", config, "-cert", self.certificate, "-keyfile", self.key,
            "-in", request, "-out", made.certificate, "-notext",
            "-startdate", "20200101000000Z", "-enddate", end, "-extfile", extensions,
        )  # fmt: skip
        return made


def make_authority(directory: Path) -> Authority:
    """A new one."""
    directory.mkdir(parents=True)
    made = Authority(directory)
    run(
        need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", made.key, "-out", made.certificate,
    )  # fmt: skip
    return made
