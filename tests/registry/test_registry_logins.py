"""Pulled for real through every place a login can be in, by the command as its users run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from live.command import run
from live.need import need
from live.product import Product

from .logins import WAYS, docker_config, manifest, pair, write
from .pulling import CANARY, USER

if TYPE_CHECKING:
    from pathlib import Path

    from live.registry import Registry

    from .tokens import TokenServer


def explained(product: Product, image: str, *arguments: str, code: int = 0, stdin: bytes = b"") -> dict[str, Any]:
    done = product.run("auth", "explain", image, *arguments, "--format", "json", stdin=stdin)
    assert done.returncode == code, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_login_from_everywhere(tmp_path: Path, members: Registry, way: str) -> None:
    told = WAYS[way](tmp_path, members.address, USER, CANARY)
    product = Product(tmp_path, told.settings)
    image = f"registry:{members.address}/tour:1"
    done = product.run("history", image, *told.arguments, "-q", stdin=told.stdin)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    document = explained(product, image, *told.arguments, stdin=told.stdin)
    (credential,) = document["credentials"]
    assert (credential["username"], credential["source"]) == (USER, told.source)
    assert told.mentions in (credential["name"], credential["file"])
    assert document["rules"] == ("kubelet" if told.source == "pull-secret" else "local")
    (endpoint,) = document["attempt"]["endpoints"]
    assert (endpoint["url"], endpoint["outcome"]) == (f"http://{members.address}", "ok")
    assert [(each["outcome"], each["status"]) for each in endpoint["attempts"]] == [("ok", 200)]


def test_without_a_login_it_is_refused(tmp_path: Path, members: Registry) -> None:
    product = Product(tmp_path)
    image = f"registry:{members.address}/tour:1"
    assert product.run("history", image).returncode == 4
    document = explained(product, image, code=4)
    assert (document["credentials"], document["attempt"]["outcome"]) == ([], "not-authorised")


def test_what_skopeo_login_leaves(tmp_path: Path, members: Registry) -> None:
    """The tool writes the file; it is read in both of the tool's places and as Docker's."""
    for place, settings in {
        "run/containers/auth.json": {"XDG_RUNTIME_DIR": str(tmp_path / "run")},
        "docker/config.json": {"DOCKER_CONFIG": str(tmp_path / "docker")},
        "other.json": {"REGISTRY_AUTH_FILE": str(tmp_path / "other.json")},
    }.items():
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        login = ["login", "--tls-verify=false", "-u", USER, "--password-stdin", "--authfile", str(file)]
        run(need("skopeo"), *login, members.address, stdin=CANARY.encode())
        document = explained(Product(tmp_path, settings), f"registry:{members.address}/tour:1")
        assert document["credentials"][0]["file"] == str(file)
        file.unlink()


def test_pull_secrets_alone_count(tmp_path: Path, members: Registry) -> None:
    """With a secret that has nothing for the image, a login of this machine that would work is not used."""
    write(tmp_path / ".docker/config.json", docker_config(members.address, USER, CANARY))
    secret = write(tmp_path / "secret.yaml", manifest("other.example", USER, CANARY))
    image = f"registry:{members.address}/tour:1"
    product = Product(tmp_path)
    assert product.run("history", image).returncode == 0
    done = product.run("history", image, "--pull-secret", str(secret))
    assert done.returncode == 4
    assert b"note: pull secrets alone count, as on a node: no login of this machine is used" in done.stderr
    document = explained(product, image, "--pull-secret", str(secret), code=4)
    assert any("a node may have credentials of its own" in each for each in document["remarks"])


def test_every_match_is_tried_in_turn(tmp_path: Path, members: Registry) -> None:
    auths = {members.address: {"auth": pair(USER, CANARY)}, f"{members.address}/to": {"auth": pair(USER, "wrong")}}
    secret = write(tmp_path / "secret.json", json.dumps({"auths": auths}))
    image = f"registry:{members.address}/tour:1"
    product = Product(tmp_path)
    assert product.run("inspect", image, "--pull-secret", str(secret)).returncode == 0
    document = explained(product, image, "--pull-secret", str(secret))
    assert [each["outcome"] for each in document["considered"]] == ["used", "next"]
    (endpoint,) = document["attempt"]["endpoints"]
    assert [each["outcome"] for each in endpoint["attempts"]] == ["not-authorised", "ok"]
    assert [each["credential"]["key"] for each in endpoint["attempts"]] == [f"{members.address}/to", members.address]


def test_once_something_matched_nobody_goes_anonymously(tmp_path: Path, anyone: Registry, members: Registry) -> None:
    """The repository is the same; open to all in one registry, and refused to a wrong login in the other."""
    wrong = write(tmp_path / "secret.json", docker_config(members.address, USER, "wrong"))
    with members.watched() as seen:
        done = Product(tmp_path).run("history", f"registry:{members.address}/tour:1", "--pull-secret", str(wrong))
    assert done.returncode == 4
    assert {each.status for each in seen} == {401}


@pytest.mark.parametrize(("field", "kind"), [("identitytoken", "identity-token"), ("registrytoken", "registry-token")])
def test_tokens_in_a_file(tmp_path: Path, bearers: Registry, tokens: TokenServer, field: str, kind: str) -> None:
    tokens.public = False
    tokens.refresh_tokens["refresh-me"] = USER
    access: list[dict[str, object]] = [{"type": "repository", "name": "tour", "actions": ["pull"]}]
    secret = "refresh-me" if field == "identitytoken" else tokens._sign(USER, access)
    write(tmp_path / ".docker/config.json", json.dumps({"auths": {bearers.address: {field: secret}}}))
    product = Product(tmp_path)
    assert product.run("history", f"registry:{bearers.address}/tour:1").returncode == 0
    document = explained(product, f"registry:{bearers.address}/tour:1")
    (credential,) = document["credentials"]
    assert credential["kind"] == kind
    assert bool(credential["expires"]) is (kind == "registry-token")
    assert secret not in json.dumps(document)


def test_mirrors_and_other_images_hear_nothing_of_a_given_user(
    tmp_path: Path, anyone: Registry, members: Registry
) -> None:
    """``--username`` is for the registry of the image, and for no mirror of it."""
    config = tmp_path / ".config/containers/registries.conf"
    text = f'[[registry]]\nlocation="{members.address}"\n[[registry.mirror]]\nlocation="{anyone.address}"\n'
    write(config, text)
    options = ["--username", USER, "--password-stdin"]
    image = f"registry:{members.address}/tour:1"
    document = explained(Product(tmp_path), image, *options, stdin=CANARY.encode())
    assert [(each["mirror"], each["outcome"]) for each in document["attempt"]["endpoints"]] == [(True, "ok")]
    assert document["attempt"]["endpoints"][0]["attempts"][0]["credential"] is None
