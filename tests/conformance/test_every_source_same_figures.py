"""One image, every source: the same config, DiffIDs, order, entries and figures."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapes
from shapes import TESTDATA, WITH_MANIFEST, WITHOUT_MANIFEST, Parts

from layerscope.inspection import Inspection, inspect_image
from layerscope.layers.cache import IndexCache
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image

Shape = Callable[[Parts, Path], str]
IMAGE = TESTDATA / "buildkit.oci-archive.tar"


@pytest.fixture(scope="module")
def parts() -> Parts:
    return shapes.take_apart(IMAGE)


@pytest.fixture(scope="module")
def reference() -> Inspection:
    return inspect(str(IMAGE))


def inspect(name: str, cache: Path | None = None, **more: Any) -> Inspection:
    reader = LayerReader(cache=IndexCache(cache) if cache else None)
    with open_image(name, reader=reader, **more) as image:
        return inspect_image(image, reader)


def _same_figures(found: Inspection, expected: Inspection) -> None:
    assert found.image.config == expected.image.config
    assert found.history == expected.history
    assert found.reclaimable == expected.reclaimable
    assert found.volumes == expected.volumes
    assert found.complete
    for name in ("layers", "entries", "uncompressed_bytes", "file_bytes", "squashed_bytes", "reclaimable_bytes"):
        assert getattr(found.totals, name) == getattr(expected.totals, name)
    assert found.totals.duplicate_bytes == expected.totals.duplicate_bytes
    assert found.totals.efficiency == expected.totals.efficiency
    for ours, theirs in zip(found.layers, expected.layers, strict=True):
        for name in ("diff_id", "chain_id", "entries", "file_bytes", "changes", "reclaimable_bytes", "instruction"):
            assert getattr(ours, name) == getattr(theirs, name), name


@pytest.mark.parametrize("shape", WITH_MANIFEST, ids=lambda shape: shape.__name__)
def test_with_a_manifest_digests_and_stored_sizes_too(
    shape: Shape, parts: Parts, reference: Inspection, tmp_path: Path
) -> None:
    found = inspect(shape(parts, tmp_path))
    _same_figures(found, reference)
    assert found.image.digest == reference.image.digest
    assert [layer.digest for layer in found.layers] == [layer.digest for layer in reference.layers]
    assert found.totals.compressed_bytes == reference.totals.compressed_bytes == sum(map(len, parts.blobs))


@pytest.mark.parametrize("shape", WITHOUT_MANIFEST, ids=lambda shape: shape.__name__)
def test_without_a_manifest_digests_are_absent_and_the_rest_is_equal(
    shape: Shape, parts: Parts, reference: Inspection, tmp_path: Path
) -> None:
    found = inspect(shape(parts, tmp_path))
    assert found.image.source == "docker-archive"
    _same_figures(found, reference)
    assert found.image.digest is None
    assert all(layer.digest is None and layer.compressed_bytes is None for layer in found.layers)
    assert found.totals.compressed_bytes is None


@pytest.mark.parametrize("shape", [*WITH_MANIFEST[1:], *WITHOUT_MANIFEST], ids=lambda shape: shape.__name__)
def test_from_standard_input(shape: Shape, parts: Parts, reference: Inspection, tmp_path: Path) -> None:
    data = Path(shape(parts, tmp_path)).read_bytes()
    _same_figures(inspect("-", stdin=io.BytesIO(data)), reference)


@pytest.mark.parametrize("shape", [*WITH_MANIFEST, *WITHOUT_MANIFEST], ids=lambda shape: shape.__name__)
def test_warm_is_the_same_as_cold(shape: Shape, parts: Parts, reference: Inspection, tmp_path: Path) -> None:
    name = shape(parts, tmp_path)
    for _ in range(2):
        _same_figures(inspect(name, cache=tmp_path / "cache"), reference)


def test_the_real_archives_of_other_tools(reference: Inspection) -> None:
    """The same image as the engine saved it, and one image from Buildah in three shapes."""
    saved = inspect(str(TESTDATA / "buildkit.docker-archive.tar.gz"))
    assert [layer.diff_id for layer in saved.layers] == [layer.diff_id for layer in reference.layers]
    buildah = inspect(str(TESTDATA / "buildah.oci-archive.tar"))
    podman = inspect(str(TESTDATA / "podman.docker-archive.tar"))
    zstd = inspect(str(TESTDATA / "zstd.oci-archive.tar"))
    assert {layer.compression for layer in zstd.layers} == {"zstd"}
    for other in (podman, zstd):
        assert [layer.diff_id for layer in other.layers] == [layer.diff_id for layer in buildah.layers]
        assert [layer.changes for layer in other.layers] == [layer.changes for layer in buildah.layers]
        assert other.reclaimable == buildah.reclaimable


def test_a_pipe_given_by_name(parts: Parts, reference: Inspection, tmp_path: Path) -> None:
    """``layerscope inspect <(docker save x)``: a path that is no regular file is streamed."""
    archive = shapes.docker_old(parts, tmp_path)
    script = "import sys, layerscope; r = layerscope.inspect('/dev/stdin', cache=False); print(r.totals.squashed_bytes)"
    with subprocess.Popen(["cat", archive], stdout=subprocess.PIPE) as cat:
        done = subprocess.run([sys.executable, "-c", script], stdin=cat.stdout, capture_output=True, text=True)
    assert done.stdout.strip() == str(reference.totals.squashed_bytes), done.stderr
