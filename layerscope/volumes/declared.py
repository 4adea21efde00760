"""The VOLUMEs an image declares and what it ships below them (image-spec config.md, ``Volumes``).

A container gets an anonymous volume at each of these paths unless something else is mounted there. The engine copies
the image's content into a new empty one; a bind mount or a volume in use hides it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeclaredVolume:
    """One VOLUME path. ``bytes`` counts the merged content below it, each inode once; None where it is not known."""

    path: str
    bytes: int | None
    entries: int | None
    """Paths of the merged tree below it, itself excluded."""
    layers: tuple[int, ...] | None
    """Indexes of the layers that brought those paths."""


@dataclass(frozen=True, slots=True)
class PathBelow:
    """A path of the merged tree, as much of it as matters here."""

    layer: int
    inode: object
    """Equal for hard links to one file."""
    size: int


def declared_volume(path: str, below: list[PathBelow] | None) -> DeclaredVolume:
    """Add up what lies below one VOLUME path; ``below`` is None where the tree is not known whole."""
    if below is None:
        return DeclaredVolume(path, None, None, None)
    inodes = {item.inode: item.size for item in below}
    return DeclaredVolume(path, sum(inodes.values()), len(below), tuple(sorted({item.layer for item in below})))
