"""Which Authorization header goes with a request to the registry."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from layerscope.errors import NotAuthorised
from layerscope.sources.registry.challenge import parse_challenges
from layerscope.sources.registry.tokenreply import is_token

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.sources.registry.attempts import Attempts
    from layerscope.sources.registry.challenge import Challenge
    from layerscope.sources.registry.exposure import Exposure
    from layerscope.sources.registry.identity import Identity
    from layerscope.sources.registry.token import Tokens

log = logging.getLogger(__name__)


class Authoriser:
    """Answers a registry's challenges as one identity, for the threads of one pull.

    Nothing is sent before the registry asks. Once it has, every further request carries the answer at once.
    """

    def __init__(self, tokens: Tokens, identity: Identity, exposure: Exposure, scope: str) -> None:
        self._tokens = tokens
        self._identity = identity
        self._exposure = exposure
        self._scope = scope
        self._challenge: Challenge | None = None
        self._lock = threading.Lock()  # held while a token is fetched: the other threads want the same one
        self.offered: tuple[str, ...] = ()
        """The schemes the registry offered last, as ``bearer``."""

    def header(self, attempts: Attempts) -> str | None:
        """The header to send now; None before the first challenge."""
        with self._lock:
            return self._answer(attempts)

    def renew(self, www_authenticate: Iterable[str], refused: str | None, attempts: Attempts) -> str | None:
        """Another header than ``refused``, which got a 401 with these challenges; None where there is none.

        Withheld where the way to the registry, or to its token server, is not fit for a credential.
        """
        with self._lock:
            challenges = parse_challenges(www_authenticate)
            self.offered = tuple(dict.fromkeys(challenge.scheme for challenge in challenges))
            challenge = self._choose(challenges)
            if challenge is None:
                return None
            if challenge != self._challenge:
                log.debug("challenged: %s %s", challenge.scheme, challenge.parameters)
            self._challenge = challenge
            if refused is not None:
                self._tokens.forget(refused.partition(" ")[2])
            header = self._answer(attempts)  # a token that another thread has fetched meanwhile is taken as it is
            return None if header == refused else header

    def _choose(self, challenges: list[Challenge]) -> Challenge | None:
        """Bearer before Basic: a token is worth less to a thief. Basic needs a password, Bearer a token server.

        A token to be sent as it is answers any challenge, as in Docker.
        """
        if self._identity.bearer:
            return challenges[0] if challenges else None
        for challenge in challenges:
            if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                return challenge
        for challenge in challenges:
            if challenge.scheme == "basic" and self._identity.basic:
                return challenge
        return None

    def _answer(self, attempts: Attempts) -> str | None:
        if self._challenge is None:
            return None
        self._exposure.require(self._identity, self._tokens.registry)
        if self._identity.bearer:
            if not is_token(self._identity.bearer.removeprefix("Bearer ")):
                raise NotAuthorised(f"the token of {self._identity} is none that a header can carry")
            return self._identity.bearer
        if self._challenge.scheme == "basic":
            return self._identity.basic
        return f"Bearer {self._tokens.get(self._challenge, self._scope, attempts)}"
