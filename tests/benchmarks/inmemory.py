"""What is to be read, held in memory while it is measured: a page cache may forget, a tmpfs does not."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .image import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

TMPFS = Path("/dev/shm")
SHARE = 2
"""There must be so many times as much memory available as is taken."""


def room_for(size: int) -> bool:
    """Whether a tmpfs is there and memory to spare."""
    if not TMPFS.is_dir() or shutil.disk_usage(TMPFS).free < size:
        return False
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024 > SHARE * size
    return False


@contextlib.contextmanager
def directory_for(size: int) -> Iterator[Path]:
    """A temporary directory for so many bytes: in memory where there is room, else where temporary files go."""
    where = TMPFS if room_for(size) else None
    with tempfile.TemporaryDirectory(prefix="layerscope-benchmark-", dir=where) as directory:
        yield Path(directory)


@contextlib.contextmanager
def held(image: Image) -> Iterator[tuple[Image, str]]:
    """The image, in memory where there is room; and a line that says where it is."""
    size = sum(file.stat().st_size for file in image.directory.rglob("*") if file.is_file())
    if not room_for(size):
        yield image, "what is read lies on a disk, and is read once before each run to have it in the page cache"
        return
    with directory_for(size) as directory:
        shutil.copytree(image.directory, directory, dirs_exist_ok=True)
        yield Image(directory), "what is read lies in memory (tmpfs)"
