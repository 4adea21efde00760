"""Exit codes where a registry says no."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING

import pytest

from .command import run
from .need import need
from .product import REPOSITORY, Product
from .registry import Account, Registry, serving_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLATFORMS = REPOSITORY / "testdata/platforms.oci-dir"
NAME = "live/platforms:1"


@pytest.fixture(scope="module")
def open_registry(registry: Registry) -> Registry:
    """A registry with an index of two platforms."""
    push(registry)
    return registry


@pytest.fixture(scope="module")
def account() -> Account:
    return Account("reader", secrets.token_hex(8))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, account: Account) -> Iterator[Registry]:
    """The same behind a password."""
    with serving_registry(tmp_path_factory.mktemp("guarded"), account) as running:
        push(running, "--dest-creds", f"{account.user}:{account.password}")
        yield running


def push(registry: Registry, *arguments: str) -> None:
    """Puts the two-platform image into a registry."""
    target = f"docker://{registry.address}/{NAME}"
    run(need("skopeo"), "copy", "-q", "--all", "--dest-tls-verify=false", *arguments, f"oci:{PLATFORMS}", target)


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_a_platform_of_the_index(open_registry: Registry, product: Product, platform: str) -> None:
    document = product.json("inspect", f"registry:{open_registry.address}/{NAME}", "--platform", platform)
    assert document["image"]["platform"] == platform
    assert sorted(each["platform"] for each in document["image"]["platforms"]) == ["linux/amd64", "linux/arm64"]
    index = run(need("skopeo"), "inspect", "--tls-verify=false", "--raw", f"docker://{open_registry.address}/{NAME}")
    manifests = {each["platform"]["architecture"]: each["digest"] for each in json.loads(index)["manifests"]}
    assert document["image"]["digest"] == manifests[platform.partition("/")[2]]


@pytest.mark.parametrize("command", ["inspect", "history"])
def test_a_platform_that_is_not_there(open_registry: Registry, product: Product, command: str) -> None:
    done = product.run(command, f"registry:{open_registry.address}/{NAME}", "--platform", "linux/s390x")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"linux/s390x" in done.stderr
    assert b"linux/arm64" in done.stderr


@pytest.mark.parametrize("name", ["live/platforms:2", "live/nothing:1"])
def test_a_name_that_is_not_there(open_registry: Registry, product: Product, name: str) -> None:
    done = product.run("inspect", f"registry:{open_registry.address}/{name}")
    assert (done.returncode, done.stdout) == (3, b"")
    assert name.encode() in done.stderr


def test_a_registry_that_is_not_there(product: Product, tmp_path: Path) -> None:
    with serving_registry(tmp_path) as gone:
        address = gone.address
    assert product.run("inspect", f"registry:{address}/{NAME}").returncode == 3


def test_without_credentials(guarded: Registry, product: Product) -> None:
    done = product.run("inspect", f"registry:{guarded.address}/{NAME}")
    assert (done.returncode, done.stdout) == (4, b"")


def test_with_the_credentials_of_docker_config(
    guarded: Registry, account: Account, product: Product, tmp_path: Path
) -> None:
    done = with_password(guarded, account.user, account.password, product, tmp_path)
    assert done == 0


def test_with_a_wrong_password(guarded: Registry, account: Account, product: Product, tmp_path: Path) -> None:
    assert with_password(guarded, account.user, "wrong", product, tmp_path) == 4


def test_no_password_is_shown(guarded: Registry, account: Account, product: Product, tmp_path: Path) -> None:
    settings = docker_config(guarded, account.user, account.password, tmp_path)
    allowed = Product(product.home, {"DOCKER_CONFIG": settings})
    done = allowed.run("inspect", f"registry:{guarded.address}/{NAME}", "-vv")
    said = done.stdout + done.stderr
    assert account.password.encode() not in said
    assert base64.b64encode(f"{account.user}:{account.password}".encode()) not in said


def with_password(registry: Registry, user: str, password: str, product: Product, tmp_path: Path) -> int:
    """The exit code with these credentials in a Docker config."""
    settings = {"DOCKER_CONFIG": docker_config(registry, user, password, tmp_path)}
    return Product(product.home, settings).run("inspect", f"registry:{registry.address}/{NAME}").returncode


def docker_config(registry: Registry, user: str, password: str, directory: Path) -> str:
    """A Docker config directory with plain `auths`."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    (directory / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": token}}}))
    return str(directory)
