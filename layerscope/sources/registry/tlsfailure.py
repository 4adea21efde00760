"""What the user is told when TLS does not come about: which certificate, what it says, and what did not match."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layerscope.errors import SourceUnreachable

if TYPE_CHECKING:
    import ssl

    from layerscope.sources.registry.certificate import Certificate
    from layerscope.sources.registry.origin import Origin
    from layerscope.sources.registry.trust import ClientCertificate

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_NOT_YET, _EXPIRED = 9, 10
_SELF_SIGNED, _UNKNOWN_ROOT = 18, 19
_NO_ISSUER = frozenset({2, 20, 21})
_WRONG_NAME = frozenset({62, 64})

_WANTS_ONE = "CERTIFICATE_REQUIRED"
_REFUSES = ("ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_CERTIFICATE", "ALERT_ACCESS_DENIED", "UNSUPPORTED_CERT")


def not_trusted(
    error: ssl.SSLCertVerificationError, origin: Origin, certificate: Certificate | None
) -> SourceUnreachable:
    """A server's certificate was not accepted. ``certificate`` is what the server presents, where that is known."""
    why, hint = _why(error, origin, certificate)
    shown = f". It presents: {certificate}" if certificate else ""
    return SourceUnreachable(f"the certificate of {origin} is not trusted: {why}{shown}", hint=hint)


def _why(error: ssl.SSLCertVerificationError, origin: Origin, certificate: Certificate | None) -> tuple[str, str]:
    now = datetime.now(UTC)
    code = error.verify_code
    if code in {_EXPIRED, _NOT_YET}:
        # It may be an authority's certificate whose time is over, not the server's.
        why = (certificate.wrong_time(now) if certificate else "") or error.verify_message
        clock = f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC"
        return why, f"{clock}; if that is right, the registry's administrator must renew the certificate"
    if code in _WRONG_NAME:
        names = ", ".join(certificate.names) if certificate else ""
        good = f"it is good for {names}, not for {origin.host}" if names else f"it is not good for {origin.host}"
        return good, "use one of the names it is good for, or ask the registry's administrator to add this one"
    trust = (
        f"name the file of that authority with --ca-cert, put it in certs.d/{origin}/ca.crt of Docker or Podman, or add"
        " it to the system's trust store (SSL_CERT_FILE)"
    )
    if code == _SELF_SIGNED:
        return "it is self-signed: nobody but itself vouches for it", f"if you know it is right: {trust}"
    if code == _UNKNOWN_ROOT:
        return "the authority at the root of its chain is not known here", trust
    if code in _NO_ISSUER:
        issuer = f", {certificate.issuer}," if certificate and certificate.issuer else ""
        return f"the authority that signed it{issuer} is not known here", trust
    return error.verify_message, trust


def no_handshake(error: ssl.SSLError, origin: Origin, client: ClientCertificate | None) -> SourceUnreachable | None:
    """The error where it is about our own certificate; None where it is not."""
    reason = error.reason or ""
    if _WANTS_ONE in reason or (client is None and any(word in reason for word in _REFUSES)):
        return SourceUnreachable(
            f"{origin} wants a client certificate, and there is none for it",
            hint=f"give one with --client-cert and --client-key, or put it in certs.d/{origin}/ as client.cert and"
            " client.key",
        )
    if not any(word in reason for word in _REFUSES):
        return None
    from layerscope.sources.registry.certificate import not_now

    assert client is not None
    why = not_now(client.certificate) or reason.lower().replace("_", " ")
    return SourceUnreachable(
        f"{origin} does not accept the client certificate {client}: {why}",
        hint="give one that the registry's authority signed and that is still good: --client-cert and --client-key",
    )
