"""Certificates: of registries, ours, of every kind; real registries that want them, and what is told of bad ones."""

from __future__ import annotations

import shutil
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layerscope.errors import SourceUnreachable, UsageError
from layerscope.sources.registry.systemfiles import SystemFiles

from .authority import Authority, Pair, encrypted
from .pulling import CANARY, LOGIN, opened, options, read, read_all, refused
from .serve import Served, serve
from .tokens import ISSUER, SERVICE
from .web import Reply, Web, forward

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.registry import Registry

    from layerscope.sources.registry import RegistryOptions

    from .tokens import TokenServer

NAME = "registry.test"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names under ``.test`` lead to loopback; no proxy."""
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".test") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Pair:
    return authority.sign("server", NAME, "localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def client(authority: Authority) -> Pair:
    return authority.sign("client", client=True)


@pytest.fixture(scope="module")
def private(anyone: Registry, server: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real registry: TLS of our authority, and a password."""
    with serve(tmp_path_factory.mktemp("private"), anyone.log.parent / "storage", tls=server, password="") as served:
        yield served


@pytest.fixture(scope="module")
def mutual(
    anyone: Registry, server: Pair, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A real registry that wants a certificate of our authority from who asks."""
    directory = tmp_path_factory.mktemp("mutual")
    with serve(directory, anyone.log.parent / "storage", tls=server, clients=authority.certificate) as served:
        yield served


def trusting(authority: Authority, **more: Any) -> RegistryOptions:
    return options(ca_certs=(authority.certificate,), **more)


def test_a_real_registry_with_its_own_authority_and_a_password(private: Served, authority: Authority) -> None:
    login = replace(trusting(authority), credentials=LOGIN)
    assert len(read_all(opened(f"{NAME}:{private.port}/tour:1", settings=login))) == 12


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_speaks_tls_where_an_authority_is_named(private: Served, authority: Authority, host: str) -> None:
    login = replace(trusting(authority), credentials=LOGIN)
    read_all(opened(f"{host}:{private.port}/odd:1", settings=login))


def test_loopback_speaks_tls_where_it_is_told_to(
    private: Served, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    address = private.address
    read_all(opened(f"{address}/odd:1", settings=options(LOGIN, tls=frozenset({address}))))
    with refused(SourceUnreachable, "400", hint=f"--tls {address}"):  # its answer to HTTP
        opened(f"{address}/odd:1", settings=options(LOGIN))


def test_loopback_speaks_tls_where_certs_d_knows_it(private: Served, authority: Authority, tmp_path: Path) -> None:
    directory = tmp_path / private.address
    directory.mkdir()
    shutil.copy(authority.certificate, directory)
    settings = options(LOGIN, files=SystemFiles(certificates=(tmp_path,)))
    read_all(opened(f"{private.address}/odd:1", settings=settings))


def test_plain_http_can_be_said_of_loopback_too(anyone: Registry, authority: Authority) -> None:
    settings = replace(trusting(authority), plain_http=frozenset({anyone.address}))
    read_all(opened(f"{anyone.address}/odd:1", settings=settings))


@pytest.mark.parametrize("where", ["flags", "certs.d", "one file"])
def test_a_real_registry_that_wants_a_client_certificate(
    mutual: Served, authority: Authority, client: Pair, tmp_path: Path, where: str
) -> None:
    name = f"{NAME}:{mutual.port}"
    if where == "flags":
        settings = trusting(authority, client_cert=client.certificate, client_key=client.key)
    elif where == "one file":
        both = tmp_path / "both.pem"
        both.write_bytes(client.certificate.read_bytes() + client.key.read_bytes())
        settings = trusting(authority, client_cert=both)
    else:
        directory = tmp_path / name
        directory.mkdir()
        for file in (authority.certificate, client.certificate, client.key):
            shutil.copy(file, directory)
        settings = options(files=SystemFiles(certificates=(tmp_path / "not there", tmp_path)))
    assert len(read_all(opened(f"{name}/tour:1", settings=settings))) == 12


def test_no_client_certificate_where_one_is_wanted(mutual: Served, authority: Authority) -> None:
    with refused(SourceUnreachable, "wants a client certificate, and there is none", hint="--client-cert"):
        opened(f"{NAME}:{mutual.port}/tour:1", settings=trusting(authority))


@pytest.mark.parametrize("kind", ["expired", "of another authority"])
def test_a_client_certificate_that_is_not_accepted(
    mutual: Served, authority: Authority, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    signer = authority if kind == "expired" else Authority(tmp_path, "Somebody Else")
    pair = signer.sign("bad", client=True, days=(-3, -2) if kind == "expired" else (-1, 1))
    settings = trusting(authority, client_cert=pair.certificate, client_key=pair.key)
    words = (f"does not accept the client certificate {pair.certificate}",)
    words += ("it expired on",) if kind == "expired" else ()
    with refused(SourceUnreachable, *words):
        opened(f"{NAME}:{mutual.port}/tour:1", settings=settings)
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any("will hardly be accepted: it expired on" in text for text in warned) is (kind == "expired")


def test_files_that_are_no_client_certificate(authority: Authority, client: Pair, server: Pair, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate")
    locked = encrypted(client, tmp_path / "locked.key")
    for certificate, key, words in (
        (client.certificate, server.key, "does not belong to the client certificate"),
        (client.certificate, None, "does not hold both"),
        (client.certificate, locked, "is encrypted"),
        (garbage, client.key, "are no client certificate and key in PEM"),
        (tmp_path / "missing", client.key, "cannot be read as the client certificate"),
        (client.certificate, tmp_path / "missing", "cannot be read as the key"),
        (None, client.key, "a client key"),
    ):
        with refused(UsageError, words):
            opened(f"{NAME}:1/x", settings=trusting(authority, client_cert=certificate, client_key=key))


@pytest.mark.parametrize(
    "content", [None, "", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_files_that_are_no_authority(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with refused(UsageError, str(file)):
        opened(f"{NAME}:1/x", settings=options(ca_certs=(file,)))


@pytest.mark.parametrize(("there", "missing"), [("a.cert", "a.key"), ("a.key", "a.cert")])
def test_half_a_client_certificate_in_certs_d(tmp_path: Path, client: Pair, there: str, missing: str) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / there).write_bytes(client.certificate.read_bytes())
    with refused(UsageError, there, "without its", hint=missing):
        opened(f"{NAME}/x", settings=options(files=SystemFiles(certificates=(tmp_path,))))


def test_what_is_told_of_a_certificate_that_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "Unknown Authority")
    for pair, ca, words, hint in (
        (authority.sign("old", NAME, days=(-20, -2)), authority, ("it expired on",), "clock says"),
        (authority.sign("early", NAME, days=(2, 3)), authority, ("it is good only from",), "clock says"),
        (
            authority.sign("named", "a.test", "10.0.0.1", subject="a subject"),
            authority,
            (f"it is good for a.test, 10.0.0.1, not for {NAME}", "subject CN=a subject"),
            "use one of the names",
        ),
        (authority.sign("nameless"), authority, (f"it is not good for {NAME}", "no names"), "add this one"),
        (authority.sign("own", NAME, own=True), authority, ("it is self-signed", "issuer CN=own"), "--ca-cert"),
        (other.sign("far", NAME), authority, ("that signed it, CN=Unknown Authority, is not known",), "--ca-cert"),
    ):
        with Web(lambda _: Reply(404), pair.serving()) as web:
            name = f"{NAME}:{web.address.rpartition(':')[2]}"
            full = (f"the certificate of {name} is not trusted", "It presents: subject CN=", "; valid 20", *words)
            with refused(SourceUnreachable, *full, hint=hint):
                opened(f"{name}/x", settings=replace(trusting(ca), credentials=LOGIN))
        assert not web.seen


def test_a_certificate_need_not_be_verified_where_that_is_said(
    anyone: Registry, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    pair = authority.sign("wrong", "other.test", days=(-9, -8), own=True)
    with Web(forward(anyone.address), pair.serving()) as web:
        name = f"{NAME}:{web.address.rpartition(':')[2]}"
        read_all(opened(f"{name}/odd:1", settings=options(skip_verify=frozenset({name}))))
        with refused(SourceUnreachable, "not trusted"):
            opened(f"{name}/odd:1", settings=options(skip_verify=frozenset({"other.test", f"{NAME}:1"})))
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warned == [f"the certificate of {name} is not verified: whoever is on the way can read along"]


def test_a_storage_is_not_believed_because_its_registry_need_not_be(anyone: Registry, authority: Authority) -> None:
    pair = authority.sign("both", "other.test", own=True)
    with Web(forward(anyone.address), pair.serving()) as storage:
        port = storage.address.rpartition(":")[2]
        fetch = forward(anyone.address)

        def answer(ask: Any) -> Reply:
            return Reply(307, {"Location": f"https://storage.test:{port}{ask.path}"}) if ask.is_blob else fetch(ask)

        with Web(answer, pair.serving()) as web:
            name = f"{NAME}:{web.address.rpartition(':')[2]}"
            with refused(SourceUnreachable, f"the certificate of storage.test:{port} is not trusted"):
                opened(f"{name}/odd:1", settings=options(skip_verify=frozenset({name})))
    assert not storage.seen


def test_whom_a_registry_is_vouched_for_by_vouches_for_its_storage(
    anyone: Registry, authority: Authority, tmp_path: Path, client: Pair
) -> None:
    """As in Docker, where certs.d of the registry counts for its token server and its storage. Our own does not."""
    storage_pair = authority.sign("storage", "storage.test")
    with Web(forward(anyone.address), storage_pair.serving()) as storage:
        port = storage.address.rpartition(":")[2]
        fetch = forward(anyone.address)

        def answer(ask: Any) -> Reply:
            return Reply(307, {"Location": f"https://storage.test:{port}{ask.path}"}) if ask.is_blob else fetch(ask)

        with Web(answer, authority.sign("front", NAME).serving()) as web:
            name = f"{NAME}:{web.address.rpartition(':')[2]}"
            directory = tmp_path / name
            directory.mkdir()
            for file in (authority.certificate, client.certificate, client.key):
                shutil.copy(file, directory)
            read_all(opened(f"{name}/odd:1", settings=options(files=SystemFiles(certificates=(tmp_path,)))))
    assert storage.seen


def test_a_bad_certificate_behind_a_proxy_is_shown_too(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from .proxy import Proxy

    with Web(lambda _: Reply(404), authority.sign("own2", NAME, own=True).serving()) as web, Proxy() as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        name = f"{NAME}:{web.address.rpartition(':')[2]}"
        with refused(SourceUnreachable, "it is self-signed", "It presents: subject CN=own2"):
            opened(f"{name}/x", settings=options(LOGIN))
    assert proxy.tunnels == [name, name]
    assert CANARY not in proxy.heads


def test_tls_through_a_proxy(private: Served, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy sees a name and a port; the login passes inside the tunnel."""
    from .proxy import Proxy

    name = f"{NAME}:{private.port}"
    login = replace(trusting(authority), credentials=LOGIN)
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        read_all(opened(f"{name}/odd:1", settings=login))
        assert proxy.tunnels
        assert set(proxy.tunnels) == {name}
        assert "uthorization" not in proxy.heads
        before = len(proxy.tunnels)
        monkeypatch.setenv("NO_PROXY", ".test")
        read_all(opened(f"{name}/odd:1", settings=login))
        assert len(proxy.tunnels) == before


def test_tokens_and_layers_over_tls_with_one_directory_of_certs_d(
    anyone: Registry, tokens: TokenServer, authority: Authority, tmp_path: Path
) -> None:
    """A real registry and its token server, each with TLS of the same private authority, as such sites have it.

    The tokens live for a second: the pull needs a second one half-way.
    """
    tokens.public, tokens.lives = False, 1
    pair = authority.sign("site", NAME, "tokens.test")
    with Web(tokens.answer, pair.serving()) as realm:
        site = f"https://tokens.test:{realm.address.rpartition(':')[2]}/token"
        token = {"realm": site, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(tokens.certificate)}
        with serve(tmp_path, anyone.log.parent / "storage", tls=pair, token=token) as served:
            name = f"{NAME}:{served.port}"
            (tmp_path / "certs.d" / name).mkdir(parents=True)
            shutil.copy(authority.certificate, tmp_path / "certs.d" / name)
            settings = options(LOGIN, files=SystemFiles(certificates=(tmp_path / "certs.d",)))
            with opened(f"{name}/odd:1", settings=settings) as image:
                assert len(tokens.issued) == 1
                time.sleep(2.1)
                read(image.layers[0])
            assert len(tokens.issued) == 2
    assert {ask.authorization.partition(" ")[0] for ask in realm.seen} == {"Basic"}
