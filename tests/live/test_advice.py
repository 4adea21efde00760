"""Advice put to the test: the same image built as it was and as advised, and the bytes that are gone counted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .machine import proxy_arguments
from .product import Product

if TYPE_CHECKING:
    from .built import Built

DOCKERFILES = Path(__file__).parent / "advice"
BYTES = {"tool": 2_000_003, "gone": 1_500_007, "copy": 1_200_011, "seed": 1_100_017}
LOGS = ("/var/log/", "/var/cache/ldconfig/")
"""What a package manager writes of its own doing: no two runs write the same."""


@pytest.fixture(scope="module")
def built(image: Built, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Both images inspected, with the bytes of each layer's files but the logs."""
    context = tmp_path_factory.mktemp("advice")
    for name, size in BYTES.items():
        (context / name).write_bytes((name.encode() * size)[:size])
    product = Product(tmp_path_factory.mktemp("home"), {"DOCKER_HOST": image.engine.host})
    found = {}
    for name in ("wasteful", "advised"):
        shutil.copy(DOCKERFILES / f"{name}.Dockerfile", context / "Dockerfile")
        local = f"layerscope-live/{name}"
        arguments = ["build", "-q", "--network=host", "--build-arg", f"BASE={image.local}", *proxy_arguments()]
        image.engine.docker(*arguments, "-t", local, context, DOCKER_BUILDKIT="1")
        document = product.json("inspect", f"docker:{local}")
        document["shipped"] = sum(shipped(product, local, layer["index"]) for layer in document["layers"])
        found[name] = document
    return found


def shipped(product: Product, local: str, layer: int) -> int:
    rows = product.json("files", f"docker:{local}", "--layer", str(layer))["files"]
    return sum(row["size"] for row in rows if row["kind"] == "file" and not row["path"].startswith(LOGS))


def told(document: Any, kind: str) -> list[dict[str, Any]]:
    return [item for item in document["advice"] if item["kind"] == kind]


@pytest.mark.parametrize("image", ["buildkit"], indirect=True)  # COPY --chmod is BuildKit's
def test_each_habit_is_found(built: dict[str, Any]) -> None:
    wasteful = built["wasteful"]
    steps = {layer["index"]: layer["instruction"]["createdBy"] for layer in wasteful["layers"]}

    def only(kind: str, step: str) -> dict[str, Any]:
        (found,) = [item for item in told(wasteful, kind) if step in steps[item["layer"]]]
        return found

    assert only("deleted", "COPY tool gone copy")["bytes"] == BYTES["gone"]
    assert only("deleted", "seq 1 300000")["bytes"] == len("".join(f"{n}\n" for n in range(1, 300001)))
    assert only("rewritten", "COPY tool gone copy")["bytes"] == BYTES["tool"]
    assert only("duplicate", "cp /srv/data/copy")["bytes"] == BYTES["copy"]
    assert only("volume", "COPY seed")["bytes"] == BYTES["seed"]
    apt = only("package-cache", "install -y --no-install-recommends file")
    assert (apt["tool"], apt["paths"]) == ("apt", [{"path": "/var/cache/apt"}, {"path": "/var/lib/apt/lists"}])


@pytest.mark.parametrize("image", ["buildkit"], indirect=True)
def test_what_was_advised_is_what_is_saved(built: dict[str, Any]) -> None:
    wasteful, advised = built["wasteful"], built["advised"]
    promised = sum(item["bytes"] for item in wasteful["advice"]) - sum(item["bytes"] for item in advised["advice"])
    assert promised > sum(BYTES.values())
    assert wasteful["shipped"] - advised["shipped"] == promised
    added = [item for item in advised["advice"] if item["layer"] >= len(advised["layers"]) - 5]
    assert added == [], "nothing is left to say of what was built as advised"
