"""No secret gets out: every kind of credential, every way a pull can go wrong, at -vv, through the command itself."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from live.product import Product

from .conftest import TESTDATA, push
from .pulling import CANARY, SIGNATURE, USER
from .test_registry_redirects import stored_elsewhere
from .tokens import TokenServer
from .web import Ask, Reply, Web, faulty, forward

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from live.registry import Registry

REFRESH = f"refresh+{CANARY}/=="  # in a form it looks otherwise
PAIR = base64.b64encode(f"{USER}:{CANARY}".encode()).decode()
KINDS: dict[str, dict[str, str]] = {
    "password": {"auth": PAIR},
    "identity-token": {"identitytoken": REFRESH},
    "registry-token": {"registrytoken": f"{CANARY}.minted"},
}
SECRETS = (CANARY, PAIR, SIGNATURE, base64.b64encode(f"<token>:{REFRESH}".encode()).decode(), "Bearer ey", "a-token")


class Watched:
    """The command with one login in its home; afterwards nothing it said or wrote has a secret in it."""

    def __init__(self, home: Path, host: str, kind: str) -> None:
        self.product = Product(home)
        self.config = home / ".docker" / "config.json"
        self.config.parent.mkdir()
        self.config.write_text(json.dumps({"auths": {host: KINDS[kind]}}))

    def run(self, *arguments: str) -> int:
        done = self.product.run(*arguments, "-vv", "--timeout", "3", "--retries", "1")
        said = (done.stdout + done.stderr).decode()
        assert "Traceback" not in said or done.returncode in {2, 3, 4, 5}
        assert done.returncode != 70, said
        for secret in SECRETS:
            assert secret not in said, said
        for file in self.product.home.rglob("*"):
            if file.is_file() and file != self.config:
                content = file.read_bytes()
                assert not any(secret.encode() in content for secret in SECRETS), file
        return done.returncode


def echo(status: int) -> Callable[[Ask], Reply]:
    """An answer that says everything it heard."""

    def answer(ask: Ask) -> Reply:
        heard = f"{ask.body.decode()[-150:]} {ask.authorization} {ask.headers} {ask.path}"  # what is shown is short
        said = {"errors": [{"code": "DENIED", "message": heard}], "token": heard, "error_description": heard}
        return Reply(status, {"X-Echo": ask.authorization}, json.dumps(said).encode())

    return answer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [200, 401, 404, 500])
def test_servers_that_say_what_they_heard(tmp_path: Path, kind: str, status: int) -> None:
    """Registry and token server, each echoing into whatever it answers."""
    with Web(echo(status)) as realm:
        challenge = {"WWW-Authenticate": f'Bearer realm="{realm.url}/token?k=v",service="s", Basic realm="x"'}

        def answer(ask: Ask) -> Reply:
            return echo(status)(ask) if ask.authorization else Reply(401, challenge)

        with Web(answer) as web:
            assert Watched(tmp_path, web.address, kind).run("history", f"registry:{web.address}/x") in {3, 4, 5}
            heard = [ask.authorization for ask in [*web.seen, *realm.seen]] + [ask.body.decode() for ask in realm.seen]
            assert any(any(secret in text for secret in SECRETS) for text in heard)  # it was really sent


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["redirect", "realm", "storage that asks"])
def test_other_hosts_hear_nothing(tmp_path: Path, anyone: Registry, kind: str, way: str) -> None:
    challenge = {"WWW-Authenticate": 'Basic realm="give it to me", Bearer realm="https://127.0.0.1:1/"'}
    fetch = forward(anyone.address)
    with Web(lambda _: Reply(401, challenge)) as elsewhere:

        def answer(ask: Ask) -> Reply:
            if not ask.authorization and way != "realm":
                return Reply(401, {"WWW-Authenticate": f'Bearer realm="{web.url}/token", Basic realm="x"'})
            if ask.path.startswith("/token"):
                return Reply(200, body=b'{"token": "a-token"}')
            if way == "realm":
                return Reply(401, {"WWW-Authenticate": 'Bearer realm="http://10.9.8.7/token"'})
            if way == "redirect" or ask.is_blob:
                return Reply(307, {"Location": f"{elsewhere.url}{ask.path}?sig={SIGNATURE}"})
            return fetch(ask)

        with Web(lambda ask: tokened(ask) or answer(ask)) as web:
            assert Watched(tmp_path, web.address, kind).run("inspect", f"registry:{web.address}/odd:1") == 4
        for ask in elsewhere.seen:
            assert not ask.authorization
            assert not any(secret in f"{ask.headers} {ask.body!r}" for secret in SECRETS)
        assert bool(elsewhere.seen) is (way != "realm")


def tokened(ask: Ask) -> Reply | None:
    """A token for whoever asks, so that the pull gets on."""
    return Reply(200, body=b'{"token": "a-token"}') if ask.path.startswith("/token") else None


@pytest.mark.parametrize("kind", ["password", "identity-token"])
def test_a_pull_that_works_tells_nothing_either(
    tmp_path: Path, bearers: Registry, tokens: TokenServer, kind: str
) -> None:
    """Tokens, a storage behind signed links, a cut; and what is kept afterwards."""
    tokens.public, tokens.refresh_tokens, tokens.rotates = False, {REFRESH: USER}, True
    with stored_elsewhere(bearers) as (front, storage):

        def fault(ask: Ask, reply: Reply) -> None:
            if ask.is_blob and ask.nth == 1 and len(reply.body) > 4096:
                reply.cut = 2048

        with faulty(front.address, fault) as web:
            watched = Watched(tmp_path, web.address, kind)
            assert watched.run("inspect", f"registry:{web.address}/tour:1") == 0
            tokens.refresh_tokens[REFRESH] = USER
            assert watched.run("inspect", f"registry:{web.address}/tour:1") == 0  # warm
    assert len(tokens.issued) >= 2
    assert not any(ask.authorization for ask in storage.seen)


def test_a_mirror_does_not_hear_the_registrys_login(tmp_path: Path, members: Registry) -> None:
    challenge = {"WWW-Authenticate": 'Basic realm="me too"'}
    with Web(lambda _: Reply(401, challenge)) as mirror, Web(forward(members.address)) as web:
        watched = Watched(tmp_path, web.address, "password")
        config = tmp_path / ".config" / "containers" / "registries.conf"
        config.parent.mkdir(parents=True)
        config.write_text(f'[[registry]]\nlocation="{web.address}"\n[[registry.mirror]]\nlocation="{mirror.address}"\n')
        assert watched.run("history", f"registry:{web.address}/odd:1") == 0
        assert mirror.seen
        assert not any(ask.authorization for ask in mirror.seen)


@pytest.mark.parametrize("kind", ["hosts.toml", "registries.conf", "daemon.json"])
def test_the_mirror_that_served_is_named_in_every_output(tmp_path: Path, anyone: Registry, kind: str) -> None:
    """From the user's own files, where the engines have them; with none, the registry is asked, and nothing is said."""
    home = tmp_path / ".config"
    with Web(forward(anyone.address)) as mirror:
        texts = {
            "hosts.toml": ("containerd/certs.d/registry.example/hosts.toml", f'[host."{mirror.url}"]'),
            "registries.conf": (
                "containers/registries.conf",
                f'[[registry]]\nlocation = "registry.example"\n[[registry.mirror]]\nlocation = "{mirror.address}"\n',
            ),
            "daemon.json": ("docker/daemon.json", json.dumps({"registry-mirrors": [mirror.url]})),
        }
        path, text = texts[kind]
        (home / path).parent.mkdir(parents=True)
        (home / path).write_text(text)
        name = "registry:registry.example/odd:1"
        if kind == "daemon.json":
            name = "registry:docker.io/library/tour:1"
            push(f"docker-archive:{TESTDATA / 'classic.docker-archive.tar'}", f"{anyone.address}/library/tour:1")
        product = Product(tmp_path)
        image = product.json("history", name)["image"]
        assert (image["source"], image["mirror"]) == ("registry", mirror.url)
        assert f"registry, from its mirror {mirror.url}" in product.output("history", name).decode()
        assert mirror.url in product.output("history", name, "--format", "markdown").decode()
        own = product.json("history", f"registry:{mirror.address}/odd:1")["image"]
        assert "mirror" not in own
