"""Two builds of one Dockerfile, pulled: layerscope's diff against GNU diff and find on the trees the kernel merges."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from .built import BASE
from .gnudiff import Attributes, Told, gnu_diff, gnu_find, with_all_below
from .machine import proxy_arguments
from .overlay import image_directories, merged
from .product import Product
from .realtree import Node, content_bytes, read_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .engine import Engine
    from .registry import Registry

DOCKERFILE = r"""
ARG BASE
FROM ${BASE}
COPY app /srv/app
# shared by both builds: files, hard links, links, an empty file
RUN mkdir -p /srv/data/deep && seq 1000 > /srv/data/numbers && seq 2000 > /srv/data/deep/more \
 && ln /srv/data/numbers /srv/data/deep/numbers-too && ln -s numbers /srv/data/link && touch /srv/data/empty \
 && mkfifo /srv/data/pipe && cp /bin/true /srv/data/tool && seq 5 > /srv/data/swap && seq 7 > /srv/data/renamed
ARG FLAVOUR
RUN echo "$FLAVOUR" > /etc/flavour
RUN if [ "$FLAVOUR" = after ]; then set -e; \
      apt-get update; apt-get install -y --no-install-recommends tree; \
      chmod 4755 /srv/data/tool; chown 33:44 /srv/app/server.py; touch -d 2001-02-03T04:05:06.789 /srv/data/numbers; \
      mv /srv/data/renamed /srv/data/deep/renamed-again; rm /srv/data/empty; touch /srv/data/empty-too; \
      ln -sf deep/more /srv/data/link; rm /srv/data/swap; mkdir /srv/data/swap; seq 6 > /srv/data/swap/in; \
      cp /srv/data/deep/more /srv/data/deep/copy; ln /srv/data/deep/more /srv/data/deep/linked; \
      rm /srv/data/deep/numbers-too; cp /srv/data/numbers /srv/data/deep/numbers-too; \
      mv /usr/share/zoneinfo/Africa /usr/share/zoneinfo/Afrique; rm -r /usr/share/common-licenses; \
      chmod 0700 /srv/data; \
    fi
ENV FLAVOUR_IS=${FLAVOUR}
LABEL flavour=${FLAVOUR} kept=same
CMD ["/bin/echo", "x"]
"""


@dataclass(frozen=True)
class Two:
    """The images, and their trees as this machine's kernel and tools show them."""

    before: str
    after: str
    told: Told
    find_before: dict[str, Attributes]
    find_after: dict[str, Attributes]
    tree_before: dict[bytes, Node]
    tree_after: dict[bytes, Node]


@pytest.fixture(scope="module")
def two(base: Engine, puller: Engine, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    context = tmp_path_factory.mktemp("context")
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "app").mkdir()
    (context / "app/server.py").write_text("print('hello')\n")
    names = []
    for flavour in ("before", "after"):
        name = f"{registry.address}/live/diff:{flavour}"
        arguments = ["--network=host", "--build-arg", f"BASE={BASE}", "--build-arg", f"FLAVOUR={flavour}"]
        base.docker("build", "-q", *arguments, *proxy_arguments(), "-t", name, context, DOCKER_BUILDKIT="1")
        base.docker("push", "-q", name)
        puller.docker("pull", "-q", name)
        names.append(name)
    with contextlib.ExitStack() as mounted:
        one, other = (mounted.enter_context(merged(image_directories(puller, name))) for name in names)
        yield Two(
            before=f"registry:{names[0]}",
            after=f"registry:{names[1]}",
            told=gnu_diff(one, other),
            find_before=gnu_find(one),
            find_after=gnu_find(other),
            tree_before=read_tree(bytes(one)),
            tree_after=read_tree(bytes(other)),
        )


@pytest.fixture(scope="module")
def found(two: Two, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Product(tmp_path_factory.mktemp("home")).json("diff", two.before, two.after)


def paths(found: Any, *changes: str) -> set[str]:
    return {each["path"] for each in found["files"]["changes"] if each["change"] in changes}


def left(found: Any) -> set[str]:
    """Old paths of what moved."""
    return {each["before"]["path"] for each in found["files"]["changes"] if each["change"] == "moved"}


def test_what_gnu_diff_says(two: Two, found: Any) -> None:
    told = two.told
    # what is below a path of another kind is of one tree alone; GNU diff names the path
    gone = with_all_below(told.only_before | told.kind, two.find_before) - told.kind
    come = with_all_below(told.only_after | told.kind, two.find_after) - told.kind
    assert paths(found, "removed") | left(found) == gone
    assert paths(found, "added", "moved") == come
    assert paths(found, "modified") == told.content
    assert paths(found, "kind") == told.kind
    assert {each["path"] for each in found["files"]["changes"] if "target" in each["differences"]} == told.target
    assert len(come) > 50 and len(gone) > 50 and told.content and told.kind and told.target


def test_metadata_is_what_find_prints(two: Two, found: Any) -> None:
    expected = {}
    for path in two.find_before.keys() & two.find_after.keys():
        one, other = two.find_before[path], two.find_after[path]
        if one.kind != other.kind:
            continue
        directory = one.kind == "d"
        names = [name for name in ("mode", "owner", "mtime") if getattr(one, name) != getattr(other, name)]
        names = [name for name in names if not (directory and name == "mtime")]
        if names:
            expected[path] = names
    reported = {
        each["path"]: [name for name in each["differences"] if name in ("mode", "owner", "mtime")]
        for each in found["files"]["changes"]
        if each["change"] in ("modified", "metadata")
    }
    assert {path: names for path, names in reported.items() if names} == expected
    assert {name for names in expected.values() for name in names} == {"mode", "owner", "mtime"}


def test_every_file_moved_that_could(two: Two, found: Any) -> None:
    moved: Counter[str] = Counter()
    for each in found["files"]["changes"]:
        if each["change"] == "moved":
            old, new = each["before"], each["after"]
            assert old["digest"] == new["digest"] == digest_of(two.tree_before, old["path"])
            assert new["digest"] == digest_of(two.tree_after, new["path"]) and new["size"] > 0
            moved[new["digest"]] += 1
    gone = Counter(contents(two.tree_before, two.tree_after))
    come = Counter(contents(two.tree_after, two.tree_before))
    assert moved == gone & come
    assert left(found) >= {"/srv/data/renamed"}
    assert len(left(found)) == sum(moved.values()) > 40


def contents(tree: dict[bytes, Node], other: dict[bytes, Node]) -> list[str]:
    """Digests of regular files that hold something and are at paths the other tree does not have."""
    return [node.digest for path, node in tree.items() if path not in other and node.kind == "file" and node.size]


def digest_of(tree: dict[bytes, Node], path: str) -> str:
    return tree[path.encode()].digest


def test_bytes_are_those_on_the_disk(two: Two, found: Any) -> None:
    before, after = content_bytes(two.tree_before), content_bytes(two.tree_after)
    files = found["files"]
    assert files["bytes"] == after - before == found["totals"]["difference"]["squashedBytes"]
    kinds = ("added", "removed", "moved", "modified", "metadata", "kind")
    assert sum(files[kind]["bytes"] for kind in kinds) == after - before
    each = {change["path"]: change for change in files["changes"]}
    more = two.tree_after[b"/srv/data/deep/more"].size
    numbers = two.tree_after[b"/srv/data/numbers"].size
    assert each["/srv/data/deep/copy"]["bytes"] == more
    assert each["/srv/data/deep/linked"]["bytes"] == 0  # one more name
    sizes = [each[path]["bytes"] for path in ("/srv/data/numbers", "/srv/data/deep/numbers-too")]
    assert sorted(sizes) == [0, numbers]  # two names became two files
    # what carries bytes carries its own
    for change in files["changes"]:
        old = -change["before"]["size"] if change["before"] else 0
        new = change["after"]["size"] if change["after"] else 0
        assert change["bytes"] in {old, new, old + new, 0}


def test_packages_are_what_dpkg_lists(two: Two, found: Any, puller: Engine) -> None:
    lists = []
    for reference in (two.before, two.after):
        query = ["--entrypoint", "dpkg-query", reference.removeprefix("registry:"), "-W", "-f"]
        fields = "${Package}\t${Version}\t${Architecture}\n"
        lists.append(set(puller.docker("run", "--rm", "--network", "none", *query, fields).splitlines()))
    before, after = lists
    packages = found["packages"]
    assert {named(each, "after") for each in packages["changes"] if each["change"] == "added"} == after - before
    assert before <= after and packages["removed"]["count"] == packages["version"]["count"] == 0
    tree = next(each for each in packages["changes"] if each["name"] == "tree")
    owned = [each["bytes"] for each in found["files"]["changes"] if (each["package"] or {}).get("name") == "tree"]
    assert tree["bytes"] == sum(owned) > 50_000
    tallies = [packages[change]["bytes"] for change in ("added", "removed", "version", "resized")]
    assert sum(tallies) + packages["unownedBytes"] == packages["bytes"] == found["files"]["bytes"]


def named(changed: Any, side: str) -> str:
    """A package as dpkg-query was asked to print it."""
    return f"{changed['name']}\t{changed[side]['version']}\t{changed['architecture']}"


def test_layers_settings_and_history(two: Two, found: Any) -> None:
    statuses = [pair["status"] for pair in found["layers"]["list"]]
    assert statuses == ["shared", "shared", "shared", "replaced", "replaced"]
    assert all(pair["sameChain"] for pair in found["layers"]["list"][:3])
    transfer = sum(pair["after"]["compressedBytes"] for pair in found["layers"]["list"][3:])
    assert found["layers"]["transferBytes"] == transfer
    assert found["environment"] == [{"name": "FLAVOUR_IS", "before": "before", "after": "after"}]
    assert found["labels"] == [{"name": "flavour", "before": "before", "after": "after"}]
    assert [setting["name"] for setting in found["config"]] == ["created"]
    modified = [step["after"]["createdBy"] for step in found["history"] if step["change"] == "modified"]
    assert any("FLAVOUR=after" in text for text in modified)


def test_shared_layers_are_fetched_once_and_known_ones_not_at_all(
    two: Two, found: Any, registry: Registry, tmp_path: Path
) -> None:
    pairs = found["layers"]["list"]
    layers = {pair[side]["digest"] for pair in pairs for side in ("before", "after")}
    assert len(layers) == 7
    product = Product(tmp_path)
    for arguments, fetched in (((), layers), ((), set()), (("--no-cache",), layers)):
        with registry.watched() as requests:
            product.output("diff", two.before, two.after, "--format", "json", *arguments)
        blobs = [each.path.rpartition("/")[2] for each in requests if each.method == "GET" and "/blobs/" in each.path]
        assert sorted(digest for digest in blobs if digest in layers) == sorted(fetched)
    with registry.watched() as requests:
        product.output("diff", two.before, two.after, "--only", "config,history,environment", "--no-cache")
    assert not layers & {each.path.rpartition("/")[2] for each in requests}


def test_the_same_from_an_engine(two: Two, found: Any, puller: Engine, tmp_path: Path) -> None:
    """What is in the engine is compared with what is in the registry, and with itself."""
    product = Product(tmp_path, {"DOCKER_HOST": puller.host})
    local = [two.before.replace("registry:", "docker:"), two.after.replace("registry:", "docker:")]
    mixed = product.json("diff", two.before, local[1])
    assert mixed["files"] == found["files"]
    assert product.json("diff", local[0], two.before)["same"]


def test_ignoring(two: Two, tmp_path: Path) -> None:
    arguments = ("--ignore-path", "/var/lib/apt/", "--ignore-path", "/var/cache/", "--ignore", "mtime")
    found = Product(tmp_path).json("diff", two.before, two.after, *arguments)
    files = found["files"]
    assert files["ignored"]["count"] > 5
    assert sum(tally["bytes"] for tally in files.values() if isinstance(tally, dict)) == files["bytes"]
    assert not any(each["path"].startswith(("/var/lib/apt/", "/var/cache/")) for each in files["changes"])
    assert not any("mtime" in each["differences"] for each in files["changes"])
