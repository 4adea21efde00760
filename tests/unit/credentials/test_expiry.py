"""Until when a credential says it is good."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from layerscope.credentials.credential import Credential, shown_key
from layerscope.credentials.expiry import expiry

END = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)


def part(document: object, *, url: bool = True) -> str:
    data = json.dumps(document).encode()
    return (base64.urlsafe_b64encode if url else base64.b64encode)(data).decode().rstrip("=" if url else "")


def jwt(claims: object) -> str:
    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("secret", "end"),
    [
        (jwt({"exp": END.timestamp(), "sub": "wren?>~~~"}), END),
        (jwt({"exp": int(END.timestamp())}), END),
        (part({"payload": "x", "expiration": int(END.timestamp())}, url=False), END),
        (jwt({"sub": "wren"}), None),
        (jwt({"exp": "soon"}), None),
        (jwt({"exp": True}), None),
        (jwt({"exp": 10**30}), None),
        (jwt({"exp": float("nan")}), None),
        (jwt([1]), None),
        ("a.b.c", None),
        ("..", None),
        ("a-word", None),
        ("", None),
        ("\udcff", None),
        ("x." + "a" * (1 << 20) + ".y", None),
    ],
)
def test_when(secret: str, end: datetime | None) -> None:
    assert expiry(Credential("wren", secret)) == end


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("https://user:word@ghcr.io/x", "https://ghcr.io/x"),
        ("https://user:w@rd@ghcr.io", "https://ghcr.io"),
        ("https://ghcr.io/a@b", "https://ghcr.io/a@b"),
        ("ghcr.io", "ghcr.io"),
    ],
)
def test_a_key_is_shown_without_the_password_that_some_have(key: str, shown: str) -> None:
    assert shown_key(key) == shown
