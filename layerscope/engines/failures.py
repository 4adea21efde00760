"""What went wrong between us and an engine, in words that say what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from layerscope.engines.endpoint import DOCKER
from layerscope.errors import LayerscopeError, NotFound, SourceUnreachable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from layerscope.engines.endpoint import Endpoint

_DEPTH = 12
_MESSAGE = 2000


def unreachable(error: OSError, endpoint: Endpoint, waited: float | None) -> SourceUnreachable:
    """Why ``endpoint`` did not answer. The SDK buries the reason below several exceptions of its own."""
    if endpoint.url.startswith("ssh://"):  # what ssh says of it goes to standard error, as with any ssh
        return _unreachable_by_ssh(error, endpoint)
    for cause in _causes(error):
        if (told := _told(cause, endpoint, waited)) is not None:
            message, hint = told
            return SourceUnreachable(f"{endpoint}: {message}", hint=hint)
    return SourceUnreachable(f"{endpoint} does not answer: {error}", hint=_start(endpoint))


def _unreachable_by_ssh(error: OSError, endpoint: Endpoint) -> SourceUnreachable:
    if any(isinstance(cause, FileNotFoundError) for cause in _causes(error)):
        return SourceUnreachable(f"{endpoint}: there is no program called ssh", hint="install an SSH client")
    return SourceUnreachable(
        f"{endpoint}: no engine answers at the other end of the SSH connection",
        hint=f"this must work without a question: ssh {endpoint.url.removeprefix('ssh://')} docker system dial-stdio",
    )


def _told(cause: BaseException, endpoint: Endpoint, waited: float | None) -> tuple[str, str] | None:
    match cause:
        case FileNotFoundError():
            return "there is no such socket", _start(endpoint)
        case PermissionError():
            return "permission denied on the socket", (
                "run as a user who may use it (on Docker, one of the group 'docker'), or name your own engine's socket"
                f" in {_variable(endpoint)}"
            )
        case ConnectionRefusedError():
            return "connection refused: nothing listens there", _start(endpoint)
        case TimeoutError():
            wait = f"within {waited:g} seconds" if waited else "in time"
            return f"no answer {wait}", "the engine may be overloaded or the address wrong"
    if "timed out" in str(cause) and type(cause).__name__ in ("ReadTimeoutError", "ConnectTimeoutError"):
        return f"no answer within {waited:g} seconds" if waited else "no answer in time", "check engine and address"
    return _told_by_tls(cause, endpoint)


def _told_by_tls(cause: BaseException, endpoint: Endpoint) -> tuple[str, str] | None:
    import ssl  # takes long to load: not for the usual engine that is not there

    match cause:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {cause.verify_message}", _TRUST
        case ssl.SSLError() if "WRONG_VERSION_NUMBER" in str(cause):
            return "it speaks no TLS", "check the port; an engine without TLS usually listens on 2375, with it on 2376"
        case ssl.SSLError() if _refused_client(cause):
            shown = "refuses our client certificate" if _shows_itself(endpoint) else "asks for a client certificate"
            return f"it {shown}", "put cert.pem and key.pem of a client that it knows beside ca.pem"
        case ssl.SSLError():
            return f"TLS failed: {cause.reason or cause}", _TRUST
    return None


def _refused_client(error: ssl.SSLError) -> bool:
    return "ALERT" in str(error) and any(word in str(error) for word in ("CERTIFICATE", "UNKNOWN_CA"))


def _shows_itself(endpoint: Endpoint) -> bool:
    return endpoint.tls is not None and endpoint.tls.certificate is not None


_TRUST = "name the engine's CA: DOCKER_CERT_PATH with ca.pem in it, or a context made with 'ca='"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything it was made of, innermost first: that is where the reason stands."""
    seen: list[BaseException] = []
    pending: list[BaseException] = [error]
    while pending and len(seen) < _DEPTH:
        found = pending.pop(0)
        if any(found is other for other in seen):
            continue
        seen.append(found)
        inner = [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
        pending += [item for item in inner if isinstance(item, BaseException)]
    return reversed(seen)


def _variable(endpoint: Endpoint) -> str:
    return "DOCKER_HOST" if endpoint.engine == DOCKER else "CONTAINER_HOST"


def _start(endpoint: Endpoint) -> str:
    if endpoint.engine == DOCKER:
        return "start the engine, or say where it is: DOCKER_HOST, or docker context use NAME"
    return "start its API service, systemctl --user start podman.socket, or say where it is: CONTAINER_HOST"


def refusal(status: int, body: bytes, what: str) -> LayerscopeError:
    """The error for an answer that is no success."""
    message = engine_message(body)
    if status == 404:
        return NotFound(f"{what}: {message}")
    if status == 400 and "HTTP request to an HTTPS server" in message:
        return SourceUnreachable(f"{what} speaks TLS only", hint="set DOCKER_TLS_VERIFY=1, or use a context with a CA")
    return SourceUnreachable(f"{what} answered {status}: {message}", hint="the engine's log may tell more")


def engine_message(body: bytes) -> str:
    """What an engine wrote about an error, on one line: its JSON ``message``, or the text as it is."""
    text = body[:_MESSAGE].decode("utf-8", "replace")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        text = document["message"][:_MESSAGE]
    return " ".join(text.split()) or "(nothing)"
