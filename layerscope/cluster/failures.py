"""What went wrong between us and a cluster, in words."""

from __future__ import annotations

import datetime
import socket
import ssl
from typing import TYPE_CHECKING

from layerscope.cluster.certificate import expiry
from layerscope.errors import SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.cluster.access import Access

_DEPTH = 12


def failed_connection(error: BaseException, access: Access, timeout: float) -> SourceUnreachable:
    """The error for a conversation that did not come about or broke off."""
    for cause in _causes(error):
        told = _told(cause, access, timeout)
        if told:
            return SourceUnreachable(f"{access}: {told[0]}", hint=told[1])
    return SourceUnreachable(
        f"{access} does not answer: {type(error).__name__}", hint="kubectl cluster-info tells more"
    )


def not_known(access: Access, message: str) -> SourceUnreachable:
    """401: whoever we said we are, the server does not believe it."""
    if ended := ended_certificate(access):
        return SourceUnreachable(f"{access} refuses {access.user}: {ended}", hint=_LOGIN)
    said = f" ({message})" if message and message != "Unauthorized" else ""
    return SourceUnreachable(f"{access} does not accept the credential of {access.user}{said}", hint=_LOGIN)


def unreadable(access: Access) -> SourceUnreachable:
    """A body that is no document of the API."""
    return SourceUnreachable(f"{access} answers, but not as Kubernetes does", hint="check the server's address")


def ended_certificate(access: Access) -> str:
    """That our client certificate has ended, and when; empty where it has not."""
    end = expiry(access.certificate) if access.certificate else None
    if end is None or end > datetime.datetime.now(datetime.UTC):
        return ""
    return f"its client certificate expired on {end:%Y-%m-%d at %H:%M} UTC"


_LOGIN = "log in to the cluster again, or choose another context with --context"
_TRUST = "certificate-authority of the cluster in the kubeconfig names whom to trust"


def _told(cause: BaseException, access: Access, timeout: float) -> tuple[str, str] | None:
    match cause:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {cause.verify_message}", _TRUST
        case ssl.SSLError() if "WRONG_VERSION_NUMBER" in str(cause):
            return "it speaks no TLS", "check the server's scheme and port"
        case ssl.SSLError() if "ALERT" in str(cause):
            ended = ended_certificate(access)
            return ended or f"it refuses our TLS: {cause.reason or cause}", _LOGIN
        case ssl.SSLError():
            return f"TLS failed: {cause.reason or cause}", _TRUST
        case socket.gaierror():
            return "its host is not known", "check the server's address, and whether a VPN is needed"
        case ConnectionRefusedError():
            return "connection refused: nothing listens there", "check the server's address and whether it runs"
        case TimeoutError():
            return f"no answer within {timeout:g} seconds", "check the server's address, and whether a VPN is needed"
        case ConnectionResetError() | BrokenPipeError():
            return "it closed the connection", "check the server's scheme and port"
        case OSError() if cause.errno and cause.strerror:
            return cause.strerror, "check the server's address"
    if type(cause).__name__ in ("ReadTimeout", "ConnectTimeout", "WriteTimeout", "PoolTimeout"):
        return f"no answer within {timeout:g} seconds", "check the server's address, and whether a VPN is needed"
    if type(cause).__name__ == "RemoteProtocolError":
        return "what answers there does not speak HTTP", "check the server's scheme and port"
    if type(cause).__name__ == "ProxyError":
        return "the proxy refuses the way", "check proxy-url, HTTPS_PROXY and NO_PROXY"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything it was made of, innermost first: that is where the reason stands."""
    seen: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending and len(seen) < _DEPTH:
        found = pending.pop(0)
        if found is None or any(found is other for other in seen):
            continue
        seen.append(found)
        pending += [found.__cause__, found.__context__]
    return reversed(seen)
