"""``try_pull``: would this image be pulled from here, from where, as whom, and if not: why not?

The same endpoints, certificates, credentials and tokens as a pull uses, up to the manifest; every step is told.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layerscope.errors import LayerscopeError, NotAuthorised, NotFound, UsageError

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential
    from layerscope.oci.reference import Reference
    from layerscope.sources.registry.certificate import Certificate
    from layerscope.sources.registry.client import RegistryClient
    from layerscope.sources.registry.endpoint import Endpoint
    from layerscope.sources.registry.options import RegistryOptions
    from layerscope.sources.registry.token import TokenStep
    from layerscope.sources.registry.transport import Transport


class Outcome(enum.StrEnum):
    """How an attempt ended."""

    OK = "ok"
    NOT_AUTHORISED = "not-authorised"
    """The registry, or its token server, refused."""
    NOT_FOUND = "not-found"
    """The registry says that there is no such image; some say so, too, to who may not see it."""
    UNREACHABLE = "unreachable"
    """No answer, no TLS, or an answer that makes no sense."""
    WITHHELD = "withheld"
    """layerscope itself refused: the credential would have gone where it may not, or settings are broken."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One endpoint, asked as one identity. No secret is in it."""

    credential: Credential | None
    """None: anonymously."""
    outcome: Outcome
    offered: tuple[str, ...] = ()
    """The authentication schemes the registry offered, such as ``bearer``; empty where it asked for none."""
    tokens: tuple[TokenStep, ...] = ()
    """What token servers were asked, in order."""
    method: str = ""
    """How the manifest was asked for, ``HEAD`` or ``GET``; empty where it did not come to that."""
    status: int | None = None
    """The registry's last answer to that."""
    digest: str = ""
    """The manifest's or index's digest, as the registry names it; empty where it does not."""
    login_taken: bool | None = None
    """After a refusal: whether the registry takes this login for anything; None where that cannot be told."""
    message: str = ""
    """Why it did not work; empty where it did."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class EndpointTrial:
    """One place the image may be pulled from."""

    url: str
    """``https://host:port``"""
    host: str
    """As credentials are looked up: ``docker.io`` for Docker Hub, whose ``url`` is another."""
    repository: str
    """The repository's name there."""
    mirror: bool
    named_by: str
    """The file of settings that names it; empty where the reference itself does."""
    outcome: Outcome
    """The best of its attempts."""
    attempts: tuple[Attempt, ...] = ()
    """In order, up to the first that worked; empty where it was not even asked."""
    certificate: Certificate | None = None
    """What the endpoint presents; None without TLS, or where it could not be seen."""
    verified: bool | None = None
    """Whether its certificate is verified; None without TLS."""
    client_certificate: str = ""
    """The file of the certificate that we show; empty where there is none."""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that was tried, mirrors first, up to the first that worked."""

    reference: str
    outcome: Outcome
    endpoints: tuple[EndpointTrial, ...] = ()
    digest: str = ""
    message: str = ""
    """Why the image cannot be pulled; empty where it can."""
    hint: str = ""

    @property
    def used(self) -> EndpointTrial | None:
        """The endpoint that a pull would read from; None where none would do."""
        return next((each for each in self.endpoints if each.outcome is Outcome.OK), None)


_NEXT = frozenset({Outcome.NOT_AUTHORISED, Outcome.WITHHELD})
"""After which a pull tries the next credential."""


def try_pull(reference: Reference, options: RegistryOptions) -> Trial:
    """What a pull would meet, up to the manifest. Raises nothing for what registries, files or networks do.

    Passing failures are tried again once, not as patiently as in a pull.
    """
    from layerscope.sources.registry.endpoint import endpoints_for

    options = replace(options, retries=min(options.retries, 1))
    tried: list[EndpointTrial] = []
    try:
        endpoints = endpoints_for(reference, options)
    except LayerscopeError as error:
        return Trial(str(reference), Outcome.WITHHELD, message=error.message, hint=error.hint)
    before: Endpoint | None = None
    for endpoint in endpoints:
        same_host = before is not None and before.reference == endpoint.reference
        if same_host and tried[-1].outcome is not Outcome.UNREACHABLE:
            continue  # the same host in a lesser way, which nobody takes who had an answer
        tried.append(_try_endpoint(endpoint, options))
        before = endpoint
        if tried[-1].outcome is Outcome.OK:
            digest = tried[-1].attempts[-1].digest
            return Trial(str(reference), Outcome.OK, tuple(tried), digest)
    last = tried[-1]
    return Trial(str(reference), last.outcome, tuple(tried), message=last.message, hint=last.hint)


def _try_endpoint(endpoint: Endpoint, options: RegistryOptions) -> EndpointTrial:
    from layerscope.sources.registry.certificate import presented
    from layerscope.sources.registry.endpoint import TrustBook
    from layerscope.sources.registry.transport import Transport, proxies_for

    tls = endpoint.origin.scheme == "https"
    base = EndpointTrial(
        url=endpoint.url,
        host=endpoint.reference.registry,
        repository=endpoint.reference.repository,
        mirror=endpoint.mirror,
        named_by=str(endpoint.file or ""),
        outcome=Outcome.WITHHELD,
        verified=endpoint.trust.verify if tls else None,
        client_certificate=str(endpoint.trust.client or "") if tls else "",
    )
    attempts: list[Attempt] = []
    transport = Transport(options.timeout, options.connections, TrustBook(endpoint, options).of)
    try:
        for credential in options.credentials.find(endpoint.reference) or (None,):
            attempts.append(_attempt(endpoint, credential, options, transport))
            if attempts[-1].outcome not in _NEXT:
                break
        if tls:
            seen = presented(endpoint.origin, options.timeout, proxies_for(f"{endpoint.root}/"))
            base = replace(base, certificate=seen)
    except LayerscopeError as error:  # of a lookup whose named file is broken
        return replace(base, attempts=tuple(attempts), message=error.message, hint=error.hint)
    finally:
        transport.close()
    last = attempts[-1]
    return replace(base, outcome=last.outcome, attempts=tuple(attempts), message=last.message, hint=last.hint)


def _attempt(
    endpoint: Endpoint, credential: Credential | None, options: RegistryOptions, transport: Transport
) -> Attempt:
    from layerscope.sources.registry.client import RegistryClient
    from layerscope.sources.registry.open import explained

    client = RegistryClient(endpoint, credential, options, transport)
    asked = _Asked()
    steps: tuple[TokenStep, ...] = ()
    try:
        try:
            _ask_manifest(client, asked)
        finally:
            steps = tuple(client.tokens.steps)
    except (NotAuthorised, NotFound) as error:
        told, taken = explained(error, client)
        base = Attempt(credential, _outcome(told), login_taken=taken, message=told.message, hint=told.hint)
    except LayerscopeError as error:
        base = Attempt(credential, _outcome(error), message=error.message, hint=error.hint)
    else:
        base = Attempt(credential, Outcome.OK, digest=asked.digest)
    method = asked.method if asked.status is not None else ""
    return replace(base, offered=client.authoriser.offered, tokens=steps, method=method, status=asked.status)


@dataclass(slots=True)
class _Asked:
    method: str = "HEAD"
    status: int | None = None
    digest: str = ""


def _ask_manifest(client: RegistryClient, asked: _Asked) -> None:
    """HEAD; where that is refused, whatever for, GET: some know no HEAD, and a refusal's reason is in its body."""
    from layerscope.oci import mediatypes
    from layerscope.oci.digest import Digest

    reference = client.reference
    url, what = client.manifest_url(reference.identifier), str(reference)
    headers = {"Accept": ", ".join(mediatypes.ACCEPT)}
    answer = client.ask(url, headers, what, client.attempts(), "HEAD")
    answer.error_body()
    asked.status = answer.status
    if answer.status == 200:
        asked.digest = answer.response.headers.get("Docker-Content-Digest", "")[:200]
    else:
        asked.method = "GET"
        answer = client.ask(url, headers, what, client.attempts())
        asked.status = answer.status
        if answer.status != 200:
            raise client.refusal(answer, what)
        with answer.response:
            asked.digest = answer.response.headers.get("Docker-Content-Digest", "")[:200]
    try:
        Digest.parse(asked.digest)
    except LayerscopeError:
        asked.digest = ""


def _outcome(error: LayerscopeError) -> Outcome:
    from layerscope.sources.registry.exposure import Withheld

    if isinstance(error, Withheld | UsageError):
        return Outcome.WITHHELD
    if isinstance(error, NotAuthorised):
        return Outcome.NOT_AUTHORISED
    return Outcome.NOT_FOUND if isinstance(error, NotFound) else Outcome.UNREACHABLE
