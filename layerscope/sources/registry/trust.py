"""Whom to believe to be who they say: authorities, our own certificate, and the hosts that need not prove anything."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.sources.registry.certificate import not_now

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What we show a server that wants to know who we are. Files in PEM."""

    certificate: Path
    key: Path | None = None
    """None where the certificate's file holds the key too."""

    def __str__(self) -> str:
        return str(self.certificate)


@dataclass(frozen=True, slots=True)
class Trust:
    """How TLS is spoken with a host."""

    authorities: tuple[Path, ...] = ()
    """PEM files of certificates to believe, beyond the system's."""
    client: ClientCertificate | None = None
    verify: bool = True


def tls_context(trust: Trust, fallback: str) -> ssl.SSLContext:
    """A context that trusts the system, ``SSL_CERT_FILE`` and ``trust``; UsageError names a file that is of no use.

    ``fallback`` is a bundle for a Python that has no store of its own.
    """
    context = ssl.create_default_context()
    # From 3.13 on Python wants more of an authority's certificate than engines do, and than private ones often have.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not context.get_ca_certs() and not ssl.get_default_verify_paths().capath:
        context.load_verify_locations(fallback)
    for file in trust.authorities:
        _believe(context, file)
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if trust.client:
        _present(context, trust.client)
    return context


def _believe(context: ssl.SSLContext, file: Path) -> None:
    before = context.cert_store_stats()["x509"]
    hint = "it must be a PEM file of certificates (-----BEGIN CERTIFICATE-----)"
    try:
        context.load_verify_locations(file)
    except ssl.SSLError:
        raise UsageError(f"{file} holds no certificate of an authority", hint=hint) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read as an authority's certificate: {error.strerror}", hint=hint) from None
    if context.cert_store_stats()["x509"] == before:
        log.debug("%s adds no authority that was not trusted before", file)


def _present(context: ssl.SSLContext, client: ClientCertificate) -> None:
    def pass_phrase() -> str:  # else OpenSSL would ask on the terminal
        raise _Encrypted

    key = client.key or client.certificate
    for file, what in ((client.certificate, "client certificate"), (key, "key of the client certificate")):
        try:
            with file.open("rb"):
                pass
        except OSError as error:
            raise UsageError(f"{file} cannot be read as the {what}: {error.strerror}") from None
    try:
        context.load_cert_chain(client.certificate, client.key, password=pass_phrase)
    except _Encrypted:
        raise UsageError(
            f"the key in {key} is encrypted", hint="give a key without a pass phrase: openssl pkey -in FILE -out FILE"
        ) from None
    except ssl.SSLError as error:
        raise UsageError(*_unfit(error, client, key)) from None
    if why := not_now(client.certificate):
        log.warning("the client certificate %s will hardly be accepted: %s", client, why)


class _Encrypted(Exception):
    pass


def _unfit(error: ssl.SSLError, client: ClientCertificate, key: Path) -> tuple[str]:
    if error.reason == "KEY_VALUES_MISMATCH":
        return (f"the key in {key} does not belong to the client certificate {client}",)
    if client.key is None:
        return (f"{client} does not hold both a client certificate and its key in PEM; the key may be a file apart",)
    return (f"{client} and {key} are no client certificate and key in PEM ({error.reason or 'unreadable'})",)
