"""One image, every source: the same bytes behind the same path, cold and warm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import shapes
from shapes import TESTDATA, WITH_MANIFEST, WITHOUT_MANIFEST, Parts

Shape = Callable[[Parts, Path], str]
ARCHIVE = TESTDATA / "buildkit.oci-archive.tar"
WANTED = [("/app/config.ini",), ("/app/config.ini", "--layer", "1"), ("/srv/cache/one", "--layer", "3"), ("/srv/tool",)]


@pytest.fixture(scope="module")
def parts() -> Parts:
    return shapes.take_apart(ARCHIVE)


def cat(image: str, *arguments: str, stdin: Path | None = None) -> bytes:
    command = [sys.executable, "-m", "layerscope", "cat", image, *arguments, "-q"]
    with (stdin or Path("/dev/null")).open("rb") as given:
        done = subprocess.run(command, stdin=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def expected() -> list[bytes]:
    found = [cat(str(ARCHIVE), *wanted, "--no-cache") for wanted in WANTED]
    assert found[0] == b"mode = production\n"
    assert found[1].startswith(b"mode = development\n")
    return found


@pytest.mark.parametrize("shape", [*WITH_MANIFEST, *WITHOUT_MANIFEST], ids=lambda shape: shape.__name__)
def test_from_files(shape: Shape, parts: Parts, expected: list[bytes], tmp_path: Path) -> None:
    image = shape(parts, tmp_path)
    for wanted, content in zip(WANTED, expected, strict=True):
        for _ in ("cold", "warm"):
            assert cat(image, *wanted, "--cache-dir", str(tmp_path / "cache")) == content


def test_from_a_stream(parts: Parts, expected: list[bytes], tmp_path: Path) -> None:
    path = Path(shapes.docker_gzip(parts, tmp_path))
    for wanted, content in zip(WANTED, expected, strict=True):
        assert cat("-", *wanted, "--no-cache", stdin=path) == content
