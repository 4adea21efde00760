"""Pulling what is there: every way of naming it, with no more requests than needed."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from layerscope.errors import (
    InvalidImage,
    InvalidReference,
    NotFound,
    PlatformNotFound,
    SourceUnreachable,
    UnsupportedImage,
)
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob, verify
from layerscope.oci.digest import Digest
from layerscope.oci.platform import Platform

from .conftest import TESTDATA, push
from .pulling import client_for, opened, options, read_all, refused
from .web import Ask, Reply, Web, faulty, watching

if TYPE_CHECKING:
    from live.registry import Registry


def test_a_tag(anyone: Registry) -> None:
    image = opened(f"{anyone.address}/tour:1")
    assert image.reference == f"{anyone.address}/tour:1"
    assert image.source == "registry"
    assert image.manifest is not None
    assert image.index_digest is None
    assert image.platforms == (Platform("linux", "amd64"),)
    assert len(read_all(image)) == 12


def test_every_layer_reads_and_verifies(anyone: Registry) -> None:
    for name in ("tour:1", "platforms:1", "odd:1"):
        with opened(f"{anyone.address}/{name}") as image:
            for layer in image.layers:
                assert layer.open is not None
                with layer.open() as chunks:
                    verify(read_blob(chunks, layer.label, limits=Limits(), size=layer.size), layer)


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_an_index_leads_to_the_platform_asked_for(anyone: Registry, architecture: str) -> None:
    image = opened(f"{anyone.address}/platforms:1", Platform("linux", architecture))
    index = json.loads((TESTDATA / "platforms.oci-dir" / "index.json").read_text())["manifests"][0]
    assert str(image.index_digest) == index["digest"]
    assert image.config.platform == Platform("linux", architecture)
    assert image.platforms == (Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert len(read_all(image)) == 1


def test_a_platform_that_is_not_there(anyone: Registry) -> None:
    with refused(PlatformNotFound, "windows/amd64", "linux/amd64, linux/arm64", hint="--platform"):
        opened(f"{anyone.address}/platforms:1", Platform("windows", "amd64"))


def test_a_digest_decides_over_the_tag(anyone: Registry) -> None:
    with opened(f"{anyone.address}/tour:1") as image:
        assert image.manifest is not None
        digest = image.manifest.digest
    for name in (f"tour@{digest}", f"tour:no-such-tag@{digest}"):
        with opened(f"{anyone.address}/{name}") as image:
            assert image.manifest is not None
            assert image.manifest.digest == digest
            assert image.reference == f"{anyone.address}/{name}"


def test_what_is_not_there_is_named(anyone: Registry) -> None:
    with refused(NotFound, f"{anyone.address}/tour:2 was not found", "404 MANIFEST_UNKNOWN", hint="tag"):
        opened(f"{anyone.address}/tour:2")
    with refused(NotFound, f"{anyone.address}/nothing:latest", "404"):
        opened(f"{anyone.address}/nothing")
    digest = Digest.of(b"nothing")
    with refused(NotFound, str(digest)):
        opened(f"{anyone.address}/tour@{digest}")


def test_one_manifest_and_one_config_are_fetched_and_nothing_else(anyone: Registry) -> None:
    with watching(anyone.address) as web, opened(f"{web.address}/tour:1") as image:
        config = image.config.digest
    assert [(ask.method, ask.path, ask.status) for ask in web.seen] == [
        ("GET", "/v2/tour/manifests/1", 200),
        ("GET", f"/v2/tour/blobs/{config}", 200),
    ]


def test_an_index_costs_one_request_more(anyone: Registry) -> None:
    with watching(anyone.address) as web, opened(f"{web.address}/platforms:1", Platform("linux", "arm64")):
        pass
    assert [ask.is_manifest for ask in web.seen] == [True, True, False]


def test_every_layer_is_one_request(anyone: Registry) -> None:
    with watching(anyone.address) as web:
        image = opened(f"{web.address}/tour:1")
        read_all(image)
    assert len(web.seen) == 2 + len(image.layers)


def test_threads_share_the_connections(anyone: Registry) -> None:
    with opened(f"{anyone.address}/tour:1", settings=options(connections=4)) as image, ThreadPoolExecutor(4) as pool:

        def digest(number: int) -> Digest:
            opener = image.layers[number % len(image.layers)].open
            assert opener is not None
            with opener() as chunks:
                return Digest.of(b"".join(chunks))

        found = list(pool.map(digest, range(48)))
    assert found == [layer.digest for layer in image.layers] * 4


def test_one_connection_serves_requests_in_turn(anyone: Registry, caplog: pytest.LogCaptureFixture) -> None:
    read_all(opened(f"{anyone.address}/tour:1"))
    assert sum("Starting new HTTP connection" in record.getMessage() for record in caplog.records) == 1


def test_a_layer_the_registry_has_lost(anyone: Registry) -> None:
    with opened(f"{anyone.address}/tour:1") as image:
        lost = str(image.layers[3].digest)

    def fault(ask: Ask, _: Reply) -> Reply | None:
        return Reply(404, body=b'{"errors":[{"code":"BLOB_UNKNOWN"}]}') if lost in ask.path else None

    with faulty(anyone.address, fault) as web, opened(f"{web.address}/tour:1") as image:
        opener = image.layers[3].open
        assert opener is not None
        with refused(NotFound, lost, "404 BLOB_UNKNOWN"), opener():
            pass


def test_a_tag_that_moves_meanwhile_changes_nothing(anyone: Registry) -> None:
    push(f"oci:{TESTDATA / 'platforms.oci-dir'}", f"{anyone.address}/moving:1")

    def fault(ask: Ask, _: Reply) -> None:
        if ask.path.endswith("/manifests/1"):
            push(f"oci:{TESTDATA / 'oddities.oci-dir'}", f"{anyone.address}/moving:1")

    with faulty(anyone.address, fault) as web:
        image = opened(f"{web.address}/moving:1")
        assert image.index_digest is not None
        assert len(read_all(image)) == 1
        assert len(web.asked("/manifests/1")) == 1
        assert len(read_all(opened(f"{web.address}/moving:1"))) == 5


def test_a_wrong_content_digest(anyone: Registry) -> None:
    other = Digest.of(b"other")

    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_manifest:
            reply.headers["Docker-Content-Digest"] = str(other)

    with (
        faulty(anyone.address, fault) as web,
        refused(InvalidImage, f"{web.address}/tour:1", str(other), "Docker-Content-Digest"),
    ):
        opened(f"{web.address}/tour:1")


def test_a_content_digest_that_is_none_is_passed_over(anyone: Registry) -> None:
    def fault(_: Ask, reply: Reply) -> None:
        reply.headers["Docker-Content-Digest"] = "W/nonsense"

    with faulty(anyone.address, fault) as web:
        read_all(opened(f"{web.address}/tour:1"))


def test_a_manifest_that_is_not_the_digest_asked_for(anyone: Registry) -> None:
    with opened(f"{anyone.address}/tour:1") as image:
        assert image.manifest is not None
        digest = image.manifest.digest

    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_manifest:
            reply.body += b"\n"
            reply.headers["Docker-Content-Digest"] = str(Digest.of(reply.body))

    with faulty(anyone.address, fault) as web, refused(InvalidImage, f"{digest} was asked for"):
        opened(f"{web.address}/tour@{digest}")


@pytest.mark.parametrize("path", ["/manifests/sha256", "/blobs/"])
def test_a_child_or_config_that_is_not_its_digest(anyone: Registry, path: str) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if path in ask.path:
            reply.body = reply.body.replace(b"linux", b"Linux").replace(b"sha256:0", b"sha256:1").replace(b"2", b"3")

    with faulty(anyone.address, fault) as web, refused(InvalidImage, "digest is wrong"):
        opened(f"{web.address}/platforms:1", Platform("linux", "amd64"))


def test_a_manifest_without_end() -> None:
    with (
        Web(lambda _: Reply(body=b" " * (5 << 20), chunked=True)) as web,
        refused(InvalidImage, "more than 4194304 bytes"),
    ):
        opened(f"{web.address}/x")


def test_schema_1_is_refused_by_name() -> None:
    body = json.dumps({"schemaVersion": 1, "name": "x", "fsLayers": []}).encode()
    headers = {
        "Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "Docker-Content-Digest": str(Digest.of(b"the payload without its signatures")),
    }
    with Web(lambda _: Reply(200, headers, body)) as web, refused(UnsupportedImage, "schema 1"):
        opened(f"{web.address}/x")
    assert "application/vnd.oci.image.index.v1+json" in web.seen[0].headers["accept"]
    assert "application/vnd.docker.distribution.manifest.v1+prettyjws" in web.seen[0].headers["accept"]


def test_a_config_beyond_the_limit_is_not_fetched(anyone: Registry) -> None:
    def fault(ask: Ask, reply: Reply) -> None:
        if ask.is_manifest:
            manifest = json.loads(reply.body)
            manifest["config"]["size"] = 5 << 20
            reply.body = json.dumps(manifest).encode()
            reply.headers.pop("Docker-Content-Digest", None)

    with faulty(anyone.address, fault) as web, refused(InvalidImage, "claims 5242880 bytes"):
        opened(f"{web.address}/odd:1")
    assert not web.asked("/blobs/")


def test_what_oras_inherits_goes_our_way(anyone: Registry) -> None:
    client = client_for(f"{anyone.address}/tour:1")
    with contextlib.closing(client):
        assert client.get_tags(client.container) == ["1"]


def test_tags_that_do_not_all_arrive(anyone: Registry) -> None:
    def fault(_: Ask, reply: Reply) -> None:
        reply.cut = 3

    with faulty(anyone.address, fault) as web, refused(SourceUnreachable, "did not send all"):
        client = client_for(f"{web.address}/tour:1")
        with contextlib.closing(client):
            client.get_tags(client.container)


@pytest.mark.parametrize("host", ["host.example:99999", "[:::::]", "[1234567890]:5000"])
def test_a_registry_that_cannot_be(host: str) -> None:
    with refused(InvalidReference, host):
        opened(f"{host}/x")


def test_foreign_urls_are_never_followed(anyone: Registry) -> None:
    with Web(lambda _: Reply(body=b"poison")) as elsewhere:

        def fault(ask: Ask, reply: Reply) -> Reply | None:
            if ask.is_manifest:
                manifest = json.loads(reply.body)
                for layer in manifest["layers"]:
                    layer["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
                    layer["urls"] = [f"{elsewhere.url}/layer"]
                reply.body = json.dumps(manifest).encode()
                reply.headers.pop("Docker-Content-Digest", None)
                return None
            return Reply(404) if ask.is_blob and ask.nth == 1 and len(web.asked("/blobs/")) > 1 else None

        with faulty(anyone.address, fault) as web, opened(f"{web.address}/odd:1") as image:
            opener = image.layers[0].open
            assert opener is not None
            with refused(NotFound, "404"), opener():
                pass
        assert not elsewhere.seen
