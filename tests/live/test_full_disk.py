"""Extraction onto a disk that fills up: what is there is whole, and the one that did not fit is not there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from making import file, simple_layout, tar_of

from .command import run
from .need import need_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .product import Product


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    need_root()
    disk = tmp_path / "disk"
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk)
    try:
        yield disk
    finally:
        run("umount", disk)


def test_nothing_is_left_of_a_file_that_does_not_fit(product: Product, small_disk: Path, tmp_path: Path) -> None:
    content = {f"file-{n}": hashlib.sha256(b"%d" % n).digest() * 10_000 for n in range(8)}
    layout = simple_layout(tmp_path / "layout", tar_of(*(file(name, data) for name, data in content.items())))
    done = product.run("extract", str(layout), "/", "--to", str(small_disk / "out"))
    assert done.returncode == 2
    assert b"No space left on device" in done.stderr
    written = {path.name: path.read_bytes() for path in (small_disk / "out").iterdir()}
    assert 0 < len(written) < len(content)
    assert written == {name: content[name] for name in written}
