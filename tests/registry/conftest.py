"""Three real registries over one storage: open to all, behind passwords, behind tokens."""

from __future__ import annotations

import hashlib
import json
import logging
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.command import run
from live.need import need
from live.registry import Account, Registry, answers, serving_registry
from live.server import free_port, serving

from .pulling import CANARY, SIGNATURE, USER
from .tokens import ISSUER, SERVICE, TokenServer
from .web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTDATA = Path(__file__).parents[2] / "testdata"


@pytest.fixture(scope="session")
def anyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that anybody may read, with images in it: tour:1, platforms:1, odd:1, big:1."""
    with serving_registry(tmp_path_factory.mktemp("anyone")) as registry:
        push(f"docker-archive:{TESTDATA / 'classic.docker-archive.tar'}", f"{registry.address}/tour:1")
        push(f"oci:{TESTDATA / 'platforms.oci-dir'}", f"{registry.address}/platforms:1")
        push(f"oci:{TESTDATA / 'oddities.oci-dir'}", f"{registry.address}/odd:1")
        layout = tmp_path_factory.mktemp("big")
        write_layout(layout, [random.Random(7).randbytes(5 << 20)])
        push(f"oci:{layout}:1", f"{registry.address}/big:1")
        yield registry


@pytest.fixture(scope="session")
def members(anyone: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The same behind a password."""
    directory = tmp_path_factory.mktemp("members")
    (directory / "storage").symlink_to(anyone.log.parent / "storage")
    with serving_registry(directory, Account(USER, CANARY)) as registry:
        yield registry


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> TokenServer:
    """Who makes the tokens."""
    return TokenServer.make(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
def tokens(issuer: TokenServer) -> TokenServer:
    """The same, as good as new."""
    issuer.accounts, issuer.public, issuer.broken = {USER: CANARY}, True, None
    issuer.lives, issuer.claims, issuer.field_name = 300, 300, "token"
    issuer.grants, issuer.rotates, issuer.post, issuer.issued_at = None, False, 200, ""
    issuer.refresh_tokens.clear()
    issuer.issued.clear()
    return issuer


@pytest.fixture(scope="session")
def token_web(issuer: TokenServer) -> Iterator[Web]:
    """Where tokens are to be had."""
    with Web(issuer.answer) as web:
        yield web


@pytest.fixture(scope="session")
def bearers(
    anyone: Registry, issuer: TokenServer, token_web: Web, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """The same storage again, for who has a token."""
    directory = tmp_path_factory.mktemp("bearers")
    address = f"127.0.0.1:{free_port()}"
    token = {"realm": f"{token_web.url}/token", "service": SERVICE, "issuer": ISSUER}
    config = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(anyone.log.parent / "storage")}},
        "http": {"addr": address},
        "auth": {"token": {**token, "rootcertbundle": str(issuer.certificate)}},
    }
    file, log = directory / "registry.yml", directory / "registry.log"
    file.write_text(json.dumps(config))
    with serving([need("docker-registry"), "serve", str(file)], log, lambda: answers(address)):
        yield Registry(address, log)


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Everything any library logs during a test, down to DEBUG, is free of passwords, tokens and signatures."""
    caplog.set_level(logging.DEBUG)
    yield
    text = "\n".join(record.getMessage() for when in ("setup", "call") for record in caplog.get_records(when))
    assert CANARY not in text
    assert SIGNATURE not in text
    assert "Bearer ey" not in text
    assert "Basic d3" not in text


def push(source: str, target: str) -> None:
    """Copy an image, all its platforms, to a registry without TLS; the blobs of a layout as they are."""
    keep = ["--preserve-digests"] if source.startswith("oci:") else []
    run(need("skopeo"), "copy", "--quiet", "--all", *keep, "--dest-tls-verify=false", source, f"docker://{target}")


def write_layout(directory: Path, layers: list[bytes]) -> None:
    """A layout of one image, ``1``, of these layers as they are."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": f"sha256:{digest}", "size": len(data)}

    described = [put(layer, "layer.v1.tar+gzip") for layer in layers]
    rootfs = {"type": "layers", "diff_ids": [layer["digest"] for layer in described]}
    config = put(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode(), "config.v1+json")
    document = {"schemaVersion": 2, "config": config, "layers": described}
    manifest = put(json.dumps(document).encode(), "manifest.v1+json")
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "1"}
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
