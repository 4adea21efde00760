"""An engine's image and the archive it was loaded from: one and the same, and asked for no more than once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from layerscope.errors import NotFound, PlatformNotFound
from layerscope.layers.cache import IndexCache
from layerscope.oci.digest import Digest

from .looking import look, look_at_metadata, same_figures
from .running import TESTDATA

if TYPE_CHECKING:
    from pathlib import Path

    from .running import Running
    from .watched import Watched

IMAGES = [
    ("tour:classic", "classic.docker-archive.tar"),
    ("localhost/mounted", "podman.docker-archive.tar"),
]


@pytest.fixture(autouse=True)
def _engine(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", watched.host)
    monkeypatch.setenv("CONTAINER_HOST", watched.host)


@pytest.mark.parametrize(("name", "archive"), IMAGES)
def test_figures_are_those_of_the_archive(
    engine: Running, watched: Watched, name: str, archive: str, tmp_path: Path
) -> None:
    expected = look(str(TESTDATA / archive))
    found = look(f"{engine.scheme}:{name}", tmp_path / "cache")
    same_figures(found, expected)
    assert found.image.source == engine.scheme
    assert found.image.digest is None
    assert found.totals.compressed_bytes is None
    assert all(layer.digest is None and layer.compressed_bytes is None for layer in found.layers)
    assert len(watched.saves) == 1
    assert str(found.image.config.digest) in watched.saves[0]  # by ID: never by a name that may have several tags


@pytest.mark.parametrize(("name", "archive"), IMAGES)
def test_a_warm_run_asks_for_no_save(
    engine: Running, watched: Watched, name: str, archive: str, tmp_path: Path
) -> None:
    cold = look(f"{engine.scheme}:{name}", tmp_path / "cache")
    watched.requests.clear()
    warm = look(f"{engine.scheme}:{name}", tmp_path / "cache")
    assert watched.saves == []
    assert len(watched.requests) == 2  # who are you, what is it
    same_figures(warm, look(str(TESTDATA / archive)))
    assert (warm.image, warm.totals, warm.layers) == (cold.image, cold.totals, cold.layers)


def test_layers_known_from_elsewhere_need_no_save_once_the_config_is_known(
    engine: Running, watched: Watched, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    look(str(TESTDATA / "classic.docker-archive.tar"), cache)  # a witnessed archive: by another rule than the engine's
    config = look(f"{engine.scheme}:tour:classic").image.config.digest
    assert config is not None
    saved = look(f"{engine.scheme}:tour:classic", tmp_path / "other")
    document = IndexCache(tmp_path / "other").document(config)
    assert document is not None and Digest.of(document) == config
    IndexCache(cache).put_document(config, document)
    watched.requests.clear()
    assert look(f"{engine.scheme}:tour:classic", cache).layers == saved.layers
    assert watched.saves == []


@pytest.mark.parametrize("lost", ["documents", "indexes"])
@pytest.mark.parametrize("how", ["removed", "damaged"])
def test_what_the_cache_lost_is_saved_again(
    engine: Running, watched: Watched, lost: str, how: str, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cold = look(f"{engine.scheme}:tour:classic", cache)
    victim = sorted((cache / "v1" / lost).iterdir())[0]
    if how == "removed":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-9] + b"x" * 9)
    watched.requests.clear()
    assert look(f"{engine.scheme}:tour:classic", cache).layers == cold.layers
    assert len(watched.saves) == 1
    watched.requests.clear()
    look(f"{engine.scheme}:tour:classic", cache)
    assert watched.saves == []


def test_history_asks_for_no_layer(engine: Running, watched: Watched) -> None:
    expected = look(str(TESTDATA / "classic.docker-archive.tar"))
    told = look_at_metadata(f"{engine.scheme}:tour:classic")
    assert watched.saves == []
    assert [step.layer for step in told.history] == [step.layer for step in expected.history]
    assert [step.created_by for step in told.history] == [step.created_by for step in expected.history]
    assert [layer.diff_id for layer in told.layers] == [layer.diff_id for layer in expected.layers]
    assert [layer.instruction.kind for layer in told.layers] == [layer.instruction.kind for layer in expected.layers]
    assert told.image.config.digest == expected.image.config.digest
    # The engine's sizes stand beside ours, never in their place.
    sizes = [step.engine_bytes for step in told.history]
    assert all(size is not None for size in sizes)
    assert sum(size or 0 for size in sizes) > 100_000
    assert all(layer.file_bytes is None and layer.compressed_bytes is None for layer in told.layers)
    assert told.totals.file_bytes is None
    assert any("as the engine tells" in note.text for note in told.notes)
    assert not told.complete


def test_history_of_a_known_image_is_its_own(engine: Running, watched: Watched, tmp_path: Path) -> None:
    look(f"{engine.scheme}:tour:classic", tmp_path / "cache")
    watched.requests.clear()
    told = look_at_metadata(f"{engine.scheme}:tour:classic", tmp_path / "cache")
    assert watched.saves == []
    expected = look(str(TESTDATA / "classic.docker-archive.tar"))
    assert told.image.config == expected.image.config
    assert tuple(replace(step, engine_bytes=None) for step in told.history) == expected.history
    assert not any("as the engine tells" in note.text for note in told.notes)


def test_by_id_whole_or_cut(engine: Running) -> None:
    whole = str(look(str(TESTDATA / "classic.docker-archive.tar")).image.config.digest)
    for name in (whole, whole.removeprefix("sha256:"), whole.removeprefix("sha256:")[:12]):
        found = look_at_metadata(f"{engine.scheme}:{name}")
        assert str(found.image.config.digest) == whole
        assert found.image.reference.endswith("/tour:classic")


def test_a_name_with_several_tags_is_one_image(watched: Watched, engine: Running) -> None:
    name = "pair" if engine.scheme == "docker" else "localhost/pair"
    engine.client("tag", "tour:classic", f"{name}:latest")
    try:
        found = look(f"{engine.scheme}:{name}")
    finally:
        engine.client("rmi", f"{name}:latest")
    same_figures(found, look(str(TESTDATA / "classic.docker-archive.tar")))
    assert len(watched.saves) == 1


def test_what_is_not_there(engine: Running) -> None:
    with pytest.raises(NotFound, match="has no image 'nothing'") as caught:
        look(f"{engine.scheme}:nothing")
    assert f"docker.io/library/{engine.scheme}:nothing" in caught.value.hint
    with pytest.raises(PlatformNotFound, match="not linux/s390x") as platform:
        look(f"{engine.scheme}:tour:classic", platform="linux/s390x")
    assert platform.value.offered == ("linux/amd64",)


def test_the_platform_that_is_there(engine: Running) -> None:
    found = look(f"{engine.scheme}:tour:classic", platform="linux/amd64")
    same_figures(found, look(str(TESTDATA / "classic.docker-archive.tar")))
