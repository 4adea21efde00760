"""The merged filesystem, held against what a container really sees on overlay2."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from .product import Product
from .realtree import Node, content_bytes, read_tree

if TYPE_CHECKING:
    from .built import Built, Pulled

INJECTED = frozenset(
    {b"/.dockerenv", b"/dev", b"/etc/hostname", b"/etc/hosts", b"/etc/mtab", b"/etc/resolv.conf", b"/proc", b"/sys"}
)
"""What the engine itself puts into every container."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def container(pulled: Pulled) -> dict[bytes, Node]:
    with pulled.engine.running(pulled.name) as root:
        return read_tree(bytes(root), without=INJECTED)


@pytest.fixture(scope="module")
def files(image: Built, home: Product) -> dict[bytes, dict[str, Any]]:
    shown = {each["path"].encode(): each for each in home.files(image.reference)}
    return {path: each for path, each in shown.items() if not injected(path)}


def injected(path: bytes) -> bool:
    """Whether a path is one of the engine's own, or below one."""
    return any(path == own or path.startswith(own + b"/") for own in INJECTED)


def test_paths(files: dict[bytes, Any], container: dict[bytes, Node]) -> None:
    assert sorted(files.keys() - container.keys()) == []
    assert sorted(container.keys() - files.keys()) == []
    assert len(files) > 5000


def test_kinds_modes_owners_and_contents(files: dict[bytes, Any], container: dict[bytes, Node]) -> None:
    differing = {path: (seen(files[path]), told(container[path])) for path in files.keys() & container.keys()}
    assert {path: pair for path, pair in differing.items() if pair[0] != pair[1]} == {}


def test_squashed_bytes(image: Built, pulled: Pulled, home: Product) -> None:
    with pulled.engine.running(pulled.name) as root:
        # Nothing that the engine injects into a container has any content of its own.
        whole = content_bytes(read_tree(bytes(root)))
    assert home.json("inspect", image.reference)["totals"]["squashedBytes"] == whole


@dataclass(frozen=True, slots=True)
class Attributes:
    """What layerscope and the kernel both say of a path."""

    kind: str
    mode: int
    owner: tuple[int, int]
    size: int
    link: str
    digest: str
    device: tuple[int, int]
    xattrs: dict[str, bytes]


def seen(shown: dict[str, Any]) -> Attributes:
    """A path as layerscope shows it. A hard link is, in a tree, one more name of a file."""
    kind = "file" if shown["kind"] == "hardlink" else shown["kind"]
    device = shown.get("device") or {"major": 0, "minor": 0}
    return Attributes(
        kind=kind,
        # A symlink has no mode of its own on Linux.
        mode=0o777 if kind == "symlink" else int(shown["mode"], 8),
        owner=(shown["uid"], shown["gid"]),
        size=shown["size"] if kind == "file" else 0,
        link=shown["link"] if kind == "symlink" else "",
        digest=shown["digest"] if kind == "file" else "",
        device=(device["major"], device["minor"]),
        xattrs={name: base64.b64decode(value) for name, value in shown.get("xattrs", {}).items()},
    )


def told(node: Node) -> Attributes:
    """The same, as the kernel tells it."""
    return Attributes(
        kind=node.kind,
        mode=node.mode,
        owner=(node.uid, node.gid),
        size=node.size,
        link=node.link.decode(),
        digest=node.digest,
        device=node.device,
        xattrs=dict(node.xattrs),
    )
