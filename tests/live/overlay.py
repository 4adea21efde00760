"""An image's stack as the kernel merges it, layer by layer: overlay2's own directories, mounted read-only."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .command import run
from .realtree import Node, read_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .engine import Engine

Tree = dict[bytes, Node]


def image_directories(engine: Engine, image: str) -> list[str]:
    """The layers as overlay2 keeps them, the uppermost first: the order that overlayfs wants."""
    driver = engine.inspect(image)["GraphDriver"]
    assert driver["Name"] == "overlay2"
    return [driver["Data"]["UpperDir"], *filter(None, driver["Data"].get("LowerDir", "").split(":"))]


def stacked_trees(engine: Engine, image: str) -> Iterator[Tree]:
    """The merged tree after the first layer, after the second, and so on to the whole image."""
    directories = image_directories(engine, image)
    for position in range(len(directories) - 1, -1, -1):
        with merged(directories[position:]) as root:
            yield read_tree(bytes(root))


@contextlib.contextmanager
def merged(directories: list[str]) -> Iterator[Path]:
    """The directories merged, the first on top."""
    if len(directories) == 1:
        yield Path(directories[0])
        return
    with tempfile.TemporaryDirectory(prefix="ls-") as root:
        run("mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={':'.join(directories)}", root)
        try:
            yield Path(root)
        finally:
            run("umount", root)
