"""Bearer tokens: fetched from the token server a registry names, kept in memory (distribution-spec auth, "token")."""

from __future__ import annotations

import logging
import math
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from layerscope.errors import InvalidImage, NotAuthorised, SourceUnreachable
from layerscope.oci.jsondoc import parse_object
from layerscope.sources.registry.body import BodyCut, whole
from layerscope.sources.registry.failures import Refusal
from layerscope.sources.registry.realm import check_realm
from layerscope.sources.registry.redirects import follow

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential
    from layerscope.errors import LayerscopeError
    from layerscope.sources.registry.attempts import Attempts
    from layerscope.sources.registry.challenge import Challenge
    from layerscope.sources.registry.identity import Identity
    from layerscope.sources.registry.origin import Origin
    from layerscope.sources.registry.redirects import Answer
    from layerscope.sources.registry.transport import Transport

log = logging.getLogger(__name__)

MAX_TOKEN_BODY = 1 << 20
DEFAULT_LIFETIME = 60.0
"""Seconds a token lives where the server does not say."""
MAX_SKEW = 10.0
"""Seconds before its end from which a token is no longer sent; a tenth of its life where that is less."""
CLIENT_ID = "layerscope"

_BEARER = re.compile(r"[A-Za-z0-9._~+/=-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Key:
    """What a token is good for."""

    realm: str
    service: str
    scope: str
    credential: Credential | None


@dataclass(slots=True)
class Tokens:
    """The tokens of one repository's conversation. Not locked: ``Authoriser`` is."""

    transport: Transport
    registry: Origin
    identity: Identity
    login: str
    """The command that logs in to the registry."""
    _known: dict[_Key, tuple[str, float]] = field(default_factory=dict)
    """Token and the monotonic time from which it is not sent any more."""

    def get(self, challenge: Challenge, default_scope: str, attempts: Attempts) -> str:
        """A token that answers the challenge; NotAuthorised where the token server gives none."""
        parameters = challenge.parameters
        scope = parameters.get("scope") or default_scope
        key = _Key(parameters.get("realm", ""), parameters.get("service", ""), scope, self.identity.credential)
        token, until = self._known.get(key, ("", 0.0))
        if not token or time.monotonic() >= until:
            token, lifetime = self._fetch(key, attempts)
            self._known[key] = token, time.monotonic() + lifetime - min(MAX_SKEW, lifetime / 10)
        return token

    def forget(self, token: str) -> None:
        """A registry refused this token: it is not sent again."""
        self._known = {key: kept for key, kept in self._known.items() if kept[0] != token}

    def _fetch(self, key: _Key, attempts: Attempts) -> tuple[str, float]:
        server = check_realm(key.realm, self.registry)
        self.identity.warn_of_plain_http(server)
        url = f"{key.realm}{'&' if '?' in key.realm else '?'}{urlencode(_query(key))}"
        what = f"a token for {key.scope}"

        def ask() -> Answer:
            accept = {"Accept": "application/json"}
            return follow(self.transport, url, accept, self.identity.basic or None, leave=False)

        def refusal(answer: Answer) -> LayerscopeError:
            status = 401 if answer.status in {400, 404} else answer.status  # vendors differ; none of them gives a token
            return Refusal(status, answer.error_body(), server, self.identity, what, self.login).error()

        while True:
            answer = attempts.until_answered(ask, refusal)
            if answer.status != 200:
                raise refusal(answer)
            try:
                with answer.response:
                    body = whole(answer.response, MAX_TOKEN_BODY, self.transport.timeout)
            except BodyCut as cut:
                attempts.failed(SourceUnreachable(f"token server {server} did not send all of {what}: {cut}"))
                continue
            token, lifetime = _read(body, server)
            self.identity.remember(token)
            log.debug("%s from %s for %s, good for %g s", what, server, self.identity, lifetime)
            return token, lifetime


def _query(key: _Key) -> list[tuple[str, str]]:
    query = [("service", key.service)] if key.service else []
    query += [("scope", scope) for scope in key.scope.split()]
    query.append(("client_id", CLIENT_ID))
    if key.credential:
        query.append(("account", key.credential.username))
    return query


def _read(body: bytes, server: Origin) -> tuple[str, float]:
    """Token and lifetime in seconds out of a token server's answer."""
    try:
        if len(body) > MAX_TOKEN_BODY:
            raise InvalidImage(f"its answer has more than {MAX_TOKEN_BODY} bytes")
        document = parse_object(body, "its answer")
    except InvalidImage as error:
        raise SourceUnreachable(f"token server {server} gave no token: {error}") from None
    token = document.get("token") or document.get("access_token")
    if not isinstance(token, str) or not _BEARER.fullmatch(token):
        raise NotAuthorised(f"token server {server} gave no token, or one that no header can carry")
    return token, _lifetime(document.get("expires_in"))


def _lifetime(claimed: Any) -> float:
    try:
        seconds = float(claimed)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFETIME
    return seconds if math.isfinite(seconds) and seconds > 0 else DEFAULT_LIFETIME
