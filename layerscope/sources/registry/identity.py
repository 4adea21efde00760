"""As whom a repository is asked, and what must therefore never be shown."""

from __future__ import annotations

import base64
import logging
from typing import TYPE_CHECKING

from layerscope.sources.registry.origin import is_loopback

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential
    from layerscope.sources.registry.origin import Origin

log = logging.getLogger(__name__)


class Identity:
    """Nobody, or a credential, together with every secret that was won with it."""

    def __init__(self, credential: Credential | None) -> None:
        self.credential = credential
        self.basic = ""
        """The Authorization header of the user name and password (RFC 7617); empty when anonymous."""
        self._secrets: set[str] = set()
        if credential:
            encoded = base64.b64encode(f"{credential.username}:{credential.secret}".encode()).decode()
            self.basic = f"Basic {encoded}"
            self._secrets = {credential.secret, encoded}

    def __str__(self) -> str:
        return str(self.credential) if self.credential else "anonymous"

    def warn_of_plain_http(self, origin: Origin) -> None:
        """Say, where it is so, that a password is about to travel unprotected."""
        if self.credential and origin.scheme == "http" and not is_loopback(origin.host):
            log.warning("the password of %s goes to %s without TLS", self, origin)

    def remember(self, secret: str) -> None:
        """This, too, is now secret."""
        self._secrets = self._secrets | {secret}  # a new set: other threads may be redacting

    def redact(self, text: str) -> str:
        """A stranger's text without our secrets in it: an error message may echo what was sent."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        return text
