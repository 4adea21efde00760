"""TLS: whom to trust, and never less of it than was asked for. Names under ``.test`` lead to loopback here."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from live.command import run
from live.need import need

from layerscope.errors import SourceUnreachable
from layerscope.sources.registry.exposure import Withheld

from .pulling import LOGIN, SIGNATURE, opened, options, read, read_all, refused
from .web import Ask, Reply, Web, faulty, forward, watching

if TYPE_CHECKING:
    from pathlib import Path

    from live.registry import Registry

NAME = "registry.test"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registries on loopback go without TLS, so here they need other names; and no proxy."""
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".test") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for NAME, and its key, which is its own authority."""
    directory = tmp_path_factory.mktemp("tls")
    run(need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
        "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", directory / "key", "-out", directory / "crt")  # fmt: skip
    return directory


@pytest.fixture
def trusted(authority: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server needs to be that name; and we trust it as a user would say it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "crt"))
    return serving(authority)


def serving(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "crt", authority / "key")
    return context


def port(web: Web) -> str:
    return web.address.rpartition(":")[2]


def test_a_registry_whose_authority_is_trusted(anyone: Registry, trusted: ssl.SSLContext) -> None:
    with Web(forward(anyone.address), trusted) as web:
        assert len(read_all(opened(f"{NAME}:{port(web)}/tour:1"))) == 12


def test_a_registry_whose_authority_is_not(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # requests would take its bundle from here; only the system's trust counts
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority / "crt"))
    with Web(lambda _: Reply(404), serving(authority)) as web:
        name = f"{NAME}:{port(web)}"
        with refused(SourceUnreachable, f"the certificate of {name} is not trusted", hint="SSL_CERT_FILE"):
            opened(f"{name}/x", settings=options(LOGIN))
    assert not web.seen


def test_a_certificate_for_another_name(trusted: ssl.SSLContext) -> None:
    with Web(lambda _: Reply(404), trusted) as web, refused(SourceUnreachable, "not trusted", "other.test"):
        opened(f"other.test:{port(web)}/x")
    assert not web.seen


def test_plain_http_where_tls_is_expected() -> None:
    with Web(lambda _: Reply(404)) as web:
        name = f"{NAME}:{port(web)}"
        with refused(SourceUnreachable, f"no TLS with {name}", hint=f"--plain-http {name}"):
            opened(f"{name}/x", settings=options(LOGIN))
    assert not web.seen


@pytest.mark.parametrize("with_port", [True, False])
def test_plain_http_where_it_is_allowed(anyone: Registry, with_port: bool) -> None:
    with faulty(anyone.address, lambda _, __: None) as web:
        name = f"{NAME}:{port(web)}"
        allowed = frozenset({name if with_port else NAME.upper()})
        read_all(opened(f"{name}/odd:1", settings=options(plain_http=allowed)))


def test_a_password_does_not_go_without_tls(members: Registry) -> None:
    with watching(members.address) as web:
        name = f"{NAME}:{port(web)}"
        settings = options(LOGIN, plain_http=frozenset({name}))
        with refused(Withheld, f"is not sent to {name}, which is spoken to without TLS", hint="--plain-http-login"):
            opened(f"{name}/odd:1", settings=settings)
        assert not any(ask.authorization for ask in web.seen)
        read_all(opened(f"{name}/odd:1", settings=replace(settings, plain_http_login=frozenset({NAME}))))
        assert any(ask.authorization for ask in web.seen)


def test_a_redirect_out_of_tls_is_not_followed(anyone: Registry, trusted: ssl.SSLContext) -> None:
    fetch = forward(anyone.address)
    with Web(lambda _: Reply(200)) as plain:

        def answer(ask: Ask) -> Reply:
            link = f"http://storage.test:{port(plain)}/x?sig={SIGNATURE}"
            return Reply(307, {"Location": link}) if ask.is_blob else fetch(ask)

        with Web(answer, trusted) as web, refused(SourceUnreachable, "redirects from https", hint="TLS"):
            opened(f"{NAME}:{port(web)}/odd:1")
    assert not plain.seen


@pytest.mark.parametrize(
    "realm",
    ["http://tokens.test/", "https://127.0.0.1/", "https://localhost/", "https://0x7f.1/", "https://2130706433/"],
)
def test_a_realm_that_tls_registries_may_not_name(trusted: ssl.SSLContext, realm: str) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}"'}
    with Web(lambda _: Reply(401, challenge), trusted) as web, refused(Withheld, "will not ask"):
        opened(f"{NAME}:{port(web)}/x", settings=options(LOGIN))


def test_a_layer_over_tls_is_resumed(anyone: Registry, trusted: ssl.SSLContext) -> None:
    fetch = forward(anyone.address)

    def answer(ask: Ask) -> Reply:
        reply = fetch(ask)
        reply.cut = 1_234_567 if len(reply.body) > 5_000_000 else None
        return reply

    with Web(answer, trusted) as web:
        read_all(opened(f"{NAME}:{port(web)}/big:1"))
        assert web.seen[-1].headers["range"] == "bytes=1234567-"


def test_closing_the_image_ends_a_read_over_tls(anyone: Registry, trusted: ssl.SSLContext) -> None:
    fetch = forward(anyone.address)

    def answer(ask: Ask) -> Reply:
        reply = fetch(ask)
        if len(reply.body) > 1 << 20:
            reply.cut, reply.stall = 1 << 20, 50
        return reply

    with Web(answer, trusted) as web:
        image = opened(f"{NAME}:{port(web)}/big:1", settings=options(timeout=30))
        threading.Timer(0.3, image.close).start()
        started = time.monotonic()
        with refused(SourceUnreachable, "closed while it was being read"):
            read(image.layers[0])
        assert time.monotonic() - started < 5


def test_a_token_server_of_another_name(trusted: ssl.SSLContext, anyone: Registry) -> None:
    """As auth.docker.io for docker.io: it gets the password, over TLS; the registry gets the token alone."""
    fetch = forward(anyone.address)

    def answer(ask: Ask) -> Reply:
        if ask.path.startswith("/token"):
            return Reply(200, body=b'{"token": "let-me-in"}')
        if ask.authorization != "Bearer let-me-in":
            return Reply(401, {"WWW-Authenticate": f'Bearer realm="https://{NAME}:{port(web)}/token"'})
        return fetch(ask)

    with Web(answer, trusted) as web:
        read_all(opened(f"{NAME}:{port(web)}/odd:1", settings=options(LOGIN)))
    for ask in web.seen[1:]:
        assert ask.authorization.startswith("Basic " if ask.path.startswith("/token") else "Bearer ")
    assert web.asked("/token")[0].query["scope"] == ["repository:odd:pull"]


def test_the_proxy_of_the_environment(anyone: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = forward(anyone.address)

    def answer(ask: Ask) -> Reply:
        return fetch(Ask(ask.method, ask.path.removeprefix(f"http://{NAME}"), ask.headers, ask.nth))

    with Web(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        read_all(opened(f"{NAME}/odd:1", settings=options(plain_http=frozenset({NAME}))))
        assert len(proxy.seen) == 7
        assert all(ask.path.startswith(f"http://{NAME}/v2/") for ask in proxy.seen)
        read_all(opened(f"{anyone.address}/odd:1"))  # loopback is reached directly, as by Docker
        assert len(proxy.seen) == 7
        monkeypatch.setenv("no_proxy", NAME)
        with refused(SourceUnreachable, NAME):
            opened(f"{NAME}:1/odd:1", settings=options(plain_http=frozenset({NAME})))
        assert len(proxy.seen) == 7
