"""Two builds of one image whose packages came, went, rose and fell: the difference of pip's, npm's, rpm's own lists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from making import simple_layout

from .built import build
from .machine import proxy_arguments
from .need import need_root
from .product import Product
from .rpm import Rpm, layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .engine import Engine
    from .registry import Registry

PIP = r"""
FROM layerscope-live/buildkit
USER 0
RUN pip install --break-system-packages six==1.15.0 idna==3.6 toml==0.10.2
ARG FLAVOUR
RUN if [ "$FLAVOUR" = after ]; then \
      pip install --break-system-packages six==1.16.0 idna==3.4 tomli==2.0.1 && \
      pip uninstall --break-system-packages -y toml; \
    fi
ENTRYPOINT []
"""
NPM = r"""
FROM node
WORKDIR /srv/app
RUN npm init -y && npm install debug@4.3.4 is-odd@2.0.0 is-number@7.0.0 left-pad@1.3.0
ARG FLAVOUR
RUN if [ "$FLAVOUR" = after ]; then \
      npm install debug@4.3.7 is-odd@3.0.1 is-number@5.0.0 kind-of@6.0.3 && npm uninstall left-pad; \
    fi
"""
Listed = set[tuple[str, str]]
"""Names and versions."""


@dataclass(frozen=True, slots=True)
class Two:
    """What a package manager lists in each image, and what layerscope says changed."""

    before: Listed
    after: Listed
    changes: list[dict[str, Any]]


def compared(images: Sequence[str], kind: str, home: Path) -> list[dict[str, Any]]:
    """`layerscope diff` of the packages of two images; all that changed are of one kind."""
    before, after = images
    found = Product(home).json("diff", before, after, "--only", "packages")["packages"]
    assert {each["kind"] for each in found["changes"]} == {kind}
    return [each for each in found["changes"] if each["change"] != "resized"]


def same(two: Two) -> None:
    """What changed is the difference of the lists, and a name that both have is another version."""
    gone, come = two.before - two.after, two.after - two.before
    sides = {"before": gone, "after": come}
    for side, listed in sides.items():
        found = [(each["name"], each[side]["version"]) for each in two.changes if each[side] is not None]
        assert sorted(found) == sorted(listed)
    assert {each["name"] for each in two.changes if each["change"] == "version"} == named(gone) & named(come)
    assert {each["name"] for each in two.changes if each["change"] == "added"} == named(come) - named(gone) != set()
    assert {each["name"] for each in two.changes if each["change"] == "removed"} == named(gone) - named(come) != set()


def named(listed: Listed) -> set[str]:
    return {name for name, _ in listed}


def both_builds(engine: Engine, registry: Registry, name: str, dockerfile: str, context: Path) -> list[str]:
    """The names of two images in the registry."""
    (context / "Dockerfile").write_text(dockerfile)
    names = []
    for flavour in ("before", "after"):
        image = f"{registry.address}/live/{name}:{flavour}"
        arguments = ["--network=host", "--build-arg", f"FLAVOUR={flavour}", *proxy_arguments()]
        engine.docker("build", "-q", *arguments, "-t", image, context, DOCKER_BUILDKIT="1")
        engine.docker("push", "-q", image)
        names.append(image)
    return names


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with nothing but a Dockerfile."""
    directory = tmp_path / "context"
    directory.mkdir()
    return directory


def test_pip(base: Engine, registry: Registry, context: Path, tmp_path: Path) -> None:
    build(base, registry, "buildkit")  # Python and pip; nothing to do where another test has built it
    images = both_builds(base, registry, "pip", PIP, context)

    def listed(image: str) -> Listed:
        command = ["run", "--rm", "--network=none", image, "pip", "list", "--format", "json"]
        return {(each["name"], each["version"]) for each in json.loads(base.docker(*command))}

    changes = compared([f"registry:{image}" for image in images], "python", tmp_path)
    same(Two(listed(images[0]), listed(images[1]), changes))
    assert len(changes) == 4


@pytest.mark.usefixtures("bases")
def test_npm(base: Engine, registry: Registry, context: Path, tmp_path: Path) -> None:
    images = both_builds(base, registry, "npm", NPM, context)

    def listed(image: str) -> Listed:
        tree = json.loads(base.docker("run", "--rm", "--network=none", image, "npm", "ls", "--all", "--json"))
        return set(flat(tree))

    changes = compared([f"registry:{image}" for image in images], "npm", tmp_path)
    same(Two(listed(images[0]), listed(images[1]), changes))
    assert {"debug", "ms"} <= {each["name"] for each in changes if each["change"] == "version"}


def flat(node: dict[str, Any]) -> Listed:
    """Names and versions of a tree of `npm ls`."""
    below = node.get("dependencies", {}).items()
    return {each for name, found in below for each in ((name, str(found["version"])), *flat(found))}


def test_rpm(tmp_path: Path) -> None:
    need_root()
    rpm, root = Rpm(tmp_path), tmp_path / "root"

    def listed() -> Listed:
        return {(name, version) for name, version, _ in rpm.installed(root)}

    made = (("risen", "1.0"), ("fallen", "2.0"), ("gone", "3.0"), ("kept", "4.0"))
    rpm.rpm(root, "-i", "--nodeps", *(rpm.package(name, version, 400) for name, version in made))
    before, first = listed(), layer(root)
    rpm.rpm(root, "-U", "--nodeps", rpm.package("risen", "1.1", 500))
    rpm.rpm(root, "-U", "--nodeps", "--oldpackage", rpm.package("fallen", "1.9", 300, "Epoch: 0"))
    rpm.rpm(root, "-e", "--nodeps", "gone")
    rpm.rpm(root, "-i", "--nodeps", rpm.package("come", "5.0", 600, "Epoch: 2"))
    after = listed()
    images = simple_layout(tmp_path / "before", first), simple_layout(tmp_path / "after", first, layer(root))
    changes = compared([str(image) for image in images], "rpm", tmp_path)
    same(Two(before, after, changes))
    assert {each["name"] for each in changes} == {"risen", "fallen", "gone", "come"}
