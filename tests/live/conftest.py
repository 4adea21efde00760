"""One engine, one registry and two images for the whole run: starting and building is what takes time."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .bases import shared_bases
from .built import Built, Pulled, build, import_base
from .dockerfileast import DockerfileAst, install_parser
from .engine import Engine, serving_engine
from .product import Product
from .registry import Registry, serving_registry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A Docker engine on overlay2. Short paths: a socket's path may have 107 bytes, mount options a page."""
    with tempfile.TemporaryDirectory(prefix="ls-") as directory, serving_engine(Path(directory)) as running:
        yield running


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that anybody may read."""
    with serving_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="session")
def base(engine: Engine) -> Engine:
    """The engine, with the base image in it."""
    import_base(engine)
    return engine


@pytest.fixture(scope="session")
def bases(base: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Archives of what images of every builder stand on."""
    return shared_bases(base, tmp_path_factory.mktemp("bases"))


@pytest.fixture(scope="session", params=["classic", "buildkit"])
def image(request: pytest.FixtureRequest, base: Engine, registry: Registry) -> Built:
    """An image of real life, once from each builder."""
    return build(base, registry, request.param)


@pytest.fixture(scope="session")
def puller() -> Iterator[Engine]:
    """An engine that has built nothing: what it unpacks comes out of layer blobs, times and all."""
    with tempfile.TemporaryDirectory(prefix="ls-") as directory, serving_engine(Path(directory)) as running:
        yield running


@pytest.fixture(scope="session")
def pulled(image: Built, puller: Engine) -> Pulled:
    """The image as anybody would have it who pulls it."""
    puller.docker("pull", "-q", image.pushed)
    return Pulled(image.pushed, puller)


@pytest.fixture(scope="session")
def dockerfile_ast(tmp_path_factory: pytest.TempPathFactory) -> DockerfileAst:
    """A parser of Dockerfiles that is not ours."""
    return install_parser(tmp_path_factory.mktemp("dockerfile-ast"))


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """layerscope with an empty cache and an empty home."""
    return Product(tmp_path)
