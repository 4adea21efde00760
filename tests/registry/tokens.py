"""A token server whose tokens CNCF distribution verifies: RS256 JWTs under a certificate the registry trusts."""

from __future__ import annotations

import base64
import json
import math
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from live.command import run
from live.need import need

from .pulling import CANARY
from .web import Ask, Reply

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = "registry.test"
ISSUER = "issuer.test"
LEEWAY = 60
"""Seconds that distribution lets a token live on after its end."""


@dataclass
class TokenServer:
    """Issues tokens; what it does beyond that is set by the tests."""

    key: Path
    certificate: Path
    accounts: dict[str, str] = field(default_factory=dict)
    """Passwords by user."""
    public: bool = True
    """Whether an anonymous request gets to pull."""
    grants: dict[str, set[str]] | None = None
    """The repositories that each user may pull; None is all of them."""
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    """Users by refresh token."""
    rotates: bool = False
    """Whether a refresh token is good for once, and each answer brings the next."""
    post: int = 200
    """With what a POST is answered: a token, or the status of a server that knows none."""
    issued_at: str = ""
    lives: float = 300
    """Seconds a token really lives, or up to one more: its end is a whole second."""
    claims: object = 300
    """What ``expires_in`` says."""
    field_name: str = "token"
    broken: Reply | None = None
    """Given instead of a token."""
    issued: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, directory: Path) -> TokenServer:
        """A new key and its self-signed certificate."""
        key, certificate = directory / "token.key", directory / "token.crt"
        run(need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=token",
            "-keyout", key, "-out", certificate)  # fmt: skip
        return cls(key, certificate)

    def answer(self, ask: Ask) -> Reply:
        if self.broken:
            return self.broken
        scopes = ask.query.get("scope", [])
        document: dict[str, object] = {}
        if ask.method == "POST":
            if self.post != 200:
                return Reply(self.post)
            user = self.refresh_tokens.get(ask.form.get("refresh_token", ""), "")
            scopes = ask.form.get("scope", "").split()
            if ask.form.get("grant_type") != "refresh_token" or ask.form.get("service") != SERVICE or not user:
                return Reply(401, body=json.dumps({"error": "invalid_grant", "echo": ask.body.decode()}).encode())
            if self.rotates:
                del self.refresh_tokens[ask.form["refresh_token"]]
                document["refresh_token"] = fresh = f"refresh-{CANARY}-{len(self.issued)}"
                self.refresh_tokens[fresh] = user
        else:
            user = self._who(ask.authorization)
            if ask.authorization and not user:
                body = {"errors": [{"code": "UNAUTHORIZED", "message": f"no: {ask.authorization}"}]}
                return Reply(401, {"Content-Type": "application/json"}, json.dumps(body).encode())
        access: list[dict[str, object]] = []
        for scope in scopes:
            kind, name, _ = scope.split(":")
            if (self.public or user) and (self.grants is None or name in self.grants.get(user, ())):
                access.append({"type": kind, "name": name, "actions": ["pull"]})
        token = self._sign(user, access)
        self.issued.append(token)
        document |= {self.field_name: token, "expires_in": self.claims}
        if self.issued_at:
            document["issued_at"] = self.issued_at
        return Reply(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def _who(self, authorization: str) -> str:
        """The user of a Basic header: with a password, or with a refresh token in its place; empty for nobody."""
        if not authorization:
            return ""
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if password in self.refresh_tokens:
            return self.refresh_tokens[password]
        return user if self.accounts.get(user) == password else ""

    def _sign(self, user: str, access: list[dict[str, object]]) -> str:
        now = time.time()
        der = self.certificate.read_text().replace("\n", "").split("-----")[2]
        header = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        claims = {
            "iss": ISSUER,
            "aud": SERVICE,
            "sub": user,
            "jti": str(len(self.issued)),
            "iat": int(now) - 600,
            "nbf": int(now) - 600,
            "exp": math.ceil(now + self.lives) - LEEWAY,
            "access": access,
        }
        text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        command = ["openssl", "dgst", "-sha256", "-sign", str(self.key), "-binary"]
        signature = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
        return f"{text}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
