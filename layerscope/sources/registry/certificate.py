"""What a certificate says: for messages about one that is not trusted, and for ``auth explain``."""

from __future__ import annotations

import http.client
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography.x509 import Certificate as X509

    from layerscope.sources.registry.origin import Origin

MAX_NAMES = 20
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate's plain facts. All text in it is a stranger's: on one line, and short, but not more than that."""

    subject: str
    """A distinguished name (RFC 4514)."""
    issuer: str
    names: tuple[str, ...]
    """The DNS names and addresses it is good for; at most ``MAX_NAMES`` of them."""
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256 of the certificate, lower-case hex."""

    @property
    def self_signed(self) -> bool:
        """Whether it vouches for itself."""
        return self.subject == self.issuer

    def __str__(self) -> str:
        names = f"names {', '.join(self.names)}" if self.names else "no names"
        return (
            f"subject {self.subject or 'none'}; issuer {self.issuer or 'none'}; {names};"
            f" valid {self.not_before:%Y-%m-%d %H:%M} to {self.not_after:%Y-%m-%d %H:%M} UTC"
        )

    def wrong_time(self, now: datetime) -> str:
        """Why it is not good at that time; empty where it is."""
        if now > self.not_after:
            return f"it expired on {self.not_after:%Y-%m-%d %H:%M} UTC"
        if now < self.not_before:
            return f"it is good only from {self.not_before:%Y-%m-%d %H:%M} UTC on"
        return ""


def parse_certificate(der: bytes) -> Certificate | None:
    """The facts of a certificate in DER; None where it is none that can be read."""
    from cryptography import x509  # only when there is something to tell

    try:
        return _facts(x509.load_der_x509_certificate(der))
    except (ValueError, TypeError):
        return None


def not_now(file: Path) -> str:
    """Why the (first) certificate in a PEM file is not good at this time; empty where it is, or cannot be read."""
    from cryptography import x509

    try:
        found = _facts(x509.load_pem_x509_certificate(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return ""
    return found.wrong_time(datetime.now(UTC))


def presented(origin: Origin, timeout: float, proxies: Mapping[str, str]) -> Certificate | None:
    """The certificate that a host presents now, trusted or not; None where it presents none in time.

    Nothing is sent there but the handshake. The way leads through the same proxy as requests do.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is believed: the certificate is only looked at
    try:
        connection = _connection(origin, timeout, proxies, context)
    except ValueError:  # a proxy that is no URL
        return None
    if connection is None:
        return None
    try:
        connection.connect()
        der = connection.sock.getpeercert(binary_form=True)
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return None
    finally:
        connection.close()
    return parse_certificate(der) if der else None


def _connection(
    origin: Origin, timeout: float, proxies: Mapping[str, str], context: ssl.SSLContext
) -> http.client.HTTPSConnection | None:
    proxy = proxies.get("https") or proxies.get("all")
    if not proxy:
        return http.client.HTTPSConnection(origin.host, origin.port, timeout=timeout, context=context)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname or parts.username:
        return None  # a proxy over TLS, over SOCKS or with a password: too much for a message
    tunnel = http.client.HTTPSConnection(parts.hostname, parts.port or 80, timeout=timeout, context=context)
    tunnel.set_tunnel(origin.host, origin.port)
    return tunnel


def _facts(found: X509) -> Certificate:
    with warnings.catch_warnings():  # of odd certificates, to standard error: they are a stranger's, and odd is no news
        warnings.simplefilter("ignore")
        return _read(found)


def _read(found: X509) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    names: list[str] = []
    try:
        offered = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += offered.get_values_for_type(x509.DNSName)
        names += [str(address) for address in offered.get_values_for_type(x509.IPAddress)]
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        pass
    return Certificate(
        subject=_line(found.subject.rfc4514_string()),
        issuer=_line(found.issuer.rfc4514_string()),
        names=tuple(_line(name) for name in names[:MAX_NAMES]),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        fingerprint=found.fingerprint(SHA256()).hex(),
    )


def _line(text: str) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"
