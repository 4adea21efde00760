"""One daemon for the whole run. Collected only where LAYERSCOPE_BUILDKIT names its binaries: see .ci/buildkit."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.builders import OF_DEBIAN, builder_of_debian
from live.engine import Engine, serving_engine
from live.product import Product
from live.registry import serving_registry
from live.workshop import Workshop

from .daemon import serving_buildkit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .daemon import BuildKit

BINARIES = os.environ.get("LAYERSCOPE_BUILDKIT")
# Not skipped: where skips are failures, what was never built must not fail either.
collect_ignore_glob = [] if BINARIES else ["test_*.py"]


@pytest.fixture(scope="session")
def binaries() -> Path:
    """Where buildkitd, buildctl and the parser are."""
    if not BINARIES:  # a file was named on pytest's command line
        pytest.fail("LAYERSCOPE_BUILDKIT names no BuildKit: run .ci/buildkit", pytrace=False)
    return Path(BINARIES)


@pytest.fixture(scope="session")
def buildkit(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuildKit]:
    """A daemon. A short path: a socket's may have 107 bytes."""
    with (
        serving_registry(tmp_path_factory.mktemp("registry")) as registry,
        tempfile.TemporaryDirectory(prefix="ls-") as directory,
        serving_buildkit(binaries, Path(directory), registry) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def workshop(buildkit: BuildKit, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """What the daemon makes of the Dockerfiles that all builders read, and of those that only it does."""
    return Workshop(buildkit, tmp_path_factory.mktemp("dockerfiles"), {}, Path(__file__).parent / "dockerfiles")


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A Docker engine, in which Debian's builders run."""
    with tempfile.TemporaryDirectory(prefix="ls-") as directory, serving_engine(Path(directory)) as running:
        yield running


@pytest.fixture(scope="module", params=OF_DEBIAN)
def older(
    request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    """What builders of some years ago make of the Dockerfiles that all builders read."""
    with builder_of_debian(request.param, engine) as builder:
        yield Workshop(builder, tmp_path_factory.mktemp(builder.name), {})


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """layerscope with an empty cache and an empty home."""
    return Product(tmp_path)
