"""What is asked of a registry, as its access log tells it: never more than the question needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .blobs import fetch

if TYPE_CHECKING:
    from pathlib import Path

    from .built import Built
    from .product import Product
    from .registry import Registry, Request


def test_history_fetches_the_config_and_no_layer(
    image: Built, registry: Registry, product: Product, tmp_path: Path
) -> None:
    config = fetch(f"docker://{image.pushed}", tmp_path / "dir").manifest["config"]["digest"]
    with registry.watched() as requests:
        product.json("history", image.reference)
    assert {digest(each) for each in requests if "/blobs/" in each.path} == {config}


def test_a_cold_inspect_fetches_every_layer_once(
    image: Built, registry: Registry, product: Product, tmp_path: Path
) -> None:
    layers = {layer["digest"] for layer in fetch(f"docker://{image.pushed}", tmp_path / "dir").manifest["layers"]}
    with registry.watched() as requests:
        product.json("inspect", image.reference)
    fetched = [digest(each) for each in requests if each.method == "GET" and "/blobs/" in each.path]
    assert sorted(each for each in fetched if each in layers) == sorted(layers)


def test_a_warm_inspect_fetches_no_layer(image: Built, registry: Registry, product: Product, tmp_path: Path) -> None:
    layers = {layer["digest"] for layer in fetch(f"docker://{image.pushed}", tmp_path / "dir").manifest["layers"]}
    cold = product.output("inspect", image.reference, "--format", "json")
    with registry.watched() as requests:
        warm = product.output("inspect", image.reference, "--format", "json")
    assert not layers & {digest(each) for each in requests}
    assert warm == cold


def digest(request: Request) -> str:
    """The last part of the path: of a blob request its digest."""
    return request.path.partition("?")[0].rpartition("/")[2]
