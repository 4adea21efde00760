"""As whom: nobody, a password, a token; and what happens when that is not good enough."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from layerscope.credentials.credential import Credential, Place, Source
from layerscope.errors import NotAuthorised, NotFound, SourceUnreachable
from layerscope.sources.registry.exposure import Withheld

from .pulling import CANARY, LOGIN, USER, Known, opened, options, read, read_all, refused
from .web import Ask, Reply, Web, faulty, watching

if TYPE_CHECKING:
    from live.registry import Registry

    from .tokens import TokenServer

WRONG = Known((Credential(USER, f"{CANARY}-wrong", place=Place(Source.FILE, file="config.json"), key="the key"),))


def test_basic(members: Registry) -> None:
    with watching(members.address) as web:
        assert len(read_all(opened(f"{web.address}/tour:1", settings=options(LOGIN)))) == 12
    assert [ask.status for ask in web.seen] == [401] + [200] * 14  # asked once, then sent at once


def test_basic_without_a_login(members: Registry) -> None:
    with refused(NotAuthorised, "anonymous", "401 UNAUTHORIZED", hint=f"docker login {members.address}"):
        opened(f"{members.address}/tour:1")


def test_basic_with_a_wrong_password(members: Registry) -> None:
    words = (f"user '{USER}'", "'the key' of config.json", "401", "does not take this login for anything")
    with watching(members.address) as web, refused(NotAuthorised, *words, hint="--anonymous"):
        opened(f"{web.address}/tour:1", settings=options(WRONG))
    assert [(ask.path, bool(ask.authorization)) for ask in web.seen] == [
        ("/v2/tour/manifests/1", False),
        ("/v2/tour/manifests/1", True),
        ("/v2/", False),  # whose fault is it, the login's or the name's?
        ("/v2/", True),
    ]


def test_basic_with_a_good_password_for_what_is_not_there(members: Registry) -> None:
    with refused(NotFound, "404 MANIFEST_UNKNOWN", "does take this login"):
        opened(f"{members.address}/tour:9", settings=options(LOGIN))


def test_several_logins_are_tried_in_turn(members: Registry) -> None:
    both = Known(WRONG.credentials + LOGIN.credentials)
    read_all(opened(f"{members.address}/tour:1", settings=options(both)))


def test_an_anonymous_token(bearers: Registry, tokens: TokenServer, token_web: Web) -> None:
    before = len(token_web.seen)
    with watching(bearers.address) as web:
        read_all(opened(f"{web.address}/tour:1"))
    asked = token_web.seen[before:]
    assert [ask.status for ask in web.seen] == [401] + [200] * 14
    assert len(asked) == 1
    assert asked[0].query["scope"] == ["repository:tour:pull"]
    assert asked[0].query["service"] == ["registry.test"]
    assert not asked[0].authorization


def test_a_token_for_a_login(bearers: Registry, tokens: TokenServer, token_web: Web) -> None:
    tokens.public = False
    before = len(token_web.seen)
    read_all(opened(f"{bearers.address}/tour:1", settings=options(LOGIN)))
    asked = token_web.seen[before:]
    assert len(asked) == 1
    assert asked[0].query["account"] == [USER]
    assert asked[0].authorization.startswith("Basic ")


def test_a_token_called_access_token_without_a_lifetime(bearers: Registry, tokens: TokenServer) -> None:
    tokens.field_name, tokens.claims = "access_token", None
    read_all(opened(f"{bearers.address}/tour:1"))
    assert len(tokens.issued) == 1


@pytest.mark.parametrize("claims", [True, -1, 10**400, "soon", [], {}], ids=lambda value: repr(value)[:9])
def test_a_senseless_lifetime_counts_as_a_minute(bearers: Registry, tokens: TokenServer, claims: object) -> None:
    tokens.claims = claims
    read_all(opened(f"{bearers.address}/tour:1"))
    assert len(tokens.issued) == 1


def test_a_token_that_opens_nothing(bearers: Registry, tokens: TokenServer) -> None:
    tokens.public = False
    with refused(NotAuthorised, "does not exist or may not be pulled as anonymous", "401 UNAUTHORIZED"):
        opened(f"{bearers.address}/tour:1")
    assert len(tokens.issued) == 1


def test_a_token_server_that_knows_us_not(bearers: Registry, tokens: TokenServer) -> None:
    """Its answer echoes our password in base64: the message must not."""
    with refused(NotAuthorised, f"user '{USER}'", "repository:tour:pull", "[secret]"):
        opened(f"{bearers.address}/tour:1", settings=options(WRONG))


def test_a_token_is_not_sent_beyond_its_life(
    bearers: Registry, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(bearers.address) as web, opened(f"{web.address}/odd:1") as image:
        assert len(tokens.issued) == 1
        now = time.monotonic
        monkeypatch.setattr("layerscope.sources.registry.token.time.monotonic", lambda: now() + 295)
        read(image.layers[0])
    assert len(tokens.issued) == 2
    assert [ask.status for ask in web.seen] == [401, 200, 200, 200]


def test_a_life_of_less_than_a_minute_counts_as_a_minute(bearers: Registry, tokens: TokenServer) -> None:
    """The specification says that there is none, and some servers say 0."""
    tokens.claims = 1
    with opened(f"{bearers.address}/odd:1") as image:
        time.sleep(1)
        read(image.layers[0])
    assert len(tokens.issued) == 1


def test_a_token_that_ends_before_it_should_is_renewed(bearers: Registry, tokens: TokenServer) -> None:
    tokens.lives = 1
    with watching(bearers.address) as web, opened(f"{web.address}/odd:1") as image:
        time.sleep(2.1)
        read(image.layers[0])
    assert [ask.status for ask in web.seen] == [401, 200, 200, 401, 200]
    assert len(tokens.issued) == 2


def test_a_token_that_ends_in_the_middle_of_a_layer(bearers: Registry, tokens: TokenServer) -> None:
    tokens.lives = 1

    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and reply.status == 200 and len(reply.body) > 1 << 20:
            reply.cut, reply.stall = 2 << 20, 2.1

    with faulty(bearers.address, fault) as web:
        assert len(read_all(opened(f"{web.address}/big:1"))) == 1
        assert [ask.status for ask in web.asked("/blobs/")] == [200, 200, 401, 206]


def test_threads_fetch_one_token_together(bearers: Registry, tokens: TokenServer) -> None:
    tokens.lives = 1
    with opened(f"{bearers.address}/tour:1") as image, ThreadPoolExecutor(8) as pool:
        time.sleep(2.1)
        tokens.lives = 300

        def length(number: int) -> int:
            opener = image.layers[number].open
            assert opener is not None
            with opener() as chunks:
                return sum(len(chunk) for chunk in chunks)

        assert list(pool.map(length, range(12))) == [layer.size for layer in image.layers]
    assert len(tokens.issued) == 2


@pytest.mark.parametrize(
    ("broken", "kind", "words"),
    [
        (Reply(200, body=b"{}"), NotAuthorised, "gave no token"),
        (Reply(200, body=b'{"token": "a\\r\\nX-Evil: 1"}'), NotAuthorised, "gave no token"),
        (Reply(200, body=b"<html>"), SourceUnreachable, "gave no token"),
        (Reply(200, body=b" " * (2 << 20)), SourceUnreachable, "more than 1048576 bytes"),
        (Reply(200, body=b'{"token": "abc"}', cut=5), SourceUnreachable, "did not send all"),
        (Reply(400, body=b"no"), NotAuthorised, "it answered 400"),
        (Reply(403, body=b'{"errors":[{"code":"DENIED"}]}'), NotAuthorised, "403 DENIED"),
        (Reply(503), SourceUnreachable, "503"),
        (Reply(302, {"Location": "http://127.0.0.1:1/token"}), SourceUnreachable, "to 127.0.0.1:1, which is not asked"),
        (Reply(200, body=b'{"token": "abc"}'), NotAuthorised, "401"),
    ],
)
def test_a_broken_token_server(
    bearers: Registry, tokens: TokenServer, broken: Reply, kind: type[NotAuthorised], words: str
) -> None:
    tokens.broken = broken
    with refused(kind, words):
        opened(f"{bearers.address}/tour:1", settings=options(LOGIN))


def test_a_token_server_that_sends_us_on_is_not_followed(bearers: Registry, tokens: TokenServer) -> None:
    with Web(lambda _: Reply(200, body=b'{"token": "abc"}')) as elsewhere:
        tokens.broken = Reply(307, {"Location": f"{elsewhere.url}/token"})
        with refused(SourceUnreachable, f"redirects to {elsewhere.address}"):
            opened(f"{bearers.address}/tour:1", settings=options(LOGIN))
    assert not elsewhere.seen


def test_a_token_server_may_move_within_itself(bearers: Registry, tokens: TokenServer) -> None:
    def answer(ask: Ask) -> Reply:
        return tokens.answer(ask) if "moved" in ask.path else Reply(307, {"Location": f"{ask.path}&moved"})

    with Web(answer) as moved:

        def fault(_: Ask, reply: Reply) -> None:
            if reply.status == 401:
                challenge = f'Bearer realm="{moved.url}/token?x=1",service="registry.test",scope="repository:tour:pull"'
                reply.headers = {"www-authenticate": challenge}

        tokens.public = False
        with faulty(bearers.address, fault) as web:
            read_all(opened(f"{web.address}/tour:1", settings=options(LOGIN)))
    assert len(moved.seen) == 2


@pytest.mark.parametrize(
    "realm",
    [
        "http://10.1.2.3/token",
        "http://169.254.169.254/token",
        "http://[fd00::1]/",
        "http://[::ffff:10.0.0.1]/",
        "ftp://x/",
    ],
)
def test_a_realm_in_a_private_network_is_not_asked(realm: str) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'}
    started = time.monotonic()
    with Web(lambda _: Reply(401, challenge)) as web, refused(Withheld, "will not ask"):
        opened(f"{web.address}/x", settings=options(LOGIN))
    assert time.monotonic() - started < 2
    assert not any(ask.authorization for ask in web.seen)


def test_bearer_is_chosen_before_basic(tokens: TokenServer, token_web: Web) -> None:
    challenges = f'Negotiate, Basic realm="x", Bearer realm="{token_web.url}/token",service="s"'
    with Web(lambda _: Reply(401, {"WWW-Authenticate": challenges})) as web, refused(NotAuthorised, "401"):
        opened(f"{web.address}/x", settings=options(LOGIN))
    asked = web.asked("/manifests/")
    assert [ask.authorization.partition(" ")[0] for ask in asked] == ["", "Bearer"]


@pytest.mark.parametrize("header", ["", "Negotiate", 'Digest realm="x"', "=,=,="])
def test_a_401_without_a_challenge_we_know(header: str) -> None:
    with Web(lambda _: Reply(401, {"WWW-Authenticate": header})) as web, refused(NotAuthorised, "401"):
        opened(f"{web.address}/x", settings=options(LOGIN))
    assert len(web.asked("/manifests/")) == 1
    assert not any(ask.authorization for ask in web.seen)


def test_a_403_says_what_the_registry_said_on_one_line() -> None:
    message = f"no\x1b[31m access\nfor you {CANARY}"
    body = json.dumps({"errors": [{"code": "DENIED", "message": message}]}).encode()
    with (
        Web(lambda _: Reply(403, body=body)) as web,
        refused(NotAuthorised, "403 DENIED: no [31m access for you [secret]"),
    ):
        opened(f"{web.address}/x", settings=options(LOGIN))


def test_a_netrc_file_plays_no_part(
    anyone: Registry, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {CANARY}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(netrc.parent))
    with faulty(anyone.address, lambda _, __: None) as web:
        read_all(opened(f"{web.address}/odd:1"))
    assert not any(ask.authorization for ask in web.seen)
