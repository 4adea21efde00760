"""Following a registry to where it keeps its blobs, without taking its credentials along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from layerscope.errors import SourceUnreachable
from layerscope.sources.registry.body import at_most
from layerscope.sources.registry.failures import MAX_ERROR_BODY
from layerscope.sources.registry.origin import Origin, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from layerscope.sources.registry.transport import Transport

MAX_HOPS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Answer:
    """The response at the end of the redirects."""

    response: requests.Response
    origin: Origin
    """Who gave it."""
    away: bool
    """Whether that is another than who was asked: a storage behind the registry."""
    timeout: float
    _body: bytes | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.response.status_code)

    def error_body(self) -> bytes:
        """The start of a body that is read for its message only. The response is closed, its connection reusable."""
        if self._body is None:
            self._body = at_most(self.response, MAX_ERROR_BODY, self.timeout)
            self.response.close()
        return self._body


def follow(
    transport: Transport,
    url: str,
    headers: Mapping[str, str],
    authorization: str | None,
    *,
    method: str = "GET",
    body: bytes | None = None,
    leave: bool = True,
) -> Answer:
    """Ask, and go where the answer points, at most ``MAX_HOPS`` times.

    ``authorization`` goes to the scheme, host and port of ``url`` alone, and never again once another was visited.
    From https there is no way to http; without ``leave`` none to any other, which is what a ``body`` asks for.
    SourceUnreachable where the way is refused or has no end.
    """
    start = Origin.of(url)
    away = False
    for _ in range(MAX_HOPS + 1):
        sent = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        if authorization is not None and not away:
            sent["Authorization"] = authorization
        response = transport.send(url, sent, method, body)
        location = response.headers.get("Location")
        if response.status_code not in _REDIRECTS or not location:
            return Answer(response, Origin.of(url), away, transport.timeout)
        Answer(response, start, away, transport.timeout).error_body()
        url = _next(url, location)
        away = away or Origin.of(url) != start
        if away and not leave:
            raise SourceUnreachable(
                f"{start} redirects to {Origin.of(url)}, which is not asked",
                hint="a token server that moved must be named by the registry itself",
            )
    raise SourceUnreachable(
        f"{start} redirects more than {MAX_HOPS} times, last to {shown(url)[:200]}",
        hint="the registry, or a proxy before it, is misconfigured",
    )


def _next(url: str, location: str) -> str:
    target = urldefrag(urljoin(url, location)).url
    try:
        origin = Origin.of(target)
    except ValueError as error:
        raise SourceUnreachable(
            f"{Origin.of(url)} redirects to {shown(target)[:200]!r}, which will not be followed: {error}"
        ) from None
    if origin.scheme == "http" and Origin.of(url).scheme == "https":
        raise SourceUnreachable(
            f"{Origin.of(url)} redirects from https to {shown(target)[:200]!r}, which will not be followed",
            hint="the registry's storage must be reached over TLS as the registry itself is",
        )
    return target
