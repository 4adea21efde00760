"""What the command ends with, and says, when TLS or a login is not right: 3 and 4, and 2 for a file that is no use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from live.product import Product

from .authority import Authority
from .pulling import CANARY, USER
from .serve import serve
from .web import Reply, Web

if TYPE_CHECKING:
    from pathlib import Path

    from live.registry import Registry

BEARER = 'Bearer realm="{}",service="x"'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def ends(home: Path, *arguments: str) -> tuple[int, str]:
    """The exit code, and all that was said: never a traceback."""
    done = Product(home).run("history", *arguments, "--retries", "0", "--timeout", "5")
    said = done.stderr.decode()
    assert "Traceback" not in said
    assert said.count("\n") <= 3
    assert not done.stdout or done.returncode == 0
    return done.returncode, said


def logged_in(home: Path, host: str) -> None:
    (home / ".docker").mkdir()
    entry = {"username": USER, "password": CANARY}
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {host: entry}}))


def test_a_real_registry_over_mutual_tls_with_a_password(
    tmp_path: Path, anyone: Registry, authority: Authority
) -> None:
    """Everything at once, as a user would type it: an authority, our certificate, a login."""
    server, client = authority.sign("server", "localhost"), authority.sign("client", client=True)
    flags = ["--ca-cert", str(authority.certificate), "--client-cert", str(client.certificate)]
    storage = anyone.log.parent / "storage"
    with serve(tmp_path, storage, tls=server, clients=authority.certificate, password="") as served:
        name = f"registry:localhost:{served.port}/tour:1"
        assert ends(tmp_path, name, *flags, "--client-key", str(client.key))[0] == 4
        logged_in(tmp_path, f"localhost:{served.port}")
        assert ends(tmp_path, name, *flags, "--client-key", str(client.key))[0] == 0
        assert ends(tmp_path, name, *flags, "--client-key", str(client.key), "--anonymous")[0] == 4
        code, said = ends(tmp_path, name, *flags[:2])
        assert (code, "wants a client certificate" in said, "--client-cert" in said) == (3, True, True)
        code, said = ends(tmp_path, name, *flags, "--client-key", str(server.key))
        assert (code, "does not belong to the client certificate" in said) == (2, True)
        code, said = ends(tmp_path, name, "--tls", "localhost")
        assert (code, "is not trusted" in said, "subject CN=server" in said) == (3, True, True)


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (Reply(200, body=b"<html>"), 3, "gave no token"),
        (Reply(200, body=b"{}"), 4, "gave no token"),
        (Reply(200, body=b"\x00\xff" * 600), 3, "gave no token"),
        (Reply(200, body=b" " * (50 << 20)), 3, "more than 1048576 bytes"),
        (Reply(401), 4, "does not take this login for anything"),
        (Reply(302, {"Location": "https://elsewhere.example/token"}), 3, "which is not asked"),
    ],
    ids=["html", "empty", "binary", "50 MB", "401", "redirect"],
)
def test_token_servers(tmp_path: Path, reply: Reply, code: int, words: str) -> None:
    with Web(lambda _: reply) as realm:
        challenge = {"WWW-Authenticate": BEARER.format(f"{realm.url}/token")}
        with Web(lambda _: Reply(401, challenge)) as web:
            logged_in(tmp_path, web.address)
            found, said = ends(tmp_path, f"registry:{web.address}/x")
    assert (found, words in said, "hint:" in said) == (code, True, True), said


@pytest.mark.parametrize("realm", ["http://tokens.example/", "https://10.0.0.1/", "https://localhost/"])
def test_realms_of_a_registry_with_tls(tmp_path: Path, authority: Authority, realm: str) -> None:
    """One on loopback may name another on loopback, but nothing without TLS, and no private address."""
    server = authority.sign("server", "127.0.0.1")
    with Web(lambda _: Reply(401, {"WWW-Authenticate": BEARER.format(realm)}), server.serving()) as web:
        found, said = ends(tmp_path, f"registry:{web.address}/x", "--ca-cert", str(authority.certificate))
    if realm == "https://localhost/":
        assert (found, "will not ask" in said) == (3, False), said  # the same machine: nobody listens there
    else:
        assert (found, "will not ask" in said, "--allow-realm" in said) == (4, True, True), said
