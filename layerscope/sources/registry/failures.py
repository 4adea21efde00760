"""What the user is told when a registry cannot be reached or will not answer as asked."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import urllib3.exceptions

from layerscope.errors import InvalidImage, LayerscopeError, NotAuthorised, NotFound, SourceUnreachable
from layerscope.oci.jsondoc import parse_object
from layerscope.sources.registry.tlsfailure import no_handshake, not_trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layerscope.sources.registry.certificate import Certificate
    from layerscope.sources.registry.identity import Identity
    from layerscope.sources.registry.origin import Origin
    from layerscope.sources.registry.trust import ClientCertificate

MAX_ERROR_BODY = 64 << 10
_SHOWN_MESSAGE = 300


class ExchangeError(Exception):
    """No response came. ``error`` is what the user is told in the end."""

    def __init__(self, error: LayerscopeError, *, passing: bool, stranger: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.passing = passing
        """Whether another attempt may succeed."""
        self.stranger = stranger
        """Whether this host never answered before."""


def unreachable(
    error: BaseException,
    origin: Origin,
    timeout: float,
    client: ClientCertificate | None = None,
    look: Callable[[], Certificate | None] = lambda: None,
) -> ExchangeError:
    """Say why no response came, in words of our own: the originals quote URLs with signatures.

    ``look`` fetches the certificate that the server presents, for who wants to know why it is not trusted.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ExchangeError(not_trusted(cause, origin, look()), passing=False)
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, origin, client)
        if isinstance(cause, socket.gaierror):
            known = SourceUnreachable(f"{origin.host}: no such host", hint="check the registry's name, and the network")
            return ExchangeError(known, passing=cause.errno == socket.EAI_AGAIN)
        if isinstance(cause, ConnectionRefusedError):
            return _passing(f"{origin} refused the connection", "is the registry running, and its port right?")
        if isinstance(cause, (TimeoutError, urllib3.exceptions.TimeoutError)):
            return _passing(f"{origin} did not answer within {timeout:g} s", "raise --timeout, or check the network")
        if isinstance(cause, (ConnectionError, http.client.IncompleteRead)):
            return _passing(f"{origin} closed the connection without an answer", "")
        if isinstance(cause, http.client.HTTPException):
            garbled = f"{origin} does not answer in HTTP as it should ({type(cause).__name__})"
            return ExchangeError(SourceUnreachable(garbled, hint=_is_it_a_registry(origin)), passing=False)
        if isinstance(cause, urllib3.exceptions.ProxyError):
            return _passing(f"the proxy before {origin} did not let us through", "check HTTPS_PROXY and NO_PROXY")
        if isinstance(cause, OSError) and cause.errno is not None and cause.strerror:
            return _passing(f"{origin} cannot be reached: {cause.strerror}", "")
    return ExchangeError(
        SourceUnreachable(f"{origin} cannot be asked ({type(error).__name__})", hint=_is_it_a_registry(origin)),
        passing=False,
    )


def _passing(message: str, hint: str) -> ExchangeError:
    return ExchangeError(SourceUnreachable(message, hint=hint), passing=True)


def _is_it_a_registry(origin: Origin) -> str:
    hint = f"is {origin} a container registry, and spoken to as it expects ({origin.scheme})?"
    return f"{hint} If it speaks TLS, say --tls {origin}" if origin.scheme == "http" else hint


def _tls(cause: ssl.SSLError, origin: Origin, client: ClientCertificate | None) -> ExchangeError:
    if ours := no_handshake(cause, origin, client):
        return ExchangeError(ours, passing=False)
    if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return _passing(f"{origin} closed the connection during the TLS handshake", _plain_http(origin))
    failed = SourceUnreachable(f"no TLS with {origin}: {cause.reason or 'handshake failed'}", hint=_plain_http(origin))
    return ExchangeError(failed, passing=False)


def _plain_http(origin: Origin) -> str:
    return f"if that registry speaks plain HTTP, say so with --plain-http {origin}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The innermost reasons first; requests and urllib3 wrap them in causes, in ``reason`` and in their arguments."""
    seen: list[BaseException] = []
    queue = [error]
    while queue:
        item = queue.pop(0)
        if any(item is known for known in seen) or len(seen) > 20:
            continue
        seen.append(item)
        inner = [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
        queue += [each for each in inner if isinstance(each, BaseException)]
    return reversed(seen)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than the one asked for."""

    status: int
    body: bytes
    """At most ``MAX_ERROR_BODY`` bytes of it."""
    origin: Origin
    """Who answered."""
    identity: Identity
    """As whom we asked."""
    what: str
    """What we asked for."""
    login: str
    """The command that logs in to the registry."""
    token: bool = False
    """Whether a token server refused: vendors differ in the status, none of which gives a token."""

    def error(self) -> LayerscopeError:
        """The error to raise when no further attempt is made."""
        said = f"{self.status}{self._said()}"
        if self.token and self.status in {400, 401, 403, 404, 405}:
            return NotAuthorised(
                f"token server {self.origin} gave {self.identity} no token: it answered {said} for {self.what}",
                hint=self._log_in(),
            )
        if self.status == 404:
            return NotFound(
                f"{self.what} was not found: {self.origin} answered {said}",
                hint="check the name and the tag; some registries answer so, too, when a login is needed",
            )
        if self.status in {401, 403}:
            return NotAuthorised(
                f"{self.what} does not exist or may not be pulled as {self.identity}: {self.origin} answered {said}",
                hint=self._log_in(),
            )
        if self.status == 429:
            hint = "wait" if self.identity.credential else f"wait, or log in, for accounts may ask more: {self.login}"
            return SourceUnreachable(
                f"{self.origin} has had too many requests as {self.identity}: it answered {said} for {self.what}",
                hint=hint,
            )
        return SourceUnreachable(f"{self.origin} answered {said} for {self.what}", hint=_is_it_a_registry(self.origin))

    def _log_in(self) -> str:
        hint = f"check the name, and log in with an account that may pull it: {self.login}"
        if self.identity.credential:
            hint += "; a login that is no longer good is refused even public images, which --anonymous may pull"
        return hint

    def _said(self) -> str:
        """The OCI error code and message of the body (distribution-spec "Error Codes"), fit for one line."""
        try:
            errors = parse_object(self.body, "").get("errors")
        except InvalidImage:
            return ""
        first = errors[0] if isinstance(errors, list) and errors else None
        if not isinstance(first, dict):
            return ""
        code, message = (first.get(key) for key in ("code", "message"))
        words = [text for text in (code, message) if isinstance(text, str) and text]
        return f" {one_line(self.identity.redact(': '.join(words)))}" if words else ""


def one_line(text: str) -> str:
    """A stranger's text, made harmless for a message: printable, on one line, short."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= _SHOWN_MESSAGE else f"{text[:_SHOWN_MESSAGE]}…"
