"""Packages of a real image, held against what dpkg and Python themselves say in its container."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .product import Product

if TYPE_CHECKING:
    from .built import Built

ASKED = r"""
import json, os, subprocess
from importlib.metadata import distributions

def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()

seen = {}
def content(paths):
    # Bytes of the regular files among these, links of their directories followed, each inode once.
    total = 0
    for path in paths:
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        try:
            status = os.lstat(real)
        except OSError:
            continue
        inode = status.st_dev, status.st_ino
        if status.st_mode & 0o170000 == 0o100000 and seen.setdefault(inode, owner) == owner and inode not in counted:
            counted.add(inode)
            total += status.st_size
    return total

dpkg, python = {}, {}
shown = "${db:Status-Status} ${binary:Package} ${Version} ${Architecture}\n"
for line in output("dpkg-query", "-W", "-f", shown).splitlines():
    state, owner, version, architecture = line.split()
    if state == "installed":
        paths, counted = [], set()
        for listed in output("dpkg-query", "-L", owner).splitlines():
            if listed.startswith("diverted by "):
                paths[-1] = listed.partition(" to: ")[2]
            elif listed.startswith("/"):
                paths.append(listed)
        dpkg[owner.partition(":")[0]] = [version, architecture, content(paths)]
for found in distributions():
    owner, counted = found, set()
    metadata = str(found._path)
    paths = [str(each.locate()) for each in found.files or ()]
    python[found.metadata["Name"]] = [found.version, metadata, content(paths)]
print(json.dumps({"dpkg": dpkg, "python": python}))
"""
"""Run by the image's own Python: (version, architecture, bytes) of every package, by the tools' own lists."""


@pytest.fixture(scope="module")
def told(image: Built, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Product(tmp_path_factory.mktemp("home")).json("packages", image.reference)


@pytest.fixture(scope="module")
def said(image: Built) -> Any:
    run = ["run", "--rm", "--network", "none", "--user", "0", "--entrypoint"]
    return json.loads(image.engine.docker(*run, "python3", image.local, "-B", "-c", ASKED))


def installed(told: Any, kind: str) -> list[dict[str, Any]]:
    return [each for each in told["packages"] if each["kind"] == kind and each["removedBy"] is None]


def test_dpkg_lists_the_same(told: Any, said: Any) -> None:
    found = {each["name"]: [each["version"], each["architecture"]] for each in installed(told, "dpkg")}
    assert found == {name: rest[:2] for name, rest in said["dpkg"].items()}
    assert len(found) > 100


def test_dpkg_packages_have_the_bytes_of_their_files(told: Any, said: Any) -> None:
    found = {each["name"]: each["squashedBytes"] for each in installed(told, "dpkg")}
    assert found == {name: size for name, (_, _, size) in said["dpkg"].items()}


def test_python_lists_the_same(image: Built, told: Any, said: Any) -> None:
    run = ["run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "pip3"]
    listed = json.loads(image.engine.docker(*run, image.local, "list", "--format", "json"))
    places = {metadata for _, metadata, _ in said["python"].values()}
    found = {each["name"]: each["version"] for each in installed(told, "python") if each["location"] in places}
    assert found == {each["name"]: each["version"] for each in listed}
    assert "Flask" in found or "flask" in found


def test_python_packages_have_the_bytes_of_their_files(told: Any, said: Any) -> None:
    found = {each["name"]: each for each in installed(told, "python")}
    for name, (_, _, size) in said["python"].items():
        if found[name]["within"] is None:
            assert found[name]["squashedBytes"] == size > 0, name
        else:
            assert found[name]["within"]["kind"] == "dpkg"
            assert found[name]["squashedBytes"] == 0


def test_who_brought_what(told: Any) -> None:
    texts = [layer["instruction"]["text"] for layer in told["layers"]]
    brought = {each["name"].lower(): texts[each["layer"]] for each in told["packages"]}
    assert "apt-get install" in brought["python3-pip"]
    assert "pip3 install" in brought["flask"]
    assert told["packages"][0]["bytes"] == max(each["bytes"] for each in told["packages"])


def test_every_layer_adds_up(told: Any) -> None:
    for layer in told["layers"]:
        owned = sum(
            each["bytes"]
            for package in told["packages"]
            for each in package["layers"]
            if each["layer"] == layer["index"]
        )
        assert owned == layer["ownedBytes"] == layer["fileBytes"] - layer["unownedBytes"]
    totals = told["totals"]
    squashed = sum(package["squashedBytes"] for package in told["packages"])
    assert squashed + totals["squashedUnownedBytes"] == totals["squashedBytes"]


def test_what_made_a_layer_large(image: Built, tmp_path: Any, told: Any) -> None:
    product = Product(tmp_path)
    number = next(each["index"] for each in told["layers"] if "apt-get install" in each["instruction"]["text"])
    layer = product.json("packages", image.reference, "--layer", str(number))
    inspection = product.json("inspect", image.reference, "--packages")
    assert layer["largestUnowned"][0]["bytes"] > 0
    shown = {each["name"]: each for each in layer["packages"]}
    all_of_them = {each["name"]: each for each in inspection["packages"]["packages"]}
    assert shown["python3-pip"] == all_of_them["python3-pip"]
    assert inspection["layers"][number]["fileBytes"] == told["layers"][number]["fileBytes"]
