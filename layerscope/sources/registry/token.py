"""Bearer tokens: fetched from the token server a registry names, kept in memory (distribution-spec auth, "token").

``GET`` with the password in Basic, or with nothing (docs/content/spec/auth/token.md); ``POST`` as OAuth2 for a refresh
token (oauth.md). Which servers refuse ``POST``, and how, is containerd's experience (core/remotes/docker).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from layerscope.errors import SourceUnreachable
from layerscope.sources.registry.body import BodyCut, whole
from layerscope.sources.registry.failures import Refusal
from layerscope.sources.registry.realm import check_realm
from layerscope.sources.registry.redirects import follow
from layerscope.sources.registry.tokenreply import MAX_TOKEN_BODY, read_reply

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential
    from layerscope.errors import LayerscopeError
    from layerscope.sources.registry.attempts import Attempts
    from layerscope.sources.registry.challenge import Challenge
    from layerscope.sources.registry.exposure import Exposure
    from layerscope.sources.registry.identity import Identity
    from layerscope.sources.registry.origin import Origin
    from layerscope.sources.registry.redirects import Answer
    from layerscope.sources.registry.tokenreply import TokenReply
    from layerscope.sources.registry.transport import Transport

log = logging.getLogger(__name__)

MAX_SKEW = 10.0
"""Seconds before its end from which a token is no longer sent; a tenth of its life where that is less."""
CLIENT_ID = "layerscope"
_NO_POST = frozenset({400, 401, 404, 405})
"""How token servers answer that know no ``POST``: as the spec says, or as vendors do."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What a token is good for."""

    realm: str
    service: str
    scope: str
    credential: Credential | None


@dataclass(frozen=True, slots=True)
class TokenStep:
    """One question to a token server, for who wants to know how a pull went. Holds no secret."""

    realm: str
    """The token server's URL, without a query."""
    server: str
    """Its host[:port]."""
    service: str
    scope: str
    method: str
    status: int
    lifetime: float | None = None
    """Seconds that the token is good for; None where there is none."""


@dataclass(slots=True)
class Tokens:
    """The tokens of one repository's conversation. Not locked: ``Authoriser`` is."""

    transport: Transport
    registry: Origin
    identity: Identity
    exposure: Exposure
    login: str
    """The command that logs in to the registry."""
    steps: list[TokenStep] = field(default_factory=list)
    """What token servers were asked, in order."""
    _known: dict[_Key, tuple[str, float]] = field(default_factory=dict)
    """Token and the monotonic time from which it is not sent any more: no clock but ours plays a part."""

    def get(self, challenge: Challenge, default_scope: str, attempts: Attempts) -> str:
        """A token that answers the challenge; NotAuthorised where the token server gives none."""
        parameters = challenge.parameters
        scope = parameters.get("scope") or default_scope
        key = _Key(parameters.get("realm", ""), parameters.get("service", ""), scope, self.identity.credential)
        token, until = self._known.get(key, ("", 0.0))
        if not token or time.monotonic() >= until:
            asked = time.monotonic()
            reply = self._fetch(key, attempts)
            token = reply.token
            self._known[key] = token, asked + reply.lifetime - min(MAX_SKEW, reply.lifetime / 10)
        return token

    def forget(self, token: str) -> None:
        """A registry refused this token: it is not sent again."""
        self._known = {key: kept for key, kept in self._known.items() if kept[0] != token}

    def _fetch(self, key: _Key, attempts: Attempts) -> TokenReply:
        server = check_realm(key.realm, self.registry, self.exposure.options.allow_realms)
        self.exposure.require(self.identity, server)
        asking = _Asking(self, key, server, attempts)
        if not self.identity.refresh_token:
            return asking.get(self.identity.basic)
        reply = asking.post(self.identity.refresh_token)
        if isinstance(reply, Refusal):
            log.info("token server %s answers POST with %d; trying GET", server, reply.status)
            return asking.get(self.identity.refresh_as_password, reply)
        return reply


@dataclass(frozen=True, slots=True)
class _Asking:
    """One token, asked for in one way or another."""

    tokens: Tokens
    key: _Key
    server: Origin
    attempts: Attempts

    @property
    def what(self) -> str:
        return f"a token for {self.key.scope}" if self.key.scope else "a token"

    def get(self, authorization: str, refused: Refusal | None = None) -> TokenReply:
        """By GET; NotAuthorised with what POST was told before where that said more than that there is no POST."""
        joint = "&" if "?" in self.key.realm else "?"
        reply = self._ask("GET", f"{self.key.realm}{joint}{urlencode(self._query())}", authorization)
        if isinstance(reply, Refusal):
            raise (refused if refused and refused.status in {400, 401} else reply).error()
        return reply

    def post(self, refresh_token: str) -> TokenReply | Refusal:
        """By POST with a refresh token; the refusal where GET is worth another try."""
        form = {
            "grant_type": "refresh_token",
            "service": self.key.service,
            "client_id": CLIENT_ID,
            "scope": " ".join(self.key.scope.split()),
            "refresh_token": refresh_token,
        }
        reply = self._ask("POST", self.key.realm, "", urlencode(form).encode())
        if isinstance(reply, Refusal) and reply.status not in _NO_POST:
            raise reply.error()
        return reply

    def _query(self) -> list[tuple[str, str]]:
        query = [("service", self.key.service)] if self.key.service else []
        query += [("scope", scope) for scope in self.key.scope.split()]
        query.append(("client_id", CLIENT_ID))
        if self.key.credential and self.key.credential.username:
            query.append(("account", self.key.credential.username))
        return query

    def _ask(self, method: str, url: str, authorization: str, body: bytes | None = None) -> TokenReply | Refusal:
        """A token, or who refused it; SourceUnreachable where there is no answer that makes sense."""
        transport, identity = self.tokens.transport, self.tokens.identity
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"

        def ask() -> Answer:
            return follow(transport, url, headers, authorization or None, method=method, body=body, leave=False)

        def error(answer: Answer) -> LayerscopeError:
            return self._refusal(answer).error()

        while True:
            answer = self.attempts.until_answered(ask, error)
            if answer.status != 200:
                self._note(method, answer.status, None)
                return self._refusal(answer)
            try:
                with answer.response:
                    data = whole(answer.response, MAX_TOKEN_BODY, transport.timeout)
                break
            except BodyCut as cut:
                cut_off = SourceUnreachable(f"token server {self.server} did not send all of {self.what}: {cut}")
                self.attempts.failed(cut_off)
        lifetime = None
        try:
            reply = read_reply(data, self.server)
            lifetime = reply.lifetime
        finally:
            self._note(method, answer.status, lifetime)
        identity.remember(reply.token)
        if reply.refresh_token and identity.refresh_token:
            identity.refreshed(reply.refresh_token)
        elif reply.refresh_token:
            identity.remember(reply.refresh_token)  # a password is all we need
        log.debug("%s from %s for %s, good for %g s", self.what, self.server, identity, lifetime)
        return reply

    def _refusal(self, answer: Answer) -> Refusal:
        tokens = self.tokens
        return Refusal(
            answer.status, answer.error_body(), self.server, tokens.identity, self.what, tokens.login, token=True
        )

    def _note(self, method: str, status: int, lifetime: float | None) -> None:
        realm = self.key.realm.partition("?")[0]
        step = TokenStep(realm, str(self.server), self.key.service, self.key.scope, method, status, lifetime)
        self.tokens.steps.append(step)
