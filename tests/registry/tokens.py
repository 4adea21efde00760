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
        user = ""
        if ask.authorization:
            user, _, password = base64.b64decode(ask.authorization.removeprefix("Basic ")).decode().partition(":")
            if self.accounts.get(user) != password:
                body = {"errors": [{"code": "UNAUTHORIZED", "message": f"no: {ask.authorization}"}]}
                return Reply(401, {"Content-Type": "application/json"}, json.dumps(body).encode())
        access: list[dict[str, object]] = []
        for scope in ask.query.get("scope", []):
            kind, name, _ = scope.split(":")
            if user or self.public:
                access.append({"type": kind, "name": name, "actions": ["pull"]})
        token = self._sign(user, access)
        self.issued.append(token)
        document = {self.field_name: token, "expires_in": self.claims}
        return Reply(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

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
