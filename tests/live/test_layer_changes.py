"""What each layer changed: held against the kernel's merge of the stack with and without it, and against GNU tar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from . import gnutar
from .blobs import fetch
from .overlay import stacked_trees
from .product import Product
from .stackdiff import Changed, changed

if TYPE_CHECKING:
    from pathlib import Path

    from .built import Built, Pulled
    from .overlay import Tree


@pytest.fixture(scope="module")
def inspection(image: Built, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Product(tmp_path_factory.mktemp("home")).json("inspect", image.reference)


def test_changes_of_every_layer_match_the_kernel(pulled: Pulled, inspection: Any) -> None:
    told = []
    before: Tree = {}
    for after in stacked_trees(pulled.engine, pulled.name):
        told.append(changed(before, after))
        before = after
    assert [shown(layer["changes"]) for layer in inspection["layers"]] == told


def test_the_deleting_layer_matches_gnu_tar(image: Built, inspection: Any, tmp_path: Path) -> None:
    """Counts the paths that its whiteouts name, in the listings of the layers below."""
    position = next(
        layer["index"] for layer in inspection["layers"] if "rm -rf /usr/share/doc" in layer["instruction"]["createdBy"]
    )
    stack: set[bytes] = set()
    for index, plain in enumerate(fetch(f"docker://{image.pushed}", tmp_path / "dir").plain_layers()):
        listed = gnutar.members(plain)
        whiteouts = [each.path.replace(gnutar.MARKER, b"") for each in listed if each.name.startswith(gnutar.MARKER)]
        gone = {path for path in stack if any(path == out or path.startswith(out + b"/") for out in whiteouts)}
        if index == position:
            assert not any(each.name == gnutar.OPAQUE for each in listed)
            assert whiteouts
            assert inspection["layers"][position]["changes"]["deleted"]["count"] == len(gone)
            return
        stack = (stack - gone) | {each.path for each in listed if not each.name.startswith(gnutar.MARKER)}
    pytest.fail("no layer deletes anything")


def test_reclaimable_bytes_add_up(inspection: Any) -> None:
    totals = inspection["totals"]
    assert totals["reclaimableBytes"] == totals["fileBytes"] - totals["squashedBytes"]
    assert totals["reclaimableBytes"] == sum(each["bytes"] for each in inspection["reclaimable"])
    causes = {each["path"]: each["cause"] for each in inspection["reclaimable"]}
    assert causes["/srv/app/static/banner.txt"] == "deleted"
    assert causes["/srv/app/static/site.css"] == "opaque"
    assert causes["/srv/app/server.py"] == "rewritten"
    assert causes["/srv/app/settings.ini"] == "overwritten"


def shown(changes: dict[str, dict[str, int]]) -> Changed:
    """layerscope's own account of a layer."""
    return Changed(
        added=changes["added"]["count"],
        modified=changes["modified"]["count"],
        metadata=changes["metadata"]["count"],
        deleted=changes["deleted"]["count"],
        deleted_bytes=changes["deleted"]["bytes"],
    )
