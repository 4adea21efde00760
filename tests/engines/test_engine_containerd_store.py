"""Images of an engine that keeps them in containerd: with real manifests, and so with digests and stored sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from layerscope.errors import PlatformNotFound, SourceUnreachable

from .fake import serving_fake
from .looking import look, look_at_metadata, same_figures
from .running import TESTDATA
from .store import Export, serving_containerd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .fake import FakeEngine

SINGLE = {"buildkit": "buildkit.oci-archive.tar", "estargz": "estargz.oci-archive.tar", "zstd": "zstd.oci-archive.tar"}
PLATFORMS = "platforms-attested.oci-archive.tar"
VERSIONS = ["1.44", "1.48", "1.99"]
"""That tells of no manifests; that tells of them; that also tells of each platform's image."""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Export]]:
    """Each archive, through a real containerd."""
    directory = tmp_path_factory.mktemp("c")
    with serving_containerd(directory) as containerd:
        archives = {**SINGLE, "platforms": PLATFORMS}
        yield {name: containerd.export(TESTDATA / file, directory / file) for name, file in archives.items()}


@pytest.fixture
def engine(short: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    """An engine that will have one image, ``made``."""
    with serving_fake(short, info={"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.host)
        yield fake


def fill(engine: FakeEngine, export: Export, api: str, missing: tuple[str, ...] = ()) -> None:
    """Put the image into the engine."""

    def answer(name: str, query: dict[str, str]) -> object:
        asked = re.match(r"/v(\d+)\.(\d+)/", engine.requests[-1])
        assert asked
        return export.answer((int(asked[1]), int(asked[2])), query, missing)

    engine.api, engine.account_for, engine.archive = api, answer, export.archive
    engine.history = export.history("amd64")


def saves(engine: FakeEngine) -> list[str]:
    return [path for path in engine.requests if path.partition("?")[0].endswith("/get")]


@pytest.mark.parametrize("api", VERSIONS)
@pytest.mark.parametrize("name", SINGLE)
def test_figures_digests_and_stored_sizes(
    exports: dict[str, Export], engine: FakeEngine, name: str, api: str, tmp_path: Path
) -> None:
    fill(engine, exports[name], api)
    expected = look(str(TESTDATA / SINGLE[name]))
    found = look("docker:made", tmp_path / "cache")
    same_figures(found, expected)
    assert found.image.source == "docker"
    assert found.image.digest == expected.image.digest
    assert found.image.index_digest is None
    assert [layer.digest for layer in found.layers] == [layer.digest for layer in expected.layers]
    assert [layer.compression for layer in found.layers] == [layer.compression for layer in expected.layers]
    assert found.totals.compressed_bytes == expected.totals.compressed_bytes
    assert len(saves(engine)) == 1
    engine.requests.clear()
    warm = look("docker:made", tmp_path / "cache")
    assert (warm.image, warm.totals, warm.layers) == (found.image, found.totals, found.layers)
    assert saves(engine) == []


@pytest.mark.parametrize("api", VERSIONS)
@pytest.mark.parametrize("platform", ["", "linux/amd64", "linux/arm64"])
def test_an_index(exports: dict[str, Export], engine: FakeEngine, platform: str, api: str, tmp_path: Path) -> None:
    fill(engine, exports["platforms"], api)
    expected = look(str(TESTDATA / PLATFORMS), platform=platform or "linux/amd64")
    found = look("docker:made", tmp_path / "cache", platform)
    same_figures(found, expected)
    assert found.image.digest == expected.image.digest
    assert str(found.image.index_digest) == exports["platforms"].target["digest"]
    assert found.image.platforms == expected.image.platforms
    (save,) = saves(engine)
    assert ("platform=" in save) == (api != "1.44")
    engine.requests.clear()
    warm = look("docker:made", tmp_path / "cache", platform)
    assert (warm.image, warm.totals, warm.layers) == (found.image, found.totals, found.layers)
    assert saves(engine) == []


@pytest.mark.parametrize("api", VERSIONS)
def test_a_platform_that_is_not_there(exports: dict[str, Export], engine: FakeEngine, api: str) -> None:
    fill(engine, exports["platforms"], api)
    with pytest.raises(PlatformNotFound) as caught:
        look("docker:made", platform="linux/s390x")
    assert caught.value.offered == ("linux/amd64", "linux/arm64")


@pytest.mark.parametrize("api", VERSIONS[1:])
def test_a_platform_that_was_not_pulled(exports: dict[str, Export], engine: FakeEngine, api: str) -> None:
    fill(engine, exports["platforms"], api, missing=("arm64",))
    assert look("docker:made").image.platforms != ()
    with pytest.raises(PlatformNotFound, match=r"has linux/amd64, not linux/arm64; its index offers") as caught:
        look("docker:made", platform="linux/arm64")
    assert "docker pull --platform linux/arm64" in caught.value.hint
    fill(engine, exports["platforms"], api, missing=("arm64", "amd64"))
    with pytest.raises(PlatformNotFound, match="no platform at all"):
        look("docker:made")


def test_a_platform_that_was_not_pulled_to_an_engine_that_does_not_say_so(
    exports: dict[str, Export], engine: FakeEngine
) -> None:
    export = exports["platforms"]
    arm64 = next(entry for entry in export.manifests if entry["platform"]["architecture"] == "arm64")
    name = b"blobs/sha256/" + arm64["digest"].removeprefix("sha256:").encode()
    fill(engine, export, "1.44")
    engine.archive = renamed(export.archive, name)
    with pytest.raises(PlatformNotFound, match="does not have linux/arm64"):
        look("docker:made", platform="linux/arm64")


def renamed(archive: bytes, name: bytes) -> bytes:
    """The archive with one member under another name: as if it were not there."""
    at = archive.index(name)
    start = at - at % 512
    header = bytearray(archive[start : start + 512])
    header[: len(name)] = name[:-1] + b"!"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return archive[:start] + bytes(header) + archive[start + 512 :]


@pytest.mark.parametrize("api", VERSIONS)
def test_history_knows_everything_but_the_config_s_digest(
    exports: dict[str, Export], engine: FakeEngine, api: str, tmp_path: Path
) -> None:
    fill(engine, exports["buildkit"], api)
    expected = look(str(TESTDATA / SINGLE["buildkit"]))
    told = look_at_metadata("docker:made")
    assert saves(engine) == []
    assert told.image.config.digest is None  # this store names images by manifest, and tells no other digest
    assert told.image.config.run == expected.image.config.run
    assert [step.layer for step in told.history] == [step.layer for step in expected.history]
    assert {step.engine_bytes for step in told.history} == {0, 4096}
    assert told.totals.compressed_bytes is None
    look("docker:made", tmp_path / "cache")
    engine.requests.clear()
    known = look_at_metadata("docker:made", tmp_path / "cache")
    assert saves(engine) == []
    assert known.image.config == expected.image.config
    assert known.image.digest == expected.image.digest
    assert known.totals.compressed_bytes == expected.totals.compressed_bytes


def test_history_of_another_platform(exports: dict[str, Export], engine: FakeEngine, tmp_path: Path) -> None:
    fill(engine, exports["platforms"], "1.99")
    engine.history = exports["platforms"].history("arm64")
    told = look_at_metadata("docker:made", platform="linux/arm64")
    assert str(told.image.config.platform) == "linux/arm64"
    assert any("/history?platform=" in path for path in engine.requests)
    for api in ("1.44", "1.48"):
        fill(engine, exports["platforms"], api)
        with pytest.raises(PlatformNotFound, match="without saving it"):
            look_at_metadata("docker:made", platform="linux/arm64")
        look("docker:made", tmp_path / api, "linux/arm64")
        known = look_at_metadata("docker:made", tmp_path / api, "linux/arm64")
        assert str(known.image.config.platform) == "linux/arm64"
        assert all(step.engine_bytes is None for step in known.history)


def test_an_archive_that_lost_its_end(exports: dict[str, Export], engine: FakeEngine) -> None:
    fill(engine, exports["buildkit"], "1.99")
    engine.cut_after = len(engine.archive) // 2
    with pytest.raises(SourceUnreachable, match="the connection broke"):
        look("docker:made")
