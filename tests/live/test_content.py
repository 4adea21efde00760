"""Content as cat and extract give it, against a running container, the engine's own layers and the build's context."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .built import CONTEXT, Built
from .product import Product
from .realtree import Node, read_tree

if TYPE_CHECKING:
    from .registry import Registry

MERGED = [
    "/etc/os-release",
    "/usr/bin/python3",
    "/bin/sh",
    "/srv/app/settings.ini",
    "/srv/app/server-link.py",
    "/srv/app/server-symlink.py",
    "/srv/app/replaced/inside",
    "/usr/local/bin/elevate",
]
MOUNTED = ("/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/.dockerenv", "/etc/mtab")
"""Where the engine puts things of its own into a container."""


@pytest.fixture(scope="module")
def ours(image: Built, tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("home"), {"DOCKER_HOST": image.engine.host})


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_merged_files_are_what_a_container_reads(image: Built, ours: Product) -> None:
    said = image.engine.docker(
        "run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sha256sum", image.local, *MERGED
    )
    theirs = [line.split()[0] for line in said.splitlines()]
    assert [digest(ours.output("cat", image.reference, path)) for path in MERGED] == theirs
    assert digest(ours.output("cat", f"docker:{image.local}", MERGED[1])) == theirs[1]


def test_deleted_and_overwritten_files_are_what_the_engine_keeps(image: Built, ours: Product) -> None:
    rows = [row for row in ours.json("files", image.reference, "--deleted")["files"] if row["kind"] == "file"]
    causes = {row["path"]: row for row in rows}
    copied = causes["/srv/app/static/banner.txt"]["layer"]
    for name, cause in (
        ("static/banner.txt", "deleted"),
        ("settings.ini", "overwritten"),
        ("static/site.css", "opaque"),
    ):
        assert causes[f"/srv/app/{name}"]["cause"] == cause
        content = ours.output("cat", image.reference, f"/srv/app/{name}", "--layer", str(copied))
        assert content == (CONTEXT / "app" / name).read_bytes()
    layers = layer_directories(image)
    largest = sorted((row for row in rows if "/./" not in row["path"]), key=lambda row: -row["size"])[:6]
    for row in largest:
        kept = Path(layers[row["layer"]] + row["path"]).read_bytes()
        assert digest(ours.output("cat", image.reference, row["path"], "--layer", str(row["layer"]))) == digest(kept)


def layer_directories(image: Built) -> list[str]:
    """Where overlay2 keeps each layer, bottom first."""
    data = image.engine.inspect(image.local)["GraphDriver"]["Data"]
    return [*reversed(list(filter(None, data.get("LowerDir", "").split(":")))), data["UpperDir"]]


def test_the_whole_tree_is_the_containers(image: Built, ours: Product, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = ours.run("extract", image.reference, "/", "--to", str(out))
    assert done.returncode == 0, done.stderr.decode()
    refused = {line.split()[1] for line in done.stderr.decode().splitlines() if " is not written: " in line}
    mine = read_tree(bytes(out))
    with image.engine.running(image.local) as merged:
        theirs = read_tree(bytes(merged))
    skipped = [path.encode() for path in MOUNTED]

    def kept(tree: dict[bytes, Node]) -> dict[bytes, tuple[Any, ...]]:
        return {
            path: (node.kind, node.digest, node.link, 0 if node.kind == "symlink" else stat.S_IMODE(node.mode) & 0o777)
            for path, node in tree.items()
            if not any(path == each or path.startswith(each + b"/") for each in skipped)
        }

    expected = kept(theirs)
    for path, node in theirs.items():
        if path in expected and path.decode() in refused:
            assert node.kind != "file"
            assert node.kind != "symlink" or node.link.startswith(b"/") or b".." in node.link
            expected.pop(path, None)
    assert kept(mine) == expected
    assert len(expected) > 5000

    def together(tree: dict[bytes, Node]) -> set[frozenset[bytes]]:
        names: dict[int, set[bytes]] = {}
        for path, node in tree.items():
            if node.kind == "file" and path in expected:
                names.setdefault(node.inode, set()).add(path)
        return {frozenset(each) for each in names.values() if len(each) > 1}

    assert together(mine) == together(theirs) != set()


def test_from_a_registry_no_layer_below_the_one_that_decides_is_fetched(
    image: Built, registry: Registry, tmp_path: Path
) -> None:
    cold = Product(tmp_path)
    layers = cold.json("history", image.reference)["layers"]
    rows = {row["path"]: row for row in Product(tmp_path / "other").files(image.reference)}
    brought = rows["/srv/app/settings.ini"]["layer"]
    assert brought > 2
    with registry.watched() as seen:
        cold.output("cat", image.reference, "/srv/app/settings.ini")
    fetched = [request.path.rsplit("/", 1)[1] for request in seen if "/blobs/" in request.path]
    assert sorted(set(fetched) & {layer["digest"] for layer in layers}) == sorted(
        {layer["digest"] for layer in layers[brought:]}
    )
    with registry.watched() as seen:
        cold.output("cat", image.reference, "/srv/app/settings.ini")
    again = [request.path.rsplit("/", 1)[1] for request in seen if "/blobs/" in request.path]
    assert [each for each in again if each in {layer["digest"] for layer in layers}] == [layers[brought]["digest"]]


def test_content_out_of_an_engine(image: Built, tmp_path: Path) -> None:
    product = Product(tmp_path, {"DOCKER_HOST": image.engine.host})
    listed = product.json("files", f"docker:{image.local}", "--deleted")["files"]
    (banner,) = [row for row in listed if row["path"] == "/srv/app/static/banner.txt"]
    content = product.output("cat", f"docker:{image.local}", banner["path"], "--layer", str(banner["layer"]))
    assert content == (CONTEXT / "app/static/banner.txt").read_bytes()
    out = tmp_path / "out"
    assert product.run("extract", f"docker:{image.local}", "/srv/app", "--to", str(out)).returncode == 0
    assert (out / "srv/app/settings.ini").read_text() == "mode = production\n"
