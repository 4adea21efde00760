"""Registries that keep their blobs elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from layerscope.errors import DamagedLayer, LayerscopeError, NotAuthorised, NotFound, SourceUnreachable

from .pulling import LOGIN, SIGNATURE, opened, options, read_all, read_first, refused
from .web import Ask, Reply, Web, faulty, forward

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from live.registry import Registry

    from .tokens import TokenServer


@contextlib.contextmanager
def stored_elsewhere(
    registry: Registry, storage_fault: Callable[[Ask, Reply], Reply | None] = lambda _, __: None
) -> Iterator[tuple[Web, Web]]:
    """A registry that redirects blobs to a storage on another port by links with a signature, and that storage."""
    fetch = forward(registry.address)
    kept: dict[str, bytes] = {}

    def serve(ask: Ask) -> Reply:
        body = kept[ask.path.partition("?")[0].rpartition("/")[2]]
        reply = Reply(200, {}, body)
        if "range" in ask.headers:
            start = int(ask.headers["range"].removeprefix("bytes=").removesuffix("-"))
            reply = Reply(206, {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}, body[start:])
        return storage_fault(ask, reply) or reply

    def redirect(ask: Ask) -> Reply:
        if not ask.is_blob:
            return fetch(ask)
        plain = Ask(ask.method, ask.path, {name: text for name, text in ask.headers.items() if name != "range"}, 0)
        reply = fetch(plain)
        if reply.status != 200:
            return reply
        name = ask.path.rpartition("/")[2]
        kept[name] = reply.body
        link = f"{storage.url}/bucket/{name}?X-Amz-Signature={SIGNATURE}&n={ask.nth}"
        return Reply(307, {"Location": link}, b"<a>Temporary Redirect</a>")

    with Web(serve) as storage, Web(redirect) as front:
        yield front, storage


@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_credentials_stay_with_the_registry(
    members: Registry, bearers: Registry, tokens: TokenServer, kind: str
) -> None:
    registry = members if kind == "basic" else bearers
    with stored_elsewhere(registry) as (front, storage):
        assert len(read_all(opened(f"{front.address}/tour:1", settings=options(LOGIN)))) == 12
    assert len(storage.seen) == 13
    assert all(
        ask.headers.keys() <= {"host", "user-agent", "accept", "accept-encoding", "connection"} for ask in storage.seen
    )
    assert all(ask.authorization for ask in front.asked("/blobs/"))


def test_a_cut_goes_back_to_the_registry_for_a_fresh_link(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if len(reply.body) > 1 << 20 and ask.nth == 1:
            reply.cut = 2 << 20

    with stored_elsewhere(anyone, fault) as (front, storage):
        read_all(opened(f"{front.address}/big:1"))
    assert [ask.query["n"] for ask in storage.seen][1:] == [["1"], ["2"]]
    assert storage.seen[-1].headers["range"] == "bytes=2097152-"


@pytest.mark.parametrize("status", [400, 401, 403, 410])
def test_an_expired_link_is_asked_for_anew(anyone: Registry, status: int) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        return Reply(status, body=b"<Error><Code>AccessDenied</Code></Error>") if ask.nth == 1 else None

    with stored_elsewhere(anyone, fault) as (front, storage):
        read_all(opened(f"{front.address}/odd:1"))
    assert {ask.query["n"][0]: ask.status for ask in storage.seen} == {"1": status, "2": 200}


def test_a_storage_that_always_refuses(anyone: Registry) -> None:
    with (
        stored_elsewhere(anyone, lambda _, __: Reply(403)) as (front, storage),
        refused(NotAuthorised, storage.address, "403"),
    ):
        opened(f"{front.address}/odd:1")
    assert len(storage.seen) == 4


def test_a_storage_that_wants_a_password_gets_none(members: Registry) -> None:
    challenge = {"WWW-Authenticate": 'Basic realm="give it to me"'}
    with (
        stored_elsewhere(members, lambda _, __: Reply(401, challenge)) as (front, storage),
        refused(NotAuthorised, storage.address, "401"),
    ):
        opened(f"{front.address}/odd:1", settings=options(LOGIN))
    assert not any(ask.authorization for ask in storage.seen)


def test_a_storage_without_the_blob(anyone: Registry) -> None:
    with stored_elsewhere(anyone, lambda _, __: Reply(404)) as (front, storage), refused(NotFound, storage.address):
        opened(f"{front.address}/odd:1")


@pytest.mark.parametrize("status", [500, 503])
def test_a_storage_that_stumbles(anyone: Registry, status: int) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        return Reply(status) if ask.nth == 1 else None

    with stored_elsewhere(anyone, fault) as (front, _):
        read_all(opened(f"{front.address}/odd:1"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect(anyone: Registry, status: int) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        if "moved" in ask.path:
            return None
        return Reply(status, {"Location": f"{ask.path}?moved"})  # relative: the same registry

    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/odd:1"))


def test_credentials_follow_within_the_registry(members: Registry) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        return None if "moved" in ask.path else Reply(307, {"Location": f"{ask.path}?moved"})

    with faulty(members.address, fault) as web:
        read_all(opened(f"{web.address}/odd:1", settings=options(LOGIN)))


def test_credentials_do_not_come_back_by_way_of_another_host(members: Registry) -> None:
    with Web(lambda ask: Reply(307, {"Location": f"{front.url}{ask.path}?back"})) as elsewhere:

        def fault(ask: Ask, _: Reply) -> Reply | None:
            if ask.is_blob and "back" not in ask.path:
                return Reply(307, {"Location": f"{elsewhere.url}{ask.path}"})
            return None

        with faulty(members.address, fault) as front, pytest.raises(LayerscopeError):
            opened(f"{front.address}/odd:1", settings=options(LOGIN))
        assert not any(ask.authorization for ask in [*elsewhere.seen, *front.asked("back")])
        assert front.asked("back")


def test_a_redirect_loop() -> None:
    with (
        Web(lambda ask: Reply(307, {"Location": ask.path})) as web,
        refused(SourceUnreachable, "more than 5 times", hint="misconfigured"),
    ):
        opened(f"{web.address}/x")
    assert len(web.seen) == 6


@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("ftp://files.example/x", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("http://user:word@host.example/", "user name"),
        ("http://host.example\\@evil.example/", "characters"),
        ("http://%31%32%37.0.0.1/", "no host"),
        ("https://", "no host"),
        ("http://host.example:99999/", "not be followed"),
    ],
)
def test_a_redirect_to_nowhere_good(location: str, word: str) -> None:
    with Web(lambda _: Reply(302, {"Location": location})) as web, refused(SourceUnreachable, word):
        opened(f"{web.address}/x")
    assert len(web.seen) == 1


def test_a_redirect_without_a_place() -> None:
    with Web(lambda _: Reply(302)) as web, refused(SourceUnreachable, "302"):
        opened(f"{web.address}/x")


def test_the_body_of_a_redirect_is_not_read_to_its_end() -> None:
    def answer(ask: Ask) -> Reply:
        return Reply(302, {"Location": "/again"}, b"x" * (64 << 20)) if ask.path != "/again" else Reply(404)

    with Web(answer) as web, refused(NotFound, "404"):
        opened(f"{web.address}/x")


def test_a_storage_that_encodes(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if len(reply.body) > 1 << 20:
            reply.headers["Content-Encoding"] = "gzip"

    with stored_elsewhere(anyone, fault) as (front, _), refused(DamagedLayer, "Content-Encoding"):
        read_first(f"{front.address}/big:1")
