"""One repository's conversation with its registry: oras' provider with a transport of our own.

oras gives the shape of the URLs and paging. Its own requests have no timeouts, keep tokens too long, follow redirects
and Link headers with credentials and lose the raw bytes of manifests, so every request of it goes through ``ask``.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage, LayerscopeError, NotAuthorised, SourceUnreachable
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES
from layerscope.oci.reference import DOCKER_HUB
from layerscope.sources.registry.attempts import Attempts
from layerscope.sources.registry.authorise import Authoriser
from layerscope.sources.registry.body import BodyCut, whole
from layerscope.sources.registry.exposure import Exposure, Withheld
from layerscope.sources.registry.failures import ExchangeError, Refusal
from layerscope.sources.registry.identity import Identity
from layerscope.sources.registry.later import put_off
from layerscope.sources.registry.origin import Origin, shown
from layerscope.sources.registry.redirects import Answer, follow
from layerscope.sources.registry.token import Tokens

with put_off("jsonschema"):  # 70 ms of start-up, for nothing but what oras pushes
    from oras.auth.base import AuthBackend
    from oras.container import Container
    from oras.provider import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from layerscope.credentials.credential import Credential
    from layerscope.oci.digest import Digest
    from layerscope.sources.registry.endpoint import Endpoint
    from layerscope.sources.registry.options import RegistryOptions
    from layerscope.sources.registry.transport import Transport

log = logging.getLogger(__name__)

_EXPIRED_LINK = frozenset({400, 401, 403, 410})
"""How storages refuse a signed URL whose time is over."""


class RegistryClient(Registry):  # type: ignore[misc]
    """Reads one repository as one identity. Several threads may use it; close it when all is read."""

    session: requests.Session

    def __init__(
        self, endpoint: Endpoint, credential: Credential | None, options: RegistryOptions, transport: Transport
    ) -> None:
        reference = endpoint.reference
        super().__init__(hostname=reference.host, insecure=endpoint.origin.scheme == "http")
        self.session.close()
        self.auth = _NoAuth()
        self.endpoint = endpoint
        self.reference = reference
        self.options = options
        self.origin = endpoint.origin
        self.transport = transport
        self.session = transport.session
        self.container = self.get_container(reference)
        self.identity = Identity(credential)
        self.login = "docker login" if reference.registry == DOCKER_HUB else f"docker login {reference.registry}"
        self.exposure = Exposure(endpoint, options)
        self.tokens = Tokens(transport, self.origin, self.identity, self.exposure, self.login)
        self.authoriser = self._authoriser(f"repository:{reference.repository}:pull")
        self._pinged = False
        self._stop = threading.Event()
        self._open: set[requests.Response] = set()

    def _authoriser(self, scope: str) -> Authoriser:
        return Authoriser(self.tokens, self.identity, self.exposure, scope)

    def get_container(self, name: Any) -> Container:
        """What oras calls a container: a reference. Its own parser reads some names wrongly, so ours fills it."""
        if isinstance(name, Container):
            return name
        container = Container("placeholder/placeholder")
        container.registry, container.namespace = name.host, None
        container.repository, container.tag = name.repository, name.tag
        container.digest = str(name.digest) if name.digest else None
        return container

    def manifest_url(self, identifier: str) -> str:
        """Where a tag's or digest's manifest is."""
        return self._url(self.container.manifest_url(identifier))

    def blob_url(self, digest: Digest) -> str:
        """Where a blob is."""
        return self._url(self.container.get_blob_url(str(digest)))

    def _url(self, path: str) -> str:
        """An oras path, ``host/v2/…``, below the endpoint's own root."""
        root = f"{self.container.registry}/v2"
        query = f"?{self.endpoint.query}" if self.endpoint.query else ""
        return f"{self.endpoint.root}{path.removeprefix(root)}{query}"

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: Any = None,
        headers: dict[str, str] | None = None,
        json: Any = None,
        stream: bool = False,
    ) -> requests.Response:
        """What oras' inherited methods send: read-only, and to this registry alone (a Link may name any other)."""
        if method not in {"GET", "HEAD"} or data is not None or json is not None:
            raise ValueError(f"layerscope only reads from registries: {method} {url}")
        if Origin.of(url) != self.origin:
            raise SourceUnreachable(f"{self.origin} points to {Origin.of(url)} for more, which is not asked")
        what = shown(url)
        answer = self.ask(url, headers or {}, what, self.attempts(), method)
        if not stream:
            with answer.response:
                answer.response._content = self._document(answer, what)
        return answer.response

    def attempts(self) -> Attempts:
        """Fresh patience, for one document or blob."""
        return Attempts(self.options, self._stop)

    def ask(self, url: str, headers: Mapping[str, str], what: str, attempts: Attempts, method: str = "GET") -> Answer:
        """The registry's, or its storage's, answer: of any status but the passing ones, its body unread.

        Each attempt starts at the registry, so an expired link to a storage is asked for anew.
        """

        def refusal(answer: Answer) -> LayerscopeError:
            return self.refusal(answer, what)

        while True:
            answer = attempts.until_answered(lambda: self._authorised(url, headers, attempts, method), refusal)
            if not (answer.away and answer.status in _EXPIRED_LINK):
                return answer
            log.info("storage %s refuses the link that %s gave: %d", answer.origin, self.origin, answer.status)
            attempts.failed(refusal(answer))

    def document(self, url: str, headers: Mapping[str, str], what: str) -> tuple[bytes, Mapping[str, str]]:
        """A small body as it was sent, and its headers. NotFound, NotAuthorised and so on where it is not given."""
        attempts = self.attempts()
        while True:
            answer = self.ask(url, headers, what, attempts)
            if answer.status != 200:
                raise self.refusal(answer, what)
            with answer.response:
                require_unencoded(answer.response, what)
                try:
                    return self._document(answer, what), answer.response.headers
                except SourceUnreachable as cut:
                    attempts.failed(cut)

    def refusal(self, answer: Answer, what: str) -> LayerscopeError:
        """The error that an unwanted answer amounts to."""
        error = Refusal(answer.status, answer.error_body(), answer.origin, self.identity, what, self.login).error()
        if self.endpoint.mirror:
            error.hint += f"; --mirror-config none leaves out the mirrors that {self.endpoint.file} names"
        return error

    def takes_login(self) -> bool | None:
        """Whether the registry takes this login at all, whatever the image; None where that cannot be told.

        Asked at ``GET /v2/``, for which a login is enough (distribution-spec "Determining Support"). It costs two or
        three requests: for when a pull was refused.
        """
        if self.identity.credential is None:
            return None
        attempts = Attempts(replace(self.options, retries=0), self._stop)
        door = self._authoriser("")
        url = f"{self.endpoint.root}/"
        try:
            answer = follow(self.transport, url, {}, None)
            header = door.renew(self._challenges(answer), None, attempts) if answer.status == 401 else None
            if header is None:
                answer.error_body()
                return None
            answer = follow(self.transport, url, {}, header)
            answer.error_body()
        except Withheld:
            return None
        except NotAuthorised:
            return False
        except (LayerscopeError, ExchangeError):
            return None
        return {200: True, 401: False, 403: False}.get(answer.status)

    @property
    def closed(self) -> bool:
        """Whether all is to end; bytes that arrive after this are not the blob's."""
        return self._stop.is_set()

    def opened(self, response: requests.Response) -> None:
        """A body is being read: ``close`` must be able to end that."""
        self._open.add(response)
        if self._stop.is_set():
            _end(response)

    def done(self, response: requests.Response) -> None:
        """A body is read no further."""
        self._open.discard(response)
        response.close()

    def close(self) -> None:
        """End every wait, every read of a body and every connection, also those of other threads."""
        self._stop.set()
        for response in tuple(self._open):
            _end(response)
        self.transport.close()

    def _document(self, answer: Answer, what: str) -> bytes:
        """A body within the limit; SourceUnreachable where it did not all arrive."""
        try:
            data = whole(answer.response, MAX_DOCUMENT_BYTES, self.options.timeout)
        except BodyCut as cut:
            raise SourceUnreachable(f"{answer.origin} did not send all of {what}: {cut}") from None
        if len(data) > MAX_DOCUMENT_BYTES:
            raise InvalidImage(f"{what} has more than {MAX_DOCUMENT_BYTES} bytes")
        return data

    def _authorised(self, url: str, headers: Mapping[str, str], attempts: Attempts, method: str) -> Answer:
        """The answer to one request, authorised anew once where the registry asks for it."""
        authorization = self.authoriser.header(attempts)
        answer = follow(self.transport, url, headers, authorization, method=method)
        if answer.away or answer.status not in {401, 403, 404}:
            return answer
        challenges = self._challenges(answer) if answer.status == 401 else []
        if not challenges and (authorization is not None or not self.identity.credential or self._pinged):
            return answer
        if not challenges:
            # To nobody some registries say that there is nothing, without asking who we are. There they do.
            self._pinged = True
            door = follow(self.transport, f"{self.endpoint.root}/", {}, None)
            challenges = self._challenges(door) if door.status == 401 and not door.away else []
            door.error_body()
        renewed = self.authoriser.renew(challenges, authorization, attempts)
        if renewed is None:
            return answer
        answer.error_body()
        return follow(self.transport, url, headers, renewed, method=method)

    def _challenges(self, answer: Answer) -> list[str]:
        answer.error_body()
        return list(answer.response.raw.headers.getlist("WWW-Authenticate"))


class _NoAuth(AuthBackend):  # type: ignore[misc]
    """Nothing: credentials are the transport's business."""

    def load_configs(self, *_: Any, **__: Any) -> None:
        """Read no file; oras would read ``~/.docker/config.json`` for every manifest."""


def require_unencoded(response: requests.Response, what: str, error: type[InvalidImage] = InvalidImage) -> None:
    """Refuse a body in a Content-Encoding: decoded or not, its bytes would not be those the digest names."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity"}:
        raise error(
            f"{what} arrived with Content-Encoding {encoding[:40]!r}, though none was asked for",
            hint="a proxy before the registry changes what passes; it must leave blobs and manifests as they are",
        )


def _end(response: requests.Response) -> None:
    with suppress(OSError, ValueError, RuntimeError, AttributeError):  # it may end by itself at this very moment
        response.raw.shutdown()
