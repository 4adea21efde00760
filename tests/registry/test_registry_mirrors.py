"""Mirrors, as containerd, Podman and Docker name them: real registries with passwords of their own."""

from __future__ import annotations

import json
import logging
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live.registry import Account, Registry, serving_registry

from layerscope.credentials.credential import Credential, Kind, Place, Source
from layerscope.errors import NotAuthorised, NotFound, UsageError
from layerscope.oci.reference import Reference
from layerscope.sources.registry.exposure import Withheld
from layerscope.sources.registry.registriesconf import Blocked
from layerscope.sources.registry.systemfiles import SystemFiles

from .authority import Authority
from .conftest import TESTDATA, push
from .pulling import CANARY, opened, options, read_all, refused
from .web import Ask, Reply, Web, faulty, forward, watching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.credentials.explanation import Explanation

MIRROR_CANARY = f"{CANARY}-mirror"
UPSTREAM = "upstream.test"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names under ``.test`` lead to loopback; no proxy."""
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".test") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.fixture(scope="module")
def mirror(anyone: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A mirror with a password of its own: tour:1, odd:1, team/tour:1, library/tour:1."""
    for name in ("team/tour:1", "library/tour:1"):
        push(f"docker-archive:{TESTDATA / 'classic.docker-archive.tar'}", f"{anyone.address}/{name}")
    directory = tmp_path_factory.mktemp("mirror")
    (directory / "storage").symlink_to(anyone.log.parent / "storage")
    with serving_registry(directory, Account("mirror", MIRROR_CANARY)) as registry:
        yield registry


@dataclass(frozen=True)
class ByHost:
    """A lookup that has one login per host, and tells which hosts it was asked about."""

    logins: dict[str, Credential]
    asked: list[str]

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        self.asked.append(reference.registry)
        found = self.logins.get(reference.registry)
        return (found,) if found else ()

    def explain(self, reference: Reference) -> Explanation:
        raise NotImplementedError


def logins(mirror_host: str, *upstreams: str) -> ByHost:
    place = Place(Source.FILE, file="config.json")
    found = {name: Credential("wren", CANARY, Kind.PASSWORD, place, name) for name in upstreams}
    found[mirror_host] = Credential("mirror", MIRROR_CANARY, Kind.PASSWORD, place, mirror_host)
    return ByHost(found, [])


def hosts_toml(tmp_path: Path, registry: str, text: str) -> SystemFiles:
    name, _, port = registry.partition(":")
    directory = tmp_path / (f"{name}_{port}_" if port else name)
    directory.mkdir(parents=True)
    (directory / "hosts.toml").write_text(text)
    return SystemFiles(containerd=(tmp_path,))


def registries_conf(tmp_path: Path, text: str) -> SystemFiles:
    file = tmp_path / "registries.conf"
    file.write_text(text)
    return SystemFiles(registries=(file,))


def daemon_json(tmp_path: Path, **settings: object) -> SystemFiles:
    file = tmp_path / "daemon.json"
    file.write_text(json.dumps(settings))
    return SystemFiles(daemon=(file,))


@pytest.mark.parametrize("kind", ["hosts.toml", "registries.conf", "daemon.json"])
def test_a_real_mirror_with_its_own_login(
    mirror: Registry, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with watching(mirror.address) as web:
        name = "docker.io/library/tour:1"
        if kind == "hosts.toml":
            files = hosts_toml(
                tmp_path, "docker.io", f'[host."http://{web.address}"]\ncapabilities = ["pull", "resolve"]\n'
            )
        elif kind == "registries.conf":
            text = f'[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "{web.address}"\n'
            files = registries_conf(tmp_path, text)
        else:
            files = daemon_json(tmp_path, **{"registry-mirrors": [f"http://{web.address}/"]})
        known = logins(web.address, "docker.io")
        caplog.set_level(logging.INFO)
        image = opened(name, settings=options(known, files=files))
        assert (image.reference, image.source, image.endpoint) == (name, "registry", f"http://{web.address}")
        assert len(read_all(image)) == 12
        assert known.asked == [web.address]
        queries = {tuple(ask.query.get("ns", [])) for ask in web.seen}
    assert queries == {("docker.io",)} if kind == "hosts.toml" else {()}
    assert f"docker.io/library/tour:1 is read from mirror http://{web.address} (named by " in caplog.text


@pytest.mark.parametrize("status", [404, 403, 500, 200, None])
def test_a_mirror_that_does_not_help(
    members: Registry, tmp_path: Path, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with it: the registry has the last word, and each hears its own login alone."""
    with watching(members.address) as upstream, Web(lambda _: Reply(status or 0, body=b"{}")) as web:
        name = f"{UPSTREAM}:{upstream.address.rpartition(':')[2]}"
        mirror_host = web.address if status else "127.0.0.1:1"
        text = f'server = "http://{name}"\n[host."http://{mirror_host}"]\n'
        known = logins(mirror_host, name)
        settings = options(
            known,
            files=hosts_toml(tmp_path, name, text),
            plain_http=frozenset({name}),
            plain_http_login=frozenset({name}),
        )
        image = opened(f"{name}/odd:1", settings=settings)
        assert image.endpoint == f"http://{name}"
        read_all(image)
        assert known.asked == [mirror_host, name]
    sent = {ask.authorization for ask in upstream.seen}
    assert len(sent) == 2
    assert not any(ask.authorization in sent - {""} for ask in web.seen)
    assert f"mirror http://{mirror_host}" in caplog.text


def test_when_nobody_has_it_everybody_is_named(members: Registry, anyone: Registry, tmp_path: Path) -> None:
    text = (
        f'[[registry]]\nlocation = "{members.address}"\n'
        f'[[registry.mirror]]\nlocation = "127.0.0.1:1"\n[[registry.mirror]]\nlocation = "{anyone.address}/deep"\n'
    )
    words = (
        f"{members.address}/odd:1 does not exist or may not be pulled as anonymous",
        "; before that, mirror http://127.0.0.1:1",
        "refused the connection",
        f"mirror http://{anyone.address} (named by ",
        f"{anyone.address}/deep/odd:1 was not found",
    )
    with refused(NotAuthorised, *words):
        opened(f"{members.address}/odd:1", settings=options(files=registries_conf(tmp_path, text)))


def test_a_location_that_moves_a_namespace(mirror: Registry, tmp_path: Path) -> None:
    text = f'[[registry]]\nprefix = "example.com/ours"\nlocation = "{mirror.address}/team"\n'
    settings = options(logins(mirror.address, "example.com"), files=registries_conf(tmp_path, text))
    image = opened("example.com/ours/tour:1", settings=settings)
    assert (image.reference, image.endpoint) == ("example.com/ours/tour:1", f"http://{mirror.address}")
    assert len(read_all(image)) == 12


def test_mirrors_for_digests_or_for_tags_only(anyone: Registry, tmp_path: Path) -> None:
    digest = opened(f"{anyone.address}/odd:1").manifest
    assert digest is not None
    with watching(anyone.address) as by_digest, watching(anyone.address) as by_tag, watching(anyone.address) as last:
        text = f'[[registry]]\nlocation = "{last.address}"\n'
        for web, when in ((by_digest, "digest-only"), (by_tag, "tag-only")):
            text += f'[[registry.mirror]]\nlocation = "{web.address}"\npull-from-mirror = "{when}"\n'
        settings = options(files=registries_conf(tmp_path, text))
        assert opened(f"{last.address}/odd:1", settings=settings).endpoint == f"http://{by_tag.address}"
        pinned = f"{last.address}/odd@{digest.digest}"
        assert opened(pinned, settings=settings).endpoint == f"http://{by_digest.address}"
        assert not last.seen


def test_a_host_that_may_not_resolve_is_asked_by_digest_alone(anyone: Registry, tmp_path: Path) -> None:
    manifest = opened(f"{anyone.address}/odd:1").manifest
    assert manifest is not None
    with watching(anyone.address) as web:
        text = f'[host."http://{web.address}"]\ncapabilities = ["pull"]\n'
        settings = options(files=hosts_toml(tmp_path, anyone.address, text))
        assert opened(f"{anyone.address}/odd:1", settings=settings).endpoint == f"http://{anyone.address}"
        assert not web.seen
        read_all(opened(f"{anyone.address}/odd@{manifest.digest}", settings=settings))
        assert web.seen


def test_a_path_of_its_own(anyone: Registry, tmp_path: Path) -> None:
    fetch = forward(anyone.address)

    def answer(ask: Ask) -> Reply:
        if not ask.path.startswith("/cache/hub/"):
            return Reply(404)
        return fetch(replace(ask, path="/v2/" + ask.path.removeprefix("/cache/hub/")))

    with Web(answer) as web:
        text = f'[host."http://{web.address}/cache/hub"]\noverride_path = true\n'
        settings = options(files=hosts_toml(tmp_path, "registry.example", text))
        read_all(opened("registry.example/odd:1", settings=settings))


def test_tls_as_hosts_toml_has_it(anyone: Registry, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.sign("client", client=True)
    server = authority.sign("server", "mirror.test")
    with Web(forward(anyone.address), server.serving(authority.certificate)) as web:
        host = f"mirror.test:{web.address.rpartition(':')[2]}"
        terms = 'ca = "../ca.crt"\nclient = [["../client.cert", "../client.key"]]\n'
        files = hosts_toml(tmp_path / "certs.d", "registry.example", f'[host."https://{host}"]\n{terms}')
        for path in ("ca.crt", "client.cert", "client.key"):
            (tmp_path / "certs.d" / path).write_bytes((tmp_path / path).read_bytes())
        image = opened("registry.example/odd:1", settings=options(files=files))
        assert image.endpoint == f"https://{host}"
        read_all(image)


@pytest.mark.parametrize("speaks", ["bad TLS", "HTTP"])
def test_what_a_file_makes_insecure_gets_images_but_no_login(
    members: Registry, anyone: Registry, tmp_path: Path, speaks: str, caplog: pytest.LogCaptureFixture
) -> None:
    tls = Authority(tmp_path).sign("bad", "other.test", own=True).serving() if speaks == "bad TLS" else None
    with Web(forward(anyone.address), tls) as free, Web(forward(members.address), tls) as closed:
        ports = [web.address.rpartition(":")[2] for web in (free, closed)]
        mirror, locked = (f"mirror.test:{port}" for port in ports)
        files = daemon_json(tmp_path, **{"insecure-registries": [mirror, locked]})
        read_all(opened(f"{mirror}/odd:1", settings=options(logins(mirror), files=files)))
        hint = "--insecure-skip-tls-verify" if tls else "--plain-http-login"
        with refused(Withheld, "is not sent to", hint=hint):
            opened(f"{locked}/odd:1", settings=options(logins("", locked), files=files))
        assert not any(ask.authorization for ask in [*free.seen, *closed.seen])
        said = frozenset({locked})
        told = {"skip_verify": said} if tls else {"plain_http": said, "plain_http_login": said}
        read_all(opened(f"{locked}/odd:1", settings=options(logins("", locked), files=files, **told)))
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any("is not verified" in text if tls else "without TLS" in text for text in warned)


def test_a_blocked_registry(tmp_path: Path) -> None:
    files = registries_conf(tmp_path, '[[registry]]\nlocation = "bad.example"\nblocked = true\n')
    with refused(Blocked, "bad.example/x:latest may not be pulled here", "registries.conf", hint="--mirror-config"):
        opened("bad.example/x", settings=options(files=files))


def test_none_reads_no_file_and_a_path_reads_that_alone(anyone: Registry, tmp_path: Path) -> None:
    broken = registries_conf(tmp_path, "[[registry")
    read_all(opened(f"{anyone.address}/odd:1", settings=options(files=broken, mirror_config="none")))
    with watching(anyone.address) as web:
        for number, file in enumerate(("registries.conf", "daemon.json", "hosts.toml", "directory")):
            here = tmp_path / str(number)
            here.mkdir()
            name = "registry.example/odd:1"
            if file == "registries.conf":
                path = here / "mine.conf"
                path.write_text(f'[[registry]]\nprefix = "registry.example"\nlocation = "{web.address}"\n')
            elif file == "daemon.json":
                name, path = "docker.io/library/tour:1", here / "mine.json"
                path.write_text(json.dumps({"registry-mirrors": [f"http://{web.address}"]}))
                push(f"docker-archive:{TESTDATA / 'classic.docker-archive.tar'}", f"{anyone.address}/library/tour:1")
            else:
                hosts_toml(here, "registry.example", f'[host."http://{web.address}"]\n')
                path = here if file == "directory" else here / "registry.example" / "hosts.toml"
            settings = options(files=broken, mirror_config=str(path))
            assert opened(name, settings=settings).endpoint == f"http://{web.address}"
    with refused(UsageError, "--mirror-config: there is no"):
        opened("registry.example/x", settings=options(mirror_config=str(tmp_path / "missing")))


def test_a_broken_file_is_named_and_passed_over_unless_it_was_asked_for(
    anyone: Registry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = registries_conf(tmp_path, "[[registry")
    read_all(opened(f"{anyone.address}/odd:1", settings=options(files=files)))
    assert f"{tmp_path}/registries.conf: it is not TOML" in caplog.text
    with refused(UsageError, "registries.conf: it is not TOML"):
        opened(f"{anyone.address}/odd:1", settings=options(mirror_config=str(tmp_path / "registries.conf")))


def test_a_mirror_without_a_platform_is_not_passed_over(anyone: Registry, tmp_path: Path) -> None:
    """The image is there; that it lacks a platform is the answer."""
    with faulty(anyone.address, lambda _, __: None) as web:
        files = hosts_toml(tmp_path, anyone.address, f'[host."http://{web.address}"]\n')
        assert (
            opened(f"{anyone.address}/platforms:1", settings=options(files=files)).endpoint == f"http://{web.address}"
        )


def test_a_mirror_that_forgot_a_blob(anyone: Registry, tmp_path: Path) -> None:
    def fault(ask: Ask, reply: Reply) -> Reply | None:
        return Reply(404) if ask.is_blob and reply.body[:1] != b"{" else None

    with faulty(anyone.address, fault) as web:
        files = hosts_toml(tmp_path, anyone.address, f'[host."http://{web.address}"]\n')
        image = opened(f"{anyone.address}/odd:1", settings=options(files=files))
        with refused(NotFound, web.address, hint="--mirror-config none"):
            read_all(image)
