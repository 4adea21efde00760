"""What a token server may answer."""

from __future__ import annotations

import json

import pytest

from layerscope.errors import LayerscopeError, NotAuthorised, SourceUnreachable
from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.tokenreply import MAX_TOKEN_BODY, read_reply

SERVER = Origin.of("https://auth.example")


@pytest.mark.parametrize(
    ("document", "token", "lifetime"),
    [
        ({"token": "a"}, "a", 60),
        ({"access_token": "b"}, "b", 60),
        ({"token": "a", "access_token": "b", "expires_in": 300}, "a", 300),
        ({"token": "", "access_token": "b", "expires_in": "900"}, "b", 900),
        ({"token": "a", "expires_in": 59}, "a", 60),
        ({"token": "a", "expires_in": 0}, "a", 60),
        ({"token": "a", "expires_in": -5}, "a", 60),
        ({"token": "a", "expires_in": 1e400}, "a", 60),
        ({"token": "a", "expires_in": float("nan")}, "a", 60),
        ({"token": "a", "expires_in": None, "issued_at": "2099-01-01T00:00:00Z"}, "a", 60),
    ],
)
def test_tokens_and_lives(document: dict[str, object], token: str, lifetime: float) -> None:
    try:
        body = json.dumps(document, allow_nan=True).encode()
        reply = read_reply(body, SERVER)
    except SourceUnreachable:  # NaN and Infinity are no JSON
        assert "nan" in str(document) or "inf" in str(document)
        return
    assert (reply.token, reply.lifetime, reply.refresh_token) == (token, lifetime, "")


def test_neither_token_is_shown() -> None:
    reply = read_reply(b'{"token": "canary", "refresh_token": "canary"}', SERVER)
    assert reply.refresh_token == "canary"
    assert "canary" not in repr(reply)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", SourceUnreachable),
        (b"[]", SourceUnreachable),
        (b"[" * 100_000, SourceUnreachable),
        (b"\xff", SourceUnreachable),
        (b" " * (MAX_TOKEN_BODY + 1), SourceUnreachable),
        (b"{}", NotAuthorised),
        (b'{"token": 7}', NotAuthorised),
        (b'{"token": ["a"]}', NotAuthorised),
        (b'{"token": "a b"}', NotAuthorised),
        (b'{"token": "a\\nX: y"}', NotAuthorised),
        ('{"token": "ä"}'.encode(), NotAuthorised),
    ],
)
def test_what_is_no_token(body: bytes, kind: type[LayerscopeError]) -> None:
    with pytest.raises(kind, match="auth.example gave no token") as caught:
        read_reply(body, SERVER)
    assert caught.value.hint
