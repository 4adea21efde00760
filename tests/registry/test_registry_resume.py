"""Layers whose bytes come in pieces."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from layerscope.errors import DamagedLayer, SourceUnreachable

from .pulling import opened, options, read, read_all, read_first, refused
from .web import Ask, Reply, Web, faulty

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.registry import Registry

MIB = 1 << 20
BIG = 5 * MIB


def is_big(reply: Reply) -> bool:
    return len(reply.body) > MIB


@pytest.mark.parametrize("share", [0.0, 0.001, 0.25, 0.5, 0.999])
@pytest.mark.parametrize("reset", [False, True])
def test_every_blob_cut_once(anyone: Registry, share: float, reset: bool) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and ask.nth == 1:
            reply.cut, reply.reset = int(len(reply.body) * share), reset

    with faulty(anyone.address, fault) as web:
        for name, layers in (("tour", 12), ("odd", 5), ("big", 1)):
            assert len(read_all(opened(f"{web.address}/{name}:1"))) == layers


@pytest.mark.parametrize("offset", [1, 511, 512, 65_535, 65_536, 262_143, 262_144, 262_145, MIB, BIG - 1])
def test_a_cut_at_any_byte_is_mended_from_that_byte(anyone: Registry, offset: int) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and is_big(reply) and ask.nth == 1:
            reply.cut = offset

    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1"))
        assert web.seen[-1].headers["range"] == f"bytes={offset}-"
        assert web.seen[-1].status == 206


def test_many_cuts_are_fine_while_it_gets_on(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if "range" in ask.headers or is_big(reply):
            reply.cut = 300_000

    with faulty(anyone.address, fault) as web:
        settings = options(retries=4)  # a mebibyte is four pieces
        read_all(opened(f"{web.address}/big:1", settings=settings))
        assert len(web.asked("/blobs/")) == 1 + -(-BIG // 300_000)


def test_many_cuts_without_getting_on(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if "range" in ask.headers or is_big(reply):
            reply.cut = 1000

    with faulty(anyone.address, fault) as web, refused(SourceUnreachable, f"sent 4000 of {BIG} bytes", "was cut"):
        read_first(f"{web.address}/big:1")
    assert len(web.asked("/blobs/")) == 1 + 4


def test_every_error_on_the_way_shares_one_patience(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> Reply | None:
        if "range" in ask.headers:
            return Reply(503)
        reply.cut = 1000 if is_big(reply) else None
        return None

    with faulty(anyone.address, fault) as web, refused(SourceUnreachable, "503"):
        read_first(f"{web.address}/big:1")
    assert len(web.asked("/blobs/")) == 1 + 4


def test_a_registry_that_ignores_ranges(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and is_big(reply) and ask.nth == 1:
            reply.cut = 3 * MIB + 17

    with ignoring_ranges(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1"))
        assert [ask.status for ask in web.asked("/blobs/")] == [200, 200, 200]


def test_a_registry_that_ignores_ranges_and_never_gets_to_the_end(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_blob and is_big(reply):
            reply.cut = 2 * MIB

    with ignoring_ranges(anyone.address, fault) as web, refused(SourceUnreachable, f"sent {2 * MIB} of {BIG}"):
        read_first(f"{web.address}/big:1")
    assert len(web.asked("/blobs/")) == 1 + 4


@pytest.mark.parametrize(
    "content_range",
    [
        "bytes 0-5242879/5242880",
        "bytes 2097153-5242879/5242880",
        "bytes 2097152-5242878/5242880",
        "bytes 2097152-5242879/5242881",
        "bytes=2097152-5242879/5242880",
        "bytes */5242880",
        "bytes -2097152-5242879/5242880",
        "",
        "rows 2097152-5242879/5242880",
    ],
)
def test_a_wrong_content_range(anyone: Registry, content_range: str) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if "range" in ask.headers:
            reply.headers["Content-Range"] = content_range
        elif is_big(reply):
            reply.cut = 2 * MIB

    with (
        faulty(anyone.address, fault) as web,
        refused(DamagedLayer, "bytes 2097152-5242879/5242880 were asked for", hint="ranges"),
    ):
        read_first(f"{web.address}/big:1")
    assert len(web.asked("/blobs/")) == 3


def test_a_content_range_without_a_total(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if "range" in ask.headers:
            reply.headers["Content-Range"] = re.sub(r"/\d+$", "/*", reply.headers["Content-Range"])
        elif is_big(reply):
            reply.cut = MIB

    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1"))


def test_bytes_of_another_range_do_not_pass_for_the_blob(anyone: Registry) -> None:
    """The head lies and the body is of the right length: the reader's digest tells."""

    def fault(ask: Ask, reply: Reply) -> None:
        if "range" in ask.headers:
            reply.body = reply.body[::-1]
        elif is_big(reply):
            reply.cut = MIB

    with faulty(anyone.address, fault) as web, opened(f"{web.address}/big:1") as image, pytest.raises(AssertionError):
        read(image.layers[0])


def test_a_part_nobody_asked_for(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if is_big(reply):
            reply.status = 206

    with faulty(anyone.address, fault) as web, refused(DamagedLayer, "says 206"):
        read_first(f"{web.address}/big:1")


def test_a_range_past_the_end(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> Reply | None:
        if "range" in ask.headers:
            return Reply(416)
        reply.cut = MIB if is_big(reply) else None
        return None

    with faulty(anyone.address, fault) as web, refused(DamagedLayer, "says 416"):
        read_first(f"{web.address}/big:1")


def test_a_blob_that_vanishes_halfway_is_not_a_missing_one(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> Reply | None:
        if "range" in ask.headers:
            return Reply(404)
        reply.cut = MIB if is_big(reply) else None
        return None

    with faulty(anyone.address, fault) as web, refused(SourceUnreachable, "vanished"):
        read_first(f"{web.address}/big:1")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_content_encoding(anyone: Registry, encoding: str) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if is_big(reply):
            reply.headers["Content-Encoding"] = encoding

    with faulty(anyone.address, fault) as web, refused(DamagedLayer, f"Content-Encoding '{encoding}'", hint="proxy"):
        read_first(f"{web.address}/big:1")


def test_the_identity_encoding_is_none(anyone: Registry) -> None:
    def fault(_: Ask, reply: Reply) -> None:
        reply.headers["Content-Encoding"] = "identity"

    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1"))


@pytest.mark.parametrize("length", [BIG - 1, BIG + 1, 0])
def test_a_wrong_content_length(anyone: Registry, length: int) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if is_big(reply):
            reply.length = length

    with faulty(anyone.address, fault) as web, refused(DamagedLayer, f"{length}"):
        read_first(f"{web.address}/big:1")


def test_no_content_length(anyone: Registry) -> None:
    def fault(_: Ask, reply: Reply) -> None:
        reply.chunked = True

    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1"))


def test_no_content_length_and_a_cut(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        reply.chunked = True
        reply.cut = 2 * MIB + 3 if is_big(reply) and ask.nth == 1 else None

    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1"))
        assert web.seen[-1].headers["range"] == f"bytes={2 * MIB + 3}-"


def test_no_content_length_and_no_end(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        reply.chunked = True
        reply.body += b"x" * MIB if is_big(reply) else b""

    with faulty(anyone.address, fault) as web, refused(DamagedLayer, f"longer than the {BIG} bytes"):
        read_first(f"{web.address}/big:1")


def test_a_body_that_ends_but_not_its_connection(anyone: Registry) -> None:
    """All bytes are there; that the chunked body never ends must not matter for long."""

    def fault(ask: Ask, reply: Reply) -> None:
        if is_big(reply):
            reply.chunked, reply.cut, reply.stall = True, BIG, 30

    started = time.monotonic()
    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/big:1", settings=options(timeout=0.3)))
    assert time.monotonic() - started < 5


def ignoring_ranges(address: str, fault: Callable[[Ask, Reply], None]) -> Web:
    """A proxy that answers a Range with everything."""
    web = faulty(address, fault)
    inner = web.answer

    def answer(ask: Ask) -> Reply:
        kept = {name: value for name, value in ask.headers.items() if name != "range"}
        return inner(Ask(ask.method, ask.path, kept, ask.nth))

    web.answer = answer
    return web
