"""As whom a repository is asked, and what must therefore never be shown."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from layerscope.credentials.credential import Kind

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential

_TOKEN_USER = "<token>"  # noqa: S105  # Docker's name for a user who has a token instead


class Identity:
    """Nobody, or a credential, together with every secret that was won with it."""

    def __init__(self, credential: Credential | None) -> None:
        self.credential = credential
        self.basic = ""
        """The Authorization header of the user name and password (RFC 7617); empty where there is no password."""
        self.bearer = ""
        """The header of a token that is sent as it is; empty where there is none."""
        self.refresh_token = ""
        """What a token server turns into a token (OAuth2); it may give another one for the next time."""
        self._secrets: set[str] = set()
        if credential is None:
            return
        self.remember(credential.secret)
        match credential.kind:
            case Kind.PASSWORD:
                self.basic = self._basic(credential.username, credential.secret)
            case Kind.IDENTITY_TOKEN:
                self.refresh_token = credential.secret
            case Kind.REGISTRY_TOKEN:
                self.bearer = f"Bearer {credential.secret}"

    def __str__(self) -> str:
        return str(self.credential) if self.credential else "anonymous"

    @property
    def refresh_as_password(self) -> str:
        """The refresh token in Basic, for token servers that know no other way."""
        user = self.credential.username if self.credential else ""
        return self._basic(user or _TOKEN_USER, self.refresh_token)

    def refreshed(self, token: str) -> None:
        """A token server gave a new refresh token in place of the old one."""
        self.remember(token)
        self.refresh_token = token

    def remember(self, secret: str) -> None:
        """This, too, is now secret, also as a form or a URL carries it."""
        forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)} - {""}
        self._secrets = self._secrets | forms  # a new set: other threads may be redacting

    def redact(self, text: str) -> str:
        """A stranger's text without our secrets in it: an error message may echo what was sent."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        return text

    def _basic(self, user: str, password: str) -> str:
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.remember(encoded)
        return f"Basic {encoded}"
