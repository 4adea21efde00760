"""What the user is told."""

from __future__ import annotations

import errno
import json
import socket

import pytest
import requests
import urllib3.exceptions

from layerscope.credentials.credential import Credential
from layerscope.errors import LayerscopeError, NotAuthorised, NotFound, SourceUnreachable
from layerscope.sources.registry.failures import Refusal, unreachable
from layerscope.sources.registry.identity import Identity
from layerscope.sources.registry.origin import Origin

ORIGIN = Origin.of("https://ghcr.io")


def refusal(status: int, body: bytes, identity: Identity | None = None) -> LayerscopeError:
    return Refusal(status, body, ORIGIN, identity or Identity(None), "ghcr.io/a/b:1", "docker login ghcr.io").error()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFound), (401, NotAuthorised), (403, NotAuthorised), (429, SourceUnreachable), (500, SourceUnreachable),
     (418, SourceUnreachable)],
)  # fmt: skip
def test_every_refusal_names_what_who_and_status(status: int, kind: type[LayerscopeError]) -> None:
    error = refusal(status, b'{"errors":[{"code":"SOME_CODE","message":"some words"}]}')
    assert type(error) is kind
    for word in ("ghcr.io/a/b:1", f"{status} SOME_CODE: some words"):
        assert word in error.message


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"errors": 7}', b'{"errors": []}', b'{"errors": [7]}', b'{"errors": [{}]}',
     b'{"errors": [{"code": 7, "message": []}]}', b"\xff\xfe", b"[" * 60000],
)  # fmt: skip
def test_a_body_of_any_kind_is_no_trouble(body: bytes) -> None:
    assert "404" in refusal(404, body).message


def test_what_a_stranger_says_is_kept_short_and_harmless() -> None:
    body = json.dumps({"errors": [{"code": "X", "message": "a\r\n\x1b]0;title\x07\u202e" + "b" * 5000}]}).encode()
    message = refusal(403, body).message
    assert message.isprintable()
    assert len(message) < 600


def test_secrets_are_taken_out_of_what_a_stranger_says() -> None:
    identity = Identity(Credential("wren", 's3"cret'))
    identity.remember("token.of.ours")
    said = f'you sent {identity.basic} and s3"cret and token.of.ours'
    message = refusal(403, json.dumps({"errors": [{"code": "X", "message": said}]}).encode(), identity).message
    assert "you sent Basic [secret] and [secret] and [secret]" in message


SIGNED = "https://ghcr.io/x?sig=canary"


@pytest.mark.parametrize(
    ("error", "words", "passing"),
    [
        (
            requests.ConnectionError(ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
            "refused the connection",
            True,
        ),
        (requests.ConnectionError(ConnectionResetError(errno.ECONNRESET, SIGNED)), "closed the connection", True),
        (
            requests.ConnectionError(OSError(errno.ENETUNREACH, "Network is unreachable")),
            "Network is unreachable",
            True,
        ),
        (requests.ReadTimeout(SIGNED), "cannot be asked (ReadTimeout)", False),
        (requests.ConnectionError(socket.gaierror(socket.EAI_NONAME, "x")), "no such host", False),
        (requests.ConnectionError(socket.gaierror(socket.EAI_AGAIN, "x")), "no such host", True),
        (requests.exceptions.ProxyError(urllib3.exceptions.ProxyError(SIGNED, Exception())), "the proxy", True),
        (requests.exceptions.InvalidSchema(SIGNED), "cannot be asked (InvalidSchema)", False),
        (UnicodeError(SIGNED), "cannot be asked (UnicodeError)", False),
    ],
)
def test_why_there_is_no_answer(error: Exception, words: str, passing: bool) -> None:
    failure = unreachable(error, ORIGIN, 30)
    assert words in failure.error.message
    assert "ghcr.io" in failure.error.message
    assert failure.passing is passing
    assert "canary" not in failure.error.message + failure.error.hint


def test_causes_that_go_in_circles_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert not unreachable(one, ORIGIN, 30).passing
