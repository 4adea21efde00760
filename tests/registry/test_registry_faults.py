"""What goes wrong and passes: tried again within bounds. What does not pass: said at once."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from live.server import free_port

from layerscope.errors import DamagedLayer, InvalidImage, NotFound, SourceUnreachable

from .pulling import LOGIN, opened, options, read, read_all, read_first, refused
from .web import Ask, Reply, Web, faulty, forward

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.registry import Registry


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_status_on_every_request(anyone: Registry, status: int) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        return Reply(status, body=b"later") if ask.nth == 1 else None

    with faulty(anyone.address, fault) as web:
        assert len(read_all(opened(f"{web.address}/tour:1"))) == 12
        assert len(web.seen) == 2 * 14


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_status_that_does_not_pass(status: int) -> None:
    with Web(lambda _: Reply(status)) as web, refused(SourceUnreachable, f"{status}", web.address):
        opened(f"{web.address}/x")
    assert len(web.seen) == 4


@pytest.mark.parametrize("status", [400, 405, 204, 304, 418, 501])
def test_other_answers_are_final(status: int) -> None:
    with Web(lambda _: Reply(status)) as web, refused(SourceUnreachable, f"{status}"):
        opened(f"{web.address}/x")
    assert len(web.seen) == 1


def test_rate_limited_for_good() -> None:
    body = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit"}]}'
    with (
        Web(lambda _: Reply(429, {"Retry-After": "3600"}, body)) as web,
        refused(SourceUnreachable, "too many requests as anonymous", "pull rate limit", hint="log in"),
    ):
        opened(f"{web.address}/x")


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_heeded(anyone: Registry, form: str) -> None:
    times: list[float] = []

    def fault(ask: Ask, _: Reply) -> Reply | None:
        times.append(time.monotonic())
        after = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
        return Reply(429, {"Retry-After": after}) if len(times) == 1 else None

    with faulty(anyone.address, fault) as web, opened(f"{web.address}/odd:1", settings=options(max_wait=10)):
        assert 0.9 <= times[1] - times[0] <= 3


def test_retry_after_has_a_cap(anyone: Registry) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        return Reply(503, {"Retry-After": "86400"}) if ask.nth == 1 else None

    started = time.monotonic()
    with faulty(anyone.address, fault) as web, opened(f"{web.address}/odd:1"):
        pass
    assert time.monotonic() - started < 3


def test_nobody_listens() -> None:
    address = f"127.0.0.1:{free_port()}"
    started = time.monotonic()
    with refused(SourceUnreachable, f"{address} refused the connection", hint="port"):
        opened(f"{address}/x")
    assert time.monotonic() - started < 2


def test_a_registry_that_is_just_starting(anyone: Registry) -> None:
    port = free_port()
    late = []

    def start() -> None:
        web = Web(forward(anyone.address), port=port)
        late.append(web.__enter__())

    timer = threading.Timer(0.1, start)
    timer.start()
    try:
        read_all(opened(f"127.0.0.1:{port}/odd:1", settings=options(backoff=0.3, max_wait=1)))
    finally:
        timer.join()
        for web in late:
            web.__exit__()


def test_no_such_host() -> None:
    with refused(SourceUnreachable, "registry.invalid", hint="name"):
        opened("registry.invalid/x", settings=options(retries=1))


def test_connections_reset_before_the_answer(anyone: Registry) -> None:
    with hanging_up(times=2, before=anyone.address) as address:
        read_all(opened(f"{address}/odd:1"))


def test_a_port_that_only_hangs_up() -> None:
    with hanging_up(times=1000, before="") as address, refused(SourceUnreachable, "closed the connection without"):
        opened(f"{address}/x")


def test_a_stall_before_the_answer(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.nth == 1 and ask.is_manifest:
            reply.stall = 30

    started = time.monotonic()
    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/odd:1", settings=options(timeout=0.3)))
    assert time.monotonic() - started < 5


def test_a_stall_for_ever() -> None:
    started = time.monotonic()
    with (
        Web(lambda _: Reply(stall=30)) as web,
        refused(SourceUnreachable, "did not answer within 0.2 s", hint="--timeout"),
    ):
        opened(f"{web.address}/x", settings=options(timeout=0.2))
    assert time.monotonic() - started < 5
    assert len(web.seen) == 3  # a host that never answered gets two new attempts


def test_a_stall_in_connecting() -> None:
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):  # fill the queue: further connections get no answer at all
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        started = time.monotonic()
        with refused(SourceUnreachable, "did not answer within 0.2 s"):
            opened(f"127.0.0.1:{address[1]}/x", settings=options(timeout=0.2))
        assert time.monotonic() - started < 5


def test_a_stall_within_a_layer(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and ask.nth == 1 and len(reply.body) > 1 << 20:
            reply.cut, reply.stall = 2 << 20, 30

    started = time.monotonic()
    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1", settings=options(timeout=0.3)))
        assert [ask.headers.get("range", "") for ask in web.asked("/blobs/")][1:] == ["", "bytes=2097152-"]
    assert time.monotonic() - started < 5


def test_a_drip_is_a_standstill(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and len(reply.body) > 1 << 20:
            reply.drip = 0.02

    started = time.monotonic()
    with faulty(anyone.address, fault) as web, refused(SourceUnreachable, "of 5242880 bytes", "bytes arrived in 0.2 s"):
        read_first(f"{web.address}/big:1", settings=options(timeout=0.2))
    assert time.monotonic() - started < 5


def test_an_error_body_that_drips_is_not_waited_for() -> None:
    started = time.monotonic()
    with Web(lambda _: Reply(404, body=b"x" * 5000, drip=0.01)) as web, refused(NotFound, "404"):
        opened(f"{web.address}/x", settings=options(timeout=0.2))
    assert time.monotonic() - started < 2


def test_no_http_at_all() -> None:
    with garbage(b"SSH-2.0-OpenSSH_9.2\r\n") as address, refused(SourceUnreachable, "HTTP", hint="registry"):
        opened(f"{address}/x")


def test_a_manifest_cut_short(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.nth == 1:
            reply.cut = len(reply.body) // 2

    with faulty(anyone.address, fault) as web, opened(f"{web.address}/platforms:1") as image:
        assert len(web.seen) == 6
        assert image.index_digest is not None


def test_a_manifest_always_cut_short(anyone: Registry) -> None:
    def fault(_: Ask, reply: Reply) -> None:
        reply.cut = 10

    with faulty(anyone.address, fault) as web, refused(SourceUnreachable, "did not send all of"):
        opened(f"{web.address}/odd:1")
    assert len(web.seen) == 4


def test_a_manifest_in_a_content_encoding(anyone: Registry) -> None:
    def fault(_: Ask, reply: Reply) -> None:
        reply.headers["Content-Encoding"] = "gzip"

    with faulty(anyone.address, fault) as web, refused(InvalidImage, "Content-Encoding 'gzip'", hint="proxy"):
        opened(f"{web.address}/odd:1")
    assert {ask.headers["accept-encoding"] for ask in web.seen} == {"identity"}


def test_closing_the_image_ends_a_wait(anyone: Registry) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        return Reply(503, {"Retry-After": "50"}) if ask.is_blob and len(web.asked("/blobs/")) > 1 else None

    with faulty(anyone.address, fault) as web:
        image = opened(f"{web.address}/big:1", settings=options(max_wait=60))
        threading.Timer(0.3, image.close).start()
        started = time.monotonic()
        with refused(SourceUnreachable, "closed while it was being read"):
            read(image.layers[0])
        assert time.monotonic() - started < 5


def test_a_closed_image_opens_no_layer(anyone: Registry) -> None:
    with opened(f"{anyone.address}/odd:1") as image:
        pass
    with refused(SourceUnreachable, "closed"):
        read(image.layers[0])


def test_closing_the_image_ends_a_read(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and len(reply.body) > 1 << 20:
            reply.cut, reply.stall = 1 << 20, 50

    with faulty(anyone.address, fault) as web:
        image = opened(f"{web.address}/big:1", settings=options(timeout=30))
        threading.Timer(0.3, image.close).start()
        started = time.monotonic()
        with refused(SourceUnreachable, "closed while it was being read"):
            read(image.layers[0])
        assert time.monotonic() - started < 5


def test_no_retries_when_none_are_wanted() -> None:
    with Web(lambda _: Reply(503)) as web, refused(SourceUnreachable, "503"):
        opened(f"{web.address}/x", settings=options(LOGIN, retries=0))
    assert len(web.seen) == 1


def test_a_blob_of_another_length_than_promised(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and len(reply.body) > 1 << 20:
            reply.body += b"more"

    with faulty(anyone.address, fault) as web, refused(DamagedLayer, "'5242884' bytes follow, expected were 5242880"):
        read_first(f"{web.address}/big:1")
    assert len(web.asked("/blobs/")) == 2


@contextlib.contextmanager
def hanging_up(times: int, before: str) -> Iterator[str]:
    """An address that resets that many connections, then leads to another."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"

        def serve() -> None:
            for _ in range(times):
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    connection.recv(100)
                    connection.close()
            with contextlib.suppress(OSError):
                while before:
                    client, _ = listener.accept()
                    host, _, port = before.partition(":")
                    server = socket.create_connection((host, int(port)))
                    for one, other in ((client, server), (server, client)):
                        threading.Thread(target=pump, args=(one, other), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield address
        listener.shutdown(socket.SHUT_RDWR)


def pump(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.close()


@contextlib.contextmanager
def garbage(data: bytes) -> Iterator[str]:
    """An address that says something else than HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(1000)
                        connection.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
