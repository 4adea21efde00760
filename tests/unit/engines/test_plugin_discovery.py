"""Plugins that announce themselves, and what they say when they are asked."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from layerscope.engines.pluginanswer import ask, ask_all
from layerscope.engines.plugindiscovery import AnnouncedPlugin, announced

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def short() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ls-") as directory:
        yield Path(directory)


def listening(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    return server


def test_sockets_before_files_flat_or_in_a_directory_the_first_one_counts(short: Path) -> None:
    sockets, specs = short / "run", short / "etc"
    (sockets / "nested").mkdir(parents=True)
    (specs / "deep").mkdir(parents=True)
    with listening(sockets / "flat.sock"), listening(sockets / "nested" / "nested.sock"):
        (sockets / "plain.sock").write_text("no socket")
        (specs / "flat.spec").write_text("tcp://127.0.0.1:1")
        (specs / "text.spec").write_text(" tcp://127.0.0.1:2\n")
        (specs / "deep" / "deep.spec").write_text("unix:///x.sock")
        (specs / "full.json").write_text(
            json.dumps({"Name": "named", "Addr": "https://h:3", "TLSConfig": {"CertFile": "c", "KeyFile": "k"}})
        )
        (specs / "bad.json").write_text("{")
        (specs / "empty.spec").write_text("")
        found = {plugin.name: plugin for plugin in announced(sockets, [specs, short / "nowhere"])}
    assert sorted(found) == ["bad", "deep", "empty", "flat", "named", "nested", "text"]
    assert found["flat"].address == f"unix://{sockets}/flat.sock"
    assert found["nested"].address == f"unix://{sockets}/nested/nested.sock"
    assert found["text"].address == "tcp://127.0.0.1:2"
    assert found["named"].tls is not None
    assert found["named"].tls.insecure  # no CA file: the engine would not verify it
    for name in ("bad", "empty"):
        assert "cannot be used" in found[name].error
        assert "cannot be used" in ask(found[name]).error


def answering(server: socket.socket, *answers: bytes) -> None:
    """Gives each connection one of the answers, the last one to all that follow."""

    def serve() -> None:
        for number in range(8):
            try:
                connection, _ = server.accept()
                with connection:
                    asked = b""
                    while not asked.endswith(b"{}"):
                        asked += connection.recv(65536)
                    connection.sendall(answers[min(number, len(answers) - 1)])
            except OSError:  # closed, or the other side has heard enough
                return

    threading.Thread(target=serve, daemon=True).start()


def reply(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


BAD = [
    (reply(b"garbage"), "makes no sense"),
    (reply(b"[]"), "makes no sense"),
    (reply(b"{}"), "says nothing of what it implements"),
    (reply(b'{"Err": "no way"}'), "no way"),
    (reply(b"", "500 Oops"), "status 500"),
    (b"\x00\x01not http\r\n\r\n", "no answer"),
    (b"", "no answer"),
    (reply(b'{"x":"' + b"y" * (2 << 20) + b'"}'), "more than 1048576 bytes"),
]


@pytest.mark.parametrize(("answer", "said"), BAD)
def test_an_answer_that_is_none_is_put_into_words(short: Path, answer: bytes, said: str) -> None:
    with listening(short / "p.sock") as server:
        answering(server, answer)
        assert said in ask(AnnouncedPlugin("p", short / "p.sock", f"unix://{short}/p.sock"), 5).error


def test_a_plugin_says_what_it_does_and_how_far_it_reaches(short: Path) -> None:
    with listening(short / "p.sock") as server:
        answering(server, reply(b'{"Implements": ["VolumeDriver"]}'), reply(b'{"Capabilities": {"Scope": "global"}}'))
        found = ask(AnnouncedPlugin("p", short / "p.sock", f"unix://{short}/p.sock"), 5)
    assert (found.implements, found.scope, found.error) == (("VolumeDriver",), "global", "")


def test_silence_dripping_and_death_are_all_bounded_and_hide_nobody(short: Path) -> None:
    names = ("silent", "dripping", "good")
    servers = {name: listening(short / f"{name}.sock") for name in names}
    listening(short / "dead.sock").close()

    def drip() -> None:
        connection, _ = servers["dripping"].accept()
        with connection:
            stop.wait(0.05)
            while not stop.is_set():
                try:
                    connection.sendall(b"H")
                except OSError:
                    return
                stop.wait(0.05)

    stop = threading.Event()
    threading.Thread(target=drip, daemon=True).start()
    answering(servers["good"], reply(b'{"Implements": ["VolumeDriver"]}'), reply(b"{}"))
    plugins = [
        AnnouncedPlugin(name, short / f"{name}.sock", f"unix://{short}/{name}.sock")
        for name in (*names, "dead", "missing")
    ]
    try:
        found = ask_all(plugins, 0.5)
    finally:
        stop.set()
        for server in servers.values():
            server.close()
    assert found["good"].scope == "local"
    assert found["good"].error == ""
    assert "no answer within" in found["silent"].error
    assert "no answer within" in found["dripping"].error
    assert "connection refused" in found["dead"].error
    assert "gone" in found["missing"].error
