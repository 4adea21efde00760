"""Tokens that a real registry verifies: per repository, short-lived, by refresh token; and servers that deviate."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from layerscope.credentials.credential import Credential, Kind, Place, Source
from layerscope.errors import NotAuthorised, SourceUnreachable
from layerscope.sources.registry.exposure import Withheld

from .pulling import CANARY, LOGIN, USER, Known, opened, options, read, read_all, refused
from .tokens import SERVICE
from .web import Ask, Reply, Web, faulty, forward, watching

if TYPE_CHECKING:
    from live.registry import Registry

    from .tokens import TokenServer

REFRESH = f"refresh-{CANARY}"


def token(kind: Kind, secret: str, user: str = "") -> Known:
    place = Place(Source.FILE, file="config.json")
    return Known((Credential(user, secret, kind, place, "the key"),))


IDENTITY = token(Kind.IDENTITY_TOKEN, REFRESH)


def test_a_refresh_token_by_post(bearers: Registry, tokens: TokenServer, token_web: Web) -> None:
    tokens.public, tokens.refresh_tokens = False, {REFRESH: USER}
    before = len(token_web.seen)
    assert len(read_all(opened(f"{bearers.address}/tour:1", settings=options(IDENTITY)))) == 12
    (asked,) = token_web.seen[before:]
    assert (asked.method, asked.path, asked.authorization) == ("POST", "/token", "")
    assert asked.form == {
        "grant_type": "refresh_token",
        "service": SERVICE,
        "client_id": "layerscope",
        "scope": "repository:tour:pull",
        "refresh_token": REFRESH,
    }


@pytest.mark.parametrize("status", [404, 405, 401, 400])
def test_a_refresh_token_where_there_is_no_post(
    bearers: Registry, tokens: TokenServer, token_web: Web, status: int
) -> None:
    tokens.public, tokens.refresh_tokens, tokens.post = False, {REFRESH: USER}, status
    before = len(token_web.seen)
    read_all(opened(f"{bearers.address}/odd:1", settings=options(IDENTITY)))
    assert [ask.method for ask in token_web.seen[before:]] == ["POST", "GET"]


def test_a_refresh_token_that_changes_each_time(bearers: Registry, tokens: TokenServer) -> None:
    """As a token server may do with every answer; here in mid-pull, with tokens of a second's life."""
    tokens.public, tokens.refresh_tokens, tokens.rotates, tokens.lives = False, {REFRESH: USER}, True, 1
    with opened(f"{bearers.address}/odd:1", settings=options(IDENTITY)) as image:
        time.sleep(2.1)
        read(image.layers[0])
    assert len(tokens.issued) == 2
    assert list(tokens.refresh_tokens) == [f"refresh-{CANARY}-1"]


def test_a_refresh_token_that_is_no_longer_good(bearers: Registry, tokens: TokenServer) -> None:
    """The server's answers echo it; the message does not."""
    words = ("identity token", "'the key' of config.json", "gave", "no token", "does not take this login for anything")
    with refused(NotAuthorised, *words, hint="log in anew"):
        opened(f"{bearers.address}/tour:1", settings=options(IDENTITY))


@pytest.mark.parametrize("status", [403, 500, 429])
def test_a_post_that_is_answered_otherwise_is_no_reason_for_get(
    bearers: Registry, tokens: TokenServer, token_web: Web, status: int
) -> None:
    tokens.post = status
    before = len(token_web.seen)
    with refused(NotAuthorised if status == 403 else SourceUnreachable, str(status)):
        opened(f"{bearers.address}/tour:1", settings=options(IDENTITY, retries=0))
    assert {ask.method for ask in token_web.seen[before:]} == {"POST"}


def test_a_refresh_token_and_a_registry_that_takes_passwords(members: Registry) -> None:
    with watching(members.address) as web, refused(NotAuthorised, "401", "identity token"):
        opened(f"{web.address}/tour:1", settings=options(IDENTITY))
    assert not any(ask.authorization for ask in web.seen)


def test_a_registry_token_goes_as_it_is(bearers: Registry, tokens: TokenServer, token_web: Web) -> None:
    tokens.public = False
    minted = json.loads(tokens.answer(_asking(tokens)).body)["token"]
    before = len(token_web.seen)
    with watching(bearers.address) as web:
        settings = options(token(Kind.REGISTRY_TOKEN, minted))
        assert len(read_all(opened(f"{web.address}/tour:1", settings=settings))) == 12
        assert {ask.authorization for ask in web.seen} == {"", f"Bearer {minted}"}
    assert len(token_web.seen) == before


def _asking(tokens: TokenServer) -> Ask:
    tokens.refresh_tokens[REFRESH] = USER
    form = f"grant_type=refresh_token&service={SERVICE}&scope=repository:tour:pull&refresh_token={REFRESH}"
    return Ask("POST", "/token", {}, 1, body=form.encode())


def test_a_registry_token_that_is_not_good(bearers: Registry, tokens: TokenServer) -> None:
    with refused(NotAuthorised, "registry token", "401"):
        opened(f"{bearers.address}/tour:1", settings=options(token(Kind.REGISTRY_TOKEN, f"{CANARY}.x")))
    with refused(NotAuthorised, "none that a header can carry"):
        opened(f"{bearers.address}/tour:1", settings=options(token(Kind.REGISTRY_TOKEN, f"{CANARY}\r\nX: 1")))


def test_tokens_are_for_one_repository_each(bearers: Registry, tokens: TokenServer, token_web: Web) -> None:
    tokens.public, tokens.grants = False, {USER: {"tour"}}
    before = len(token_web.seen)
    read_all(opened(f"{bearers.address}/tour:1", settings=options(LOGIN)))
    words = ("odd:1", f"user '{USER}'", "401 UNAUTHORIZED", "does take this login", "has not let this account in")
    with refused(NotAuthorised, *words):
        opened(f"{bearers.address}/odd:1", settings=options(LOGIN))
    scopes = [ask.query.get("scope") for ask in token_web.seen[before:]]
    # The second is refused once more with a second token, in case the first one had just ended; the last is the probe.
    assert scopes[:2] == [["repository:tour:pull"], ["repository:odd:pull"]]
    assert scopes[-1] is None


def test_a_clock_that_is_wrong_on_either_side(bearers: Registry, tokens: TokenServer) -> None:
    for issued_at in ("1999-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "yesterday"):
        tokens.issued_at = issued_at
        tokens.issued.clear()
        read_all(opened(f"{bearers.address}/odd:1"))
        assert len(tokens.issued) == 1


def test_a_registry_that_never_says_who_it_wants(anyone: Registry) -> None:
    """To nobody it denies everything; at its door it asks who we are. With a login we go and see."""
    fetch = forward(anyone.address)

    def answer(ask: Ask) -> Reply:
        if ask.authorization.startswith("Basic "):
            return fetch(ask)
        return Reply(401, {"WWW-Authenticate": "Basic realm=x"}) if ask.path == "/v2/" else Reply(404)

    with Web(answer) as web:
        read_all(opened(f"{web.address}/odd:1", settings=options(LOGIN)))
        assert [(ask.path, ask.status) for ask in web.seen[:3]] == [
            ("/v2/odd/manifests/1", 404),
            ("/v2/", 401),
            ("/v2/odd/manifests/1", 200),
        ]
        assert all(ask.authorization for ask in web.asked("/v2/odd/")[1:])


@pytest.mark.parametrize("together", [True, False])
def test_several_challenges(bearers: Registry, tokens: TokenServer, token_web: Web, together: bool) -> None:
    """Basic first, a Bearer without a realm, then the one that works: in one header, or in several."""
    bearer = f'BEARER Realm="{token_web.url}/token" , service="{SERVICE}"'
    offers = ['Basic realm="Registry, of a kind"', "Bearer", bearer]

    def fault(_: Ask, reply: Reply) -> None:
        if reply.status == 401:
            reply.headers = {"www-authenticate": ", ".join(offers)} if together else {}
            reply.several = [] if together else [("WWW-Authenticate", offer) for offer in offers]

    tokens.public = False
    with faulty(bearers.address, fault) as web:
        assert len(read_all(opened(f"{web.address}/tour:1", settings=options(LOGIN)))) == 12
        assert len(tokens.issued) == 1


def test_a_registry_that_is_never_content(tokens: TokenServer, token_web: Web) -> None:
    """Every token is refused with a new challenge: two tries, no more."""
    challenge = {"WWW-Authenticate": f'Bearer realm="{token_web.url}/token",service="{SERVICE}"'}
    with Web(lambda _: Reply(401, challenge)) as web, refused(NotAuthorised, "401"):
        opened(f"{web.address}/x", settings=options(LOGIN))
    assert len(web.asked("/manifests/")) == 2
    assert len(web.seen) <= 4
    assert len(tokens.issued) <= 2


def test_a_token_reply_of_50_megabytes(bearers: Registry, tokens: TokenServer) -> None:
    tokens.broken = Reply(200, body=b'{"token": "' + b"a" * (50 << 20) + b'"}')
    with refused(SourceUnreachable, "gave no token", "more than 1048576 bytes", hint="no token server"):
        opened(f"{bearers.address}/tour:1", settings=options(LOGIN))


def test_a_private_realm_that_is_allowed(bearers: Registry, tokens: TokenServer) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="http://10.1.2.3:81/token",service="x"'}
    with Web(lambda _: Reply(401, challenge)) as web:
        with refused(Withheld, "will not ask", hint="--allow-realm"):
            opened(f"{web.address}/x", settings=options(LOGIN))
        # It may be asked now. But not with a password: it is spoken to without TLS, and is not on loopback.
        with refused(Withheld, "is not sent to 10.1.2.3:81", hint="--plain-http-login"):
            opened(f"{web.address}/x", settings=options(LOGIN, allow_realms=frozenset({"10.1.2.3:81"})))
