"""A directory tree as the kernel shows it."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "character-device",
    stat.S_IFBLK: "block-device",
    stat.S_IFIFO: "fifo",
}


@dataclass(frozen=True, slots=True)
class Node:
    """What one path is."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    """Of a regular file; otherwise 0."""
    link: bytes
    """A symlink's target."""
    digest: str
    """`sha256:…` of a regular file."""
    mtime: int
    """Nanoseconds since the epoch."""
    inode: int
    xattrs: tuple[tuple[str, bytes], ...]
    device: tuple[int, int]
    """Of a device its numbers, else (0, 0)."""


def read_tree(root: bytes, without: frozenset[bytes] = frozenset()) -> dict[bytes, Node]:
    """Every path below `root`, with a leading slash; nothing at or below the paths in `without`."""
    found: dict[bytes, Node] = {}
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                path = entry.path[len(root) :]
                if path in without:
                    continue
                found[path] = read_node(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return found


def read_node(path: bytes) -> Node:
    """One path, and for a regular file its content's digest."""
    status = os.lstat(path)
    regular = stat.S_ISREG(status.st_mode)
    digest = ""
    if regular:
        with open(path, "rb") as stream:  # noqa: PTH123 - names are bytes here: they need not be UTF-8
            digest = "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
    names = (name for name in os.listxattr(path, follow_symlinks=False) if not name.startswith("trusted.overlay."))
    return Node(
        kind=KINDS[stat.S_IFMT(status.st_mode)],
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        size=status.st_size if regular else 0,
        link=os.readlink(path) if stat.S_ISLNK(status.st_mode) else b"",  # noqa: PTH115 - bytes again
        digest=digest,
        mtime=status.st_mtime_ns,
        inode=status.st_ino,
        xattrs=tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in sorted(names)),
        device=(os.major(status.st_rdev), os.minor(status.st_rdev)),
    )


def content_bytes(tree: dict[bytes, Node]) -> int:
    """Content of the tree's regular files, each inode once."""
    return sum({node.inode: node.size for node in tree.values()}.values())
