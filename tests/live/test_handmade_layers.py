"""Layers that no builder makes: the merged tree is held against `umoci unpack`, the layers against GNU tar."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from . import gnutar
from .blobs import fetch
from .command import run
from .need import need, need_root
from .product import REPOSITORY, Product
from .realtree import Node, content_bytes, read_tree
from .test_merged_tree import seen, told

if TYPE_CHECKING:
    from pathlib import Path

HANDMADE = REPOSITORY / "testdata/handmade.oci-dir"
LAYOUTS = [HANDMADE, REPOSITORY / "testdata/oddities.oci-dir"]
IMPLIED = {b"/implied", b"/implied/by"}
"""Directories that are no entries. umoci gives them 0755 and the time of unpacking."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, Node]:
    need_root()
    bundle = tmp_path_factory.mktemp("umoci") / "bundle"
    run(need("umoci"), "unpack", "--image", f"{HANDMADE}:latest", bundle)
    return read_tree(bytes(bundle / "rootfs"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def files(home: Product) -> dict[bytes, dict[str, Any]]:
    return {raw_path(each): each for each in home.files(f"oci-dir:{HANDMADE}")}


def test_paths(files: dict[bytes, Any], unpacked: dict[bytes, Node]) -> None:
    assert sorted(files) == sorted(unpacked)


def test_kinds_modes_owners_and_contents(files: dict[bytes, Any], unpacked: dict[bytes, Node]) -> None:
    both = {path: (seen(files[path]), told(unpacked[path])) for path in files.keys() & unpacked.keys()}
    assert {path: pair for path, pair in both.items() if pair[0] != pair[1]} == {}


def test_squashed_bytes(home: Product, unpacked: dict[bytes, Node]) -> None:
    assert home.json("inspect", f"oci-dir:{HANDMADE}")["totals"]["squashedBytes"] == content_bytes(unpacked)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_layer_matches_gnu_tar(home: Product, layout: Path, tmp_path: Path) -> None:
    document = home.json("inspect", f"oci-dir:{layout}")
    told = [
        (gnutar.count(plain), plain.stat().st_size, gnutar.file_bytes(plain))
        for plain in fetch(f"oci:{layout}", tmp_path / "dir").plain_layers()
    ]
    shown = [(each["entries"], each["uncompressedBytes"], each["fileBytes"]) for each in document["layers"]]
    assert shown == told


def raw_path(shown: dict[str, Any]) -> bytes:
    """The exact bytes of a path; they stand beside a text that is not UTF-8, and begin with a slash as it does."""
    return base64.b64decode(shown["pathBytes"]) if "pathBytes" in shown else shown["path"].encode()
