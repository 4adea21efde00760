"""One cluster for the whole run. Collected only where LAYERSCOPE_APISERVER names its server: see .ci/cluster."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.product import Product

from .running import Running, serving_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = os.environ.get("LAYERSCOPE_APISERVER")
# Not skipped: where skips are failures, what was never built must not fail either.
collect_ignore_glob = [] if SERVER else ["test_*.py"]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A cluster's API with RBAC on."""
    if not SERVER:  # a file was named on pytest's command line
        pytest.fail("LAYERSCOPE_APISERVER names no kube-apiserver: run .ci/cluster", pytrace=False)
    with serving_cluster(Path(SERVER), tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """layerscope with an empty cache and an empty home."""
    return Product(tmp_path)
