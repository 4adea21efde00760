"""The Dockerfile behind an image: reconstructed and built again, and the real one held against its image.

Each Dockerfile of tests/live/dockerfiles is built by the classic builder, by BuildKit and by Buildah. What layerscope
writes from the history is built again by the same builder, each ADD and COPY fed from the layer it made: the same
config, the same content, the same history. And every line of the real Dockerfile has its history entry.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .blobs import fetch
from .builders import Builder, buildah, builder_arguments, write_more, write_rootfs
from .built import BASE, CONTEXT
from .feeding import feed
from .imagetar import SavedImage, read_saved
from .product import Product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .built import Built
    from .engine import Engine

DOCKERFILES = Path(__file__).parent / "dockerfiles"
ARGUMENTS = {"arguments": ("FLAVOUR=sweet", "PLACE=a far place"), "stages": ("WHERE=/out",)}
TARGETS = {"stages": "final"}
BASES = {"onbuild": "triggers", "scratch": None}
"""What each stands on, where it is not `tiny`."""
NOT_BY = {"modes": {"classic"}}
"""COPY --chmod is unknown to the classic builder."""
NO_OWNERS = {"owners", "modes"}
"""Debian's BuildKit and Buildah do not record --chown."""
NAMES = (
    "plain", "stages", "arguments", "onbuild", "health", "shell", "volumes", "owners", "modes", "quoting", "continued",
    "sources", "scratch", "escape",
)  # fmt: skip
SUM = re.compile(r"(?:file:|dir:|multi:)?[0-9a-f]{64}(?= in )")
SCORES: dict[tuple[str, str], tuple[int, int]] = {}


@pytest.fixture(scope="module", params=["classic", "buildkit", "buildah"])
def builder(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Builder]:
    if request.param == "buildah":
        with buildah() as found:
            yield found
    else:
        yield Builder(request.param, engine)


@pytest.fixture(scope="module")
def workshop(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(builder, tmp_path_factory.mktemp("dockerfiles"))


@dataclass(frozen=True, slots=True)
class Made:
    """An image that one builder made of one Dockerfile."""

    name: str
    archive: Path
    saved: SavedImage
    base: Path | None


class Workshop:
    """Builds each image once, with what it stands on."""

    def __init__(self, builder: Builder, directory: Path) -> None:
        self.builder, self.directory = builder, directory
        self.context = directory / "context"
        shutil.copytree(DOCKERFILES / "context", self.context)
        write_rootfs(self.context / "rootfs.tar")
        write_more(self.context / "more.tar")
        self.made: dict[str, Made] = {}
        self.made["tiny"] = self.make("tiny", DOCKERFILES / "base.Dockerfile", None)

    def image(self, name: str) -> Made:
        if name not in self.made:
            below = BASES.get(name, "tiny")
            base = self.image(below) if below else None
            self.made[name] = self.make(name, DOCKERFILES / f"{name}.Dockerfile", base)
        return self.made[name]

    def make(self, name: str, dockerfile: Path, base: Made | None) -> Made:
        target = ["--target", TARGETS[name]] if name in TARGETS else []
        self.builder.build(name, dockerfile, self.context, *target, *builder_arguments(ARGUMENTS.get(name, ())))
        archive = self.directory / f"{name}.tar"
        self.builder.save(name, archive)
        return Made(name, archive, read_saved(archive), base.archive if base else None)


def asked(made: Made, home: Path, *arguments: str) -> Any:
    below = ["--base", str(made.base)] if made.base else []
    return Product(home).json("dockerfile", f"docker-archive:{made.archive}", *below, *arguments)


@pytest.mark.parametrize("name", NAMES)
def test_a_reconstructed_dockerfile_builds_the_same_image(workshop: Workshop, name: str, tmp_path: Path) -> None:
    builder = workshop.builder
    if builder.name in NOT_BY.get(name, ()):
        return
    made = workshop.image(name)
    told = asked(made, tmp_path)
    context = tmp_path / "context"
    context.mkdir()
    lines = feed(context, told["instructions"], made.saved, told["buildArguments"])
    if name == "onbuild":  # what the base's triggers take, the base's config names
        shutil.copy(workshop.context / "note.txt", context)
    written = tmp_path / "Dockerfile"
    written.write_text("\n".join(lines).replace(f"FROM {made.base}", f"FROM {BASES.get(name, 'tiny')}") + "\n")
    given = [f"{key}={value}" for key, value in told["buildArguments"].items()]
    builder.build("again", written, context, *builder_arguments(given), cached=False)
    builder.save("again", tmp_path / "again.tar")
    again = read_saved(tmp_path / "again.tar")
    assert [normal(each) for each in again.history] == [normal(each) for each in made.saved.history]
    owners = builder.name == "classic" or name not in NO_OWNERS
    assert again.tree(owners=owners) == made.saved.tree(owners=owners)
    assert settings(again) == settings(made.saved)


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_the_real_dockerfile_has_its_entry(workshop: Workshop, name: str, tmp_path: Path) -> None:
    if workshop.builder.name in NOT_BY.get(name, ()):
        return
    made = workshop.image(name)
    file = str(DOCKERFILES / f"{name}.Dockerfile")
    target = ["--target", TARGETS[name]] if name in TARGETS else []
    against = asked(made, tmp_path, "--against", file, *target)["against"]
    SCORES[workshop.builder.name, name] = against["matched"], against["expected"]
    wrong = [line for line in against["lines"] if line["match"] in ("similar", "unmatched")]
    assert not wrong
    assert against["unmatchedHistory"] == []
    assert against["matched"] == against["expected"] > 0
    makers = [index for index, entry in enumerate(made.saved.config["history"]) if not entry.get("empty_layer")]
    for line in against["lines"]:
        assert line["layers"] == [makers.index(index) for index in line["historyIndexes"] if index in makers]


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
        for builder in ("classic", "buildkit", "buildah"):
            found = [score for (name, _), score in SCORES.items() if name == builder]
            matched, expected = (sum(numbers) for numbers in zip(*found, strict=True)) if found else (0, 0)
            print(f"\n{builder}: {matched} of {expected} lines of {len(found)} Dockerfiles", end="")
    assert all(matched == expected for matched, expected in SCORES.values())


def normal(created_by: str) -> str:
    """A record without the checksums of sources, which differ with the times of files."""
    return SUM.sub("<sources>", created_by)


def settings(image: SavedImage) -> dict[str, Any]:
    """The part of a config that a container runs by."""
    found = dict(image.config["config"])
    for name in ("Hostname", "Image", "Domainname"):
        found.pop(name, None)
    return {
        key: value for key, value in json.loads(json.dumps(found)).items() if value not in (None, "", [], {}, False)
    }
