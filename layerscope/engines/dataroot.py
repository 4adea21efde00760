"""What lies in an engine's root directory, in bytes of disk, where this process may read it.

Directories as moby and containers/storage lay them out. Counted as ``du`` counts: blocks in use, an inode once, without
going into other file systems (a mounted container would count its image again).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 512
"""``st_blocks`` counts in these, whatever the file system's own are (POSIX <sys/stat.h>)."""

_PURPOSES = {
    "volumes": "volumes",
    "containers": "containers",
    "image": "image metadata",
    "buildkit": "build cache",
    "tmp": "temporary",
    "containerd": "containerd",
    "overlay2": "layers",
    "fuse-overlayfs": "layers",
    "btrfs": "layers",
    "zfs": "layers",
    "vfs": "layers",
    "overlay": "layers",
    "overlay-images": "image metadata",
    "overlay-layers": "image metadata",
    "overlay-containers": "containers",
    "vfs-images": "image metadata",
    "vfs-layers": "image metadata",
    "vfs-containers": "containers",
}


@dataclass(frozen=True, slots=True)
class RootPart:
    """One directory of the root."""

    name: str
    purpose: str
    """What it is for: ``layers``, ``volumes``, ``containers`` …; empty where that is not known."""
    bytes: int | None
    """Of disk; None where it, or something in it, may not be read."""


def root_parts(root: Path) -> tuple[RootPart, ...] | None:
    """The directories of ``root``, by name; None where it is not here or not to be read."""
    try:
        device = root.stat().st_dev
        with os.scandir(root) as found:
            names = sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
    except OSError:
        return None
    return tuple(RootPart(name, _PURPOSES.get(name, ""), disk_bytes(root / name, device)) for name in names)


def disk_bytes(directory: Path, device: int) -> int | None:
    """Disk that a tree takes on one device, itself included; None where not all of it may be read."""
    total = 0
    linked: set[int] = set()
    try:
        for found in _walk(directory, device):
            if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
                if found.st_ino in linked:
                    continue
                linked.add(found.st_ino)
            total += found.st_blocks * BLOCK
    except PermissionError:
        return None
    return total


def _walk(directory: Path, device: int) -> Iterator[os.stat_result]:
    pending = [os.fspath(directory)]
    yield directory.lstat()
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # an engine works on while we look
                    if found.st_dev != device:
                        continue
                    yield found
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            continue
