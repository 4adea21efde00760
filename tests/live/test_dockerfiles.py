"""The Dockerfile behind an image: reconstructed and built again, and the real one held against its image.

Each Dockerfile of tests/live/dockerfiles is built by the classic builder, by BuildKit and by Buildah. What layerscope
writes from the history is built again by the same builder, each ADD and COPY fed from the layer it made: the same
config, the same content, the same history. To a parser that is not ours it says the same. And every line of the real
Dockerfile has its history entry.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .blobs import fetch
from .builders import OF_DEBIAN, Builder, builder_of_debian
from .built import BASE, CONTEXT
from .dockerfileast import expected
from .feeding import feed
from .imagetar import SavedImage
from .product import Product
from .rebuilding import held_against, normal, rebuilds_the_same
from .workshop import DOCKERFILES, NAMES, NOT_BY, Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .built import Built
    from .dockerfileast import DockerfileAst
    from .engine import Engine

SCORES: dict[tuple[str, str], tuple[int, int]] = {}


@pytest.fixture(scope="module", params=OF_DEBIAN)
def builder(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Builder]:
    with builder_of_debian(request.param, engine) as found:
        yield found


@pytest.fixture(scope="module")
def workshop(builder: Builder, bases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    directory = tmp_path_factory.mktemp("dockerfiles")
    yield Workshop(builder, directory, bases)
    shutil.rmtree(directory)  # archives of Debian, many times over


@pytest.mark.parametrize("name", NAMES)
def test_a_reconstructed_dockerfile_builds_the_same_image(workshop: Workshop, name: str, tmp_path: Path) -> None:
    if workshop.builder.name not in NOT_BY.get(name, ()):
        rebuilds_the_same(workshop, workshop.image(name), tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_reads_as_those_instructions(
    workshop: Workshop, dockerfile_ast: DockerfileAst, name: str
) -> None:
    if workshop.builder.name in NOT_BY.get(name, ()):
        return
    found = workshop.reconstructed(workshop.image(name))
    assert dockerfile_ast.read(found.text) == expected(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_the_real_dockerfile_has_its_entry(workshop: Workshop, name: str) -> None:
    if workshop.builder.name in NOT_BY.get(name, ()):
        return
    against = held_against(workshop, workshop.image(name), DOCKERFILES / f"{name}.Dockerfile")
    SCORES[workshop.builder.name, name] = against["matched"], against["expected"]


def test_an_image_of_debian_apt_and_pip(image: Built, tmp_path: Path) -> None:
    """Every line has its entry, and what is written is what was built: the builder finds each RUN in its cache."""
    product = Product(tmp_path, {"DOCKER_HOST": image.engine.host})
    file = ("--against", str(CONTEXT / "Dockerfile"), "--build-arg", f"BASE={BASE}")
    told = product.json("dockerfile", image.reference, "--base", f"docker:{BASE}", *file)
    assert told["base"]["layers"] == 1
    assert told["against"]["matched"] == told["against"]["expected"] == 17
    assert told["against"]["unmatchedHistory"] == []
    layers = [path.read_bytes() for path in fetch(f"docker://{image.pushed}", tmp_path / "dir").plain_layers()]
    built = image.engine.inspect(image.local)
    context = tmp_path / "context"
    context.mkdir()
    lines = feed(context, told["instructions"], SavedImage({"config": built["Config"]}, tuple(layers)), {})
    (tmp_path / "Dockerfile").write_text("\n".join(lines) + "\n")
    arguments = ["build", "-q", "--network=host", "-f", str(tmp_path / "Dockerfile"), "-t", "again-debian"]
    image.engine.docker(*arguments, context, DOCKER_BUILDKIT=str(int(image.builder == "buildkit")))
    again = image.engine.inspect("again-debian")
    history = [image.engine.history(name) for name in (image.local, "again-debian")]
    assert [normal(each) for each in history[1]] == [normal(each) for each in history[0]]
    for setting in (
        "Cmd",
        "Entrypoint",
        "Env",
        "ExposedPorts",
        "Healthcheck",
        "Labels",
        "User",
        "Volumes",
        "WorkingDir",
    ):
        assert again["Config"].get(setting) == built["Config"].get(setting)
    copied = next(each["layer"] for each in told["instructions"] if (each["text"] or "").startswith("COPY"))
    assert again["RootFS"]["Layers"][:copied] == built["RootFS"]["Layers"][:copied]


def test_the_score(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed for whoever reads the log: what of all these Dockerfiles found its entry."""
    if not SCORES:
        pytest.skip("the tests before did not run")
    with capsys.disabled():
        for builder in OF_DEBIAN:
            found = [score for (name, _), score in SCORES.items() if name == builder]
            matched, expected = (sum(numbers) for numbers in zip(*found, strict=True)) if found else (0, 0)
            print(f"\n{builder}: {matched} of {expected} lines of {len(found)} Dockerfiles", end="")
    assert all(matched == expected for matched, expected in SCORES.values())
