"""What the cache keeps for engines: documents by digest, and layers whose DiffID an engine vouches for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from making import docker_archive, file, simple_layout, tar_of

from layerscope.inspection import inspect_image
from layerscope.layers.blob import LayerBlob
from layerscope.layers.cache import IndexCache, vouched_by_engine
from layerscope.layers.reader import LayerReader
from layerscope.oci.digest import Digest
from layerscope.sources.open import open_image

ONE = tar_of(file("one", b"1" * 5000))
DOCUMENT = b'{"rootfs": {}}'
DIGEST = Digest.of(DOCUMENT)
DIFF_ID = Digest.of(ONE)


@pytest.fixture
def cache(tmp_path: Path) -> IndexCache:
    return IndexCache(tmp_path / "cache")


def read(cache: IndexCache, name: str) -> None:
    reader = LayerReader(cache=cache)
    with open_image(name, reader=reader) as image:
        inspect_image(image, reader)


def vouched(diff_id: Digest = DIFF_ID) -> LayerBlob:
    return LayerBlob(0, diff_id, None, witness=vouched_by_engine(diff_id))


def test_documents(cache: IndexCache) -> None:
    assert cache.document(DIGEST) is None
    cache.put_document(DIGEST, DOCUMENT)
    assert cache.document(DIGEST) == DOCUMENT
    assert IndexCache(cache.directory).document(DIGEST) == DOCUMENT


@pytest.mark.parametrize("content", [b"", DOCUMENT[:-1], DOCUMENT + b" "])
def test_a_damaged_document_is_dropped(cache: IndexCache, content: bytes) -> None:
    cache.put_document(DIGEST, DOCUMENT)
    (path,) = (cache.directory / "v1/documents").iterdir()
    path.write_bytes(content)
    assert cache.document(DIGEST) is None
    assert not path.exists()


def test_documents_are_told_of_and_pruned_like_the_rest(cache: IndexCache) -> None:
    cache.put_document(DIGEST, DOCUMENT)
    assert [found.size for found in cache.files()] == [len(DOCUMENT)]
    assert len(cache.prune(max_bytes=0)) == 1
    assert cache.document(DIGEST) is None
    cache.put_document(DIGEST, DOCUMENT)
    assert len(cache.clear()) == 1


@pytest.mark.parametrize("kind", ["layout", "archive"])
def test_an_engine_vouches_for_a_layer_read_from_anywhere(cache: IndexCache, tmp_path: Path, kind: str) -> None:
    assert cache.get(vouched(), ()) is None and not cache.has(vouched(), ())
    name = f"oci-dir:{simple_layout(tmp_path / 'l', ONE)}" if kind == "layout" else docker_archive(tmp_path / "x", ONE)
    read(cache, str(name))
    found = cache.get(vouched(), ())
    assert cache.has(vouched(), ())
    assert found is not None
    # What an engine would save: the tar stream, as it is.
    assert (found.stored_digest, found.stored_bytes, found.compression) == (DIFF_ID, len(ONE), "none")
    assert found.index.paths == [b"one"]


def test_nobody_else_is_believed_by_diff_id_alone(cache: IndexCache, tmp_path: Path) -> None:
    read(cache, f"oci-dir:{simple_layout(tmp_path / 'layout', ONE)}")
    other = Digest.of(b"another blob")
    for blob in (
        LayerBlob(0, DIFF_ID, None),
        LayerBlob(0, DIFF_ID, None, witness="/some/file 1 2 3"),
        LayerBlob(0, DIFF_ID, None, digest=other),
        LayerBlob(0, DIFF_ID, None, digest=other, witness=vouched_by_engine(DIFF_ID)),
        LayerBlob(0, DIFF_ID, None, witness=vouched_by_engine(other)),
    ):
        assert cache.get(blob, ()) is None
        assert not cache.has(blob, ())


def test_a_missing_probe_or_a_damaged_index_is_no_answer(cache: IndexCache, tmp_path: Path) -> None:
    read(cache, f"oci-dir:{simple_layout(tmp_path / 'layout', ONE)}")

    class Probe:
        id, version = "never-ran", 1

    assert cache.get(vouched(), [Probe()]) is None  # type: ignore[list-item]
    assert not cache.has(vouched(), [Probe()])  # type: ignore[list-item]
    (index,) = (cache.directory / "v1/indexes").iterdir()
    index.write_bytes(index.read_bytes()[:-1])
    assert not cache.has(vouched(), ())
    assert cache.get(vouched(), ()) is None
    assert not index.exists()


def test_what_get_answers_has_announces(cache: IndexCache, tmp_path: Path) -> None:
    name = f"oci-dir:{simple_layout(tmp_path / 'layout', ONE)}"
    read(cache, name)
    with open_image(name) as image:
        (layer,) = image.layers
        assert cache.has(layer, ()) and cache.get(layer, ()) is not None
        resized = dataclasses.replace(layer, size=(layer.size or 0) + 1)
        assert not cache.has(resized, ()) and cache.get(resized, ()) is None
