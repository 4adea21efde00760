"""A Dockerfile before and after a change, on a real engine: the gate names the instruction, the package, the bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from .built import BASE
from .command import run
from .machine import proxy_arguments
from .product import Product

if TYPE_CHECKING:
    from pathlib import Path

    from .engine import Engine

DOCKERFILE = """\
ARG BASE
FROM ${{BASE}}
RUN mkdir -p /srv/app && seq 20000 > /srv/app/data
RUN {install}
RUN {mode}
CMD ["/bin/true"]
"""
QUIET = "true"
INSTALL = (
    "apt-get update && apt-get install -y --no-install-recommends tree"
    " && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/*"
)
LEFT_BEHIND = "apt-get update && apt-get install -y --no-install-recommends tree"
CHMOD = "chmod 0700 /srv/app/data"
LINES = {"install": 4, "mode": 5}
"""Lines of the Dockerfile."""


@dataclass(frozen=True, slots=True)
class Builds:
    """Archives of the builds, and the Dockerfile of each."""

    directory: Path
    engine: Engine

    def archive(self, name: str) -> str:
        """The build as docker save writes it."""
        return str(self.directory / f"{name}.tar")

    def dockerfile(self, name: str) -> str:
        """What it was built from."""
        return str(self.directory / name / "Dockerfile")


@pytest.fixture(scope="module")
def builds(base: Engine, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    directory = tmp_path_factory.mktemp("builds")
    for name, install, mode in (
        ("before", QUIET, QUIET),
        ("package", INSTALL, QUIET),
        ("chmod", QUIET, CHMOD),
        ("cache", LEFT_BEHIND, QUIET),
    ):
        context = directory / name
        context.mkdir()
        (context / "Dockerfile").write_text(DOCKERFILE.format(install=install, mode=mode))
        arguments = ["build", "-q", "--network=host", "--build-arg", f"BASE={BASE}", *proxy_arguments()]
        base.docker(*arguments, "-t", f"layerscope-gate/{name}", context, DOCKER_BUILDKIT="1")
        base.docker("save", "-o", directory / f"{name}.tar", f"layerscope-gate/{name}")
    return Builds(directory, base)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def baseline(builds: Builds, product: Product) -> str:
    path = str(builds.directory / "baseline.json")
    product.output("gate", builds.archive("before"), "--write-baseline", path)
    return path


def grown(product: Product, builds: Builds, name: str, baseline: str) -> dict[str, Any]:
    """The verdict on a build that may not grow by a byte."""
    done = product.run(
        *("gate", builds.archive(name), "--baseline", baseline, "--max-growth", "0%", "--format", "json"),
        *("--dockerfile", builds.dockerfile(name)),
    )
    assert done.returncode == 1, done.stderr.decode()
    (verdict,) = json.loads(done.stdout)["verdicts"]
    growth = verdict["growth"]
    sizes = growth["fileBytes"]
    assert sum(layer["bytes"] for layer in growth["layers"]) == sizes["after"] - sizes["before"]
    return dict(verdict)


def changed(verdict: dict[str, Any]) -> dict[str, Any]:
    """The one layer that brought anything."""
    (layer,) = (layer for layer in verdict["growth"]["layers"] if layer["bytes"])
    return dict(layer)


def shipped(builds: Builds, name: str, layer: int, *paths: str) -> int:
    """Bytes of regular files of one layer, as GNU tar lists them."""
    archive = builds.archive(name)
    manifest = json.loads(run("tar", "-xOf", archive, "manifest.json"))
    blob = run("tar", "-xOf", archive, manifest[0]["Layers"][layer])
    listed = run("tar", "-tvf", "-", stdin=blob).decode()
    total = 0
    for line in listed.splitlines():
        mode, _, size, _, _, path = line.split(None, 5)
        if mode.startswith("-") and (not paths or f"/{path}" in paths):
            total += int(size)
    return total


def test_a_package_added(builds: Builds, product: Product, baseline: str) -> None:
    verdict = grown(product, builds, "package", baseline)
    layer = changed(verdict)
    assert layer["instruction"].startswith("RUN apt-get update && apt-get install")
    (added,) = verdict["growth"]["packages"]
    assert (added["name"], added["before"], added["layer"]) == ("dpkg:tree", None, layer["layer"])
    asked = ["run", "--rm", "--network", "none", "--entrypoint", "dpkg-query", "layerscope-gate/package"]
    assert added["after"] == builds.engine.docker(*asked, "-W", "-f", "${Version}", "tree")
    files = builds.engine.docker(*asked, "-L", "tree").split("\n")
    owned = shipped(builds, "package", layer["layer"], *files)
    assert owned > 0
    assert (
        layer["packages"]
        == [{"name": "dpkg:tree", "bytes": owned}]
        == [{"name": added["name"], "bytes": added["bytes"]}]
    )
    assert layer["bytes"] == shipped(builds, "package", layer["layer"])
    first = next(each for each in verdict["results"][0]["offenders"] if each["package"])
    assert (first["package"], first["bytes"]) == ("dpkg:tree", owned)
    assert first["instruction"]["line"] == LINES["install"]


def test_a_file_chmodded(builds: Builds, product: Product, baseline: str) -> None:
    verdict = grown(product, builds, "chmod", baseline)
    layer = changed(verdict)
    size = len("".join(f"{number}\n" for number in range(1, 20001)))
    assert layer["instruction"] == f"RUN {CHMOD}"
    assert layer["files"] == [{"path": "/srv/app/data", "package": None, "bytes": size}]
    assert layer["bytes"] == size == shipped(builds, "chmod", layer["layer"])
    assert verdict["growth"]["squashedBytes"]["before"] == verdict["growth"]["squashedBytes"]["after"]
    (offender,) = verdict["results"][0]["offenders"]
    assert (offender["path"], offender["bytes"], offender["instruction"]["line"]) == (
        "/srv/app/data",
        size,
        LINES["mode"],
    )


def test_a_cache_left_behind(builds: Builds, product: Product, baseline: str) -> None:
    verdict = grown(product, builds, "cache", baseline)
    layer = changed(verdict)
    left = {each["path"]: each["bytes"] for each in layer["files"] if each["path"].startswith("/var/lib/apt/lists/")}
    assert left and sum(left.values()) > 1_000_000
    assert layer["files"][0]["path"].startswith(("/var/cache/apt/", "/var/lib/apt/lists/"))
    for path, size in left.items():
        assert shipped(builds, "cache", layer["layer"], path) == size
    # The same against the image itself, as against what was written of it.
    against_image = grown(product, builds, "cache", builds.archive("before"))
    assert against_image["growth"] == verdict["growth"]
