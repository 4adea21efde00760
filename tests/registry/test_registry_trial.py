"""``try_pull``: every step of a pull that was not made, told in plain values; and never an exception."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layerscope.credentials.credential import Credential
from layerscope.oci.reference import Reference
from layerscope.sources.registry.systemfiles import SystemFiles
from layerscope.sources.registry.trial import Outcome, Trial, try_pull

from .authority import Authority
from .pulling import CANARY, LOGIN, USER, Known, opened, options
from .web import Ask, Reply, Web, faulty, forward, watching

if TYPE_CHECKING:
    from live.registry import Registry

    from layerscope.sources.registry import RegistryOptions

    from .tokens import TokenServer

WRONG = Credential(USER, f"{CANARY}-wrong", place=LOGIN.credentials[0].place, key="the other key")


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".test") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


def tried(name: str, settings: RegistryOptions | None = None) -> Trial:
    """The trial, in which no secret is."""
    trial = try_pull(Reference.parse(name), settings or options())
    assert CANARY not in repr(trial)
    assert "Bearer ey" not in repr(trial)
    return trial


def test_what_works_for_nobody(anyone: Registry) -> None:
    with watching(anyone.address) as web:
        trial = tried(f"{web.address}/tour:1")
        assert [(ask.method, ask.path) for ask in web.seen] == [("HEAD", "/v2/tour/manifests/1")]
    manifest = opened(f"{anyone.address}/tour:1").manifest
    assert manifest is not None
    assert (trial.outcome, trial.digest, trial.message) == (Outcome.OK, str(manifest.digest), "")
    (endpoint,) = trial.endpoints
    assert trial.used is endpoint
    assert (endpoint.url, endpoint.host, endpoint.repository) == (f"http://{web.address}", web.address, "tour")
    assert (endpoint.mirror, endpoint.named_by, endpoint.certificate, endpoint.verified) == (False, "", None, None)
    (attempt,) = endpoint.attempts
    assert (attempt.credential, attempt.offered, attempt.tokens) == (None, (), ())
    assert (attempt.method, attempt.status, attempt.digest) == ("HEAD", 200, trial.digest)


def test_what_works_with_a_token(bearers: Registry, tokens: TokenServer, token_web: Web) -> None:
    tokens.public = False
    trial = tried(f"{bearers.address}/tour:1", options(LOGIN))
    (attempt,) = trial.endpoints[0].attempts
    assert attempt.credential == LOGIN.credentials[0]
    assert attempt.offered == ("bearer",)
    (step,) = attempt.tokens
    assert (step.server, step.realm) == (token_web.address, f"{token_web.url}/token")
    assert (step.service, step.scope, step.method) == ("registry.test", "repository:tour:pull", "GET")
    assert (step.status, step.lifetime) == (200, 300)


def test_every_credential_up_to_the_one_that_works(members: Registry) -> None:
    trial = tried(f"{members.address}/tour:1", options(Known((WRONG, *LOGIN.credentials, WRONG))))
    bad, good = trial.endpoints[0].attempts
    assert trial.outcome is Outcome.OK
    assert (bad.outcome, bad.status, bad.method, bad.login_taken) == (Outcome.NOT_AUTHORISED, 401, "GET", False)
    assert "does not take this login for anything" in bad.message
    assert "docker login" in bad.hint
    assert (good.outcome, good.status, good.login_taken, good.message) == (Outcome.OK, 200, None, "")


def test_a_login_that_is_good_for_something_else(bearers: Registry, tokens: TokenServer) -> None:
    tokens.public, tokens.grants = False, {USER: {"tour"}}
    trial = tried(f"{bearers.address}/odd:1", options(LOGIN))
    (attempt,) = trial.endpoints[0].attempts
    assert (trial.outcome, attempt.login_taken, attempt.status) == (Outcome.NOT_AUTHORISED, True, 401)
    assert "401 UNAUTHORIZED" in trial.message
    assert {step.scope for step in attempt.tokens} == {"repository:odd:pull"}


def test_what_is_not_there(anyone: Registry) -> None:
    trial = tried(f"{anyone.address}/tour:9")
    (attempt,) = trial.endpoints[0].attempts
    assert (trial.outcome, attempt.method, attempt.status) == (Outcome.NOT_FOUND, "GET", 404)
    assert "404 MANIFEST_UNKNOWN" in trial.message


def test_a_registry_that_knows_no_head(anyone: Registry) -> None:
    def fault(ask: Ask, _: Reply) -> Reply | None:
        return Reply(405) if ask.method == "HEAD" else None

    with faulty(anyone.address, fault) as web:
        trial = tried(f"{web.address}/tour:1")
    (attempt,) = trial.endpoints[0].attempts
    assert (trial.outcome, attempt.method, attempt.status) == (Outcome.OK, "GET", 200)
    assert trial.digest.startswith("sha256:")


@pytest.mark.parametrize("digest", ["", "nonsense", "sha256:../../x"])
def test_a_digest_that_is_none_is_not_told(digest: str) -> None:
    with Web(lambda _: Reply(200, {"Docker-Content-Digest": digest} if digest else {})) as web:
        assert (tried(f"{web.address}/x").outcome, tried(f"{web.address}/x").digest) == (Outcome.OK, "")


def test_nobody_there() -> None:
    trial = tried("127.0.0.1:1/x")
    assert trial.outcome is Outcome.UNREACHABLE
    (attempt,) = trial.endpoints[0].attempts
    assert (attempt.status, attempt.method) == (None, "")
    assert "refused the connection" in trial.message
    assert trial.hint


@pytest.mark.parametrize("good", [True, False])
def test_the_certificate_is_told_trusted_or_not(anyone: Registry, tmp_path: Path, good: bool) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("server", "registry.test", "10.1.1.1")
    client = authority.sign("client", client=True)
    with Web(forward(anyone.address), pair.serving()) as web:
        name = f"registry.test:{web.address.rpartition(':')[2]}"
        more = {"ca_certs": (authority.certificate,)} if good else {}
        settings = options(client_cert=client.certificate, client_key=client.key, **more)
        trial = tried(f"{name}/tour:1", settings)
    (endpoint,) = trial.endpoints
    assert trial.outcome is (Outcome.OK if good else Outcome.UNREACHABLE)
    assert (endpoint.url, endpoint.verified) == (f"https://{name}", True)
    assert endpoint.client_certificate == str(client.certificate)
    assert endpoint.certificate is not None
    assert endpoint.certificate.names == ("registry.test", "10.1.1.1")
    assert (endpoint.certificate.subject, endpoint.certificate.issuer) == ("CN=server", "CN=Test Authority")
    assert len(endpoint.certificate.fingerprint) == 64


def test_a_credential_that_we_keep_to_ourselves(members: Registry) -> None:
    name = f"registry.test:{members.address.rpartition(':')[2]}"
    trial = tried(f"{name}/tour:1", options(LOGIN, plain_http=frozenset({name})))
    (attempt,) = trial.endpoints[0].attempts
    assert (trial.outcome, attempt.offered, attempt.tokens) == (Outcome.WITHHELD, ("basic",), ())
    assert "--plain-http-login" in trial.hint


def test_a_realm_that_we_do_not_ask(tmp_path: Path) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="http://169.254.169.254/token",service="x"'}
    with Web(lambda _: Reply(401, challenge)) as web:
        trial = tried(f"{web.address}/x", options(LOGIN))
    assert trial.outcome is Outcome.WITHHELD
    assert "will not ask" in trial.message


def test_a_token_server_that_refuses(bearers: Registry, tokens: TokenServer) -> None:
    trial = tried(f"{bearers.address}/tour:1", options(Known((WRONG,))))
    (attempt,) = trial.endpoints[0].attempts
    assert (attempt.outcome, attempt.login_taken, attempt.status) == (Outcome.NOT_AUTHORISED, False, None)
    assert [(step.method, step.status, step.lifetime) for step in attempt.tokens] == [("GET", 401, None)]


def test_mirrors_come_first_and_each_is_told(members: Registry, anyone: Registry, tmp_path: Path) -> None:
    directory = tmp_path / anyone.address
    directory.mkdir()
    text = f'[host."http://127.0.0.1:1"]\n[host."http://{members.address}"]\n'
    (directory / "hosts.toml").write_text(text)
    trial = tried(f"{anyone.address}/odd:1", options(files=SystemFiles(containerd=(tmp_path,))))
    assert [(each.url, each.mirror, each.outcome) for each in trial.endpoints] == [
        ("http://127.0.0.1:1", True, Outcome.UNREACHABLE),
        (f"http://{members.address}", True, Outcome.NOT_AUTHORISED),
        (f"http://{anyone.address}", False, Outcome.OK),
    ]
    assert {each.named_by for each in trial.endpoints} == {str(directory / "hosts.toml")}
    assert trial.used is trial.endpoints[-1]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(500), Outcome.UNREACHABLE),
        (Reply(302, {"Location": "ftp://x"}), Outcome.UNREACHABLE),
        (Reply(200, cut=0, length=5), Outcome.OK),
        (Reply(418, body=b"\xff" * 100_000), Outcome.UNREACHABLE),
        (Reply(403, body=b'{"errors": [{"code": "DENIED"}]}'), Outcome.NOT_AUTHORISED),
        (Reply(401, {"WWW-Authenticate": "=" * 60_000}), Outcome.NOT_AUTHORISED),
    ],
)
def test_nothing_a_registry_does_is_raised(reply: Reply, outcome: Outcome) -> None:
    with Web(lambda _: dataclasses.replace(reply)) as web:
        assert tried(f"{web.address}/x", options(LOGIN)).outcome is outcome


def test_settings_that_are_broken_are_told_too(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for more in ({"mirror_config": str(missing)}, {"ca_certs": (missing,)}, {"client_key": missing}):
        trial = tried("registry.test:1/x", options(**more))
        assert trial.outcome is Outcome.WITHHELD
        assert str(missing) in trial.message


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:port", "http://[", "socks9://x", "127.0.0.1:1", ""])
def test_a_proxy_that_is_none(proxy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with Web(lambda _: Reply(404), authority.sign("server", "x.test", own=True).serving()) as web:
        trial = tried(f"registry.test:{web.address.rpartition(':')[2]}/x")
    assert trial.outcome is Outcome.UNREACHABLE
    assert trial.message
