"""An image in a registry: layers, sizes and digests, held against skopeo, gzip and GNU tar."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from . import gnutar
from .blobs import Fetched, fetch
from .command import run
from .need import need
from .product import Product

if TYPE_CHECKING:
    from .built import Built


@pytest.fixture(scope="module")
def inspection(image: Built, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Product(tmp_path_factory.mktemp("home")).json("inspect", image.reference)


@pytest.fixture(scope="module")
def fetched(image: Built, tmp_path_factory: pytest.TempPathFactory) -> Fetched:
    return fetch(f"docker://{image.pushed}", tmp_path_factory.mktemp("fetched") / "dir")


def test_document_is_complete(inspection: Any) -> None:
    assert inspection["kind"] == "inspect"
    assert inspection["complete"] is True
    assert inspection["skipped"] == []


def test_manifest_matches_skopeo(image: Built, inspection: Any) -> None:
    raw = run(need("skopeo"), "inspect", "--tls-verify=false", "--raw", f"docker://{image.pushed}")
    manifest = json.loads(raw)
    assert inspection["image"]["digest"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert inspection["image"]["configDigest"] == manifest["config"]["digest"]
    assert inspection["image"]["mediaType"] == manifest["mediaType"]
    keys = ("digest", "compressedBytes", "mediaType")
    shown = [tuple(layer[key] for key in keys) for layer in inspection["layers"]]
    assert shown == [(layer["digest"], layer["size"], layer["mediaType"]) for layer in manifest["layers"]]
    assert inspection["totals"]["compressedBytes"] == sum(layer["size"] for layer in manifest["layers"])


def test_config_matches_skopeo(image: Built, inspection: Any) -> None:
    raw = run(need("skopeo"), "inspect", "--tls-verify=false", "--config", "--raw", f"docker://{image.pushed}")
    config = json.loads(raw)
    assert [layer["diffId"] for layer in inspection["layers"]] == config["rootfs"]["diff_ids"]
    shown = inspection["image"]["config"]
    assert shown["user"] == config["config"]["User"]
    assert shown["entrypoint"] == config["config"]["Entrypoint"]
    assert shown["cmd"] == config["config"]["Cmd"]
    assert shown["env"] == config["config"]["Env"]
    assert shown["workingDir"] == config["config"]["WorkingDir"]
    assert shown["labels"] == config["config"]["Labels"]
    assert sorted(shown["volumes"]) == sorted(config["config"]["Volumes"])
    assert sorted(shown["exposedPorts"]) == sorted(config["config"]["ExposedPorts"])
    assert inspection["image"]["platform"] == f"{config['os']}/{config['architecture']}"


def test_every_layer_matches_gnu_tar(inspection: Any, fetched: Fetched) -> None:
    shown = [(each["entries"], each["uncompressedBytes"], each["fileBytes"]) for each in inspection["layers"]]
    told = [(gnutar.count(plain), plain.stat().st_size, gnutar.file_bytes(plain)) for plain in fetched.plain_layers()]
    assert shown == told
    totals = inspection["totals"]
    assert totals["layers"] == len(told)
    assert (totals["entries"], totals["uncompressedBytes"], totals["fileBytes"]) == tuple(
        map(sum, zip(*told, strict=True))
    )


def test_diff_ids_are_the_digests_of_the_streams(inspection: Any, fetched: Fetched) -> None:
    for layer, plain in zip(inspection["layers"], fetched.plain_layers(), strict=True):
        with plain.open("rb") as stream:
            assert layer["diffId"] == f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def test_instructions_match_docker_history(image: Built, inspection: Any) -> None:
    told = image.engine.history(image.local)
    assert [step["createdBy"] or "" for step in inspection["history"]] == told
    made = [step["index"] for step in inspection["history"] if step["layer"] is not None]
    assert [layer["instruction"]["historyIndex"] for layer in inspection["layers"]] == made
    assert [layer["instruction"]["createdBy"] or "" for layer in inspection["layers"]] == [told[step] for step in made]


def test_steps_without_a_layer_match_the_config(inspection: Any, fetched: Fetched) -> None:
    empty = [bool(step.get("empty_layer")) for step in fetched.config["history"]]
    assert [step["layer"] is None for step in inspection["history"]] == empty


def test_kinds_of_instructions_match_docker_history(image: Built, inspection: Any) -> None:
    """The first step is left out: it is no instruction but `docker import`."""
    words = [
        re.sub(r"^/bin/sh -c (#\(nop\) +)?", "" if "#(nop)" in line else "RUN ", line) for line in told_steps(image)
    ]
    assert [step["instruction"]["kind"] for step in inspection["history"][1:]] == [word.split()[0] for word in words]
    builders = {layer["instruction"]["builder"] for layer in inspection["layers"][1:]}
    assert builders == {image.builder}


def told_steps(image: Built) -> list[str]:
    """`docker history` without the base."""
    return image.engine.history(image.local)[1:]
