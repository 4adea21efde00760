"""What can differ about one path, and which differences are not to count."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class FileChange(enum.StrEnum):
    """What became of a path."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """A regular file with content that is now at another path (see ``moves``)."""
    MODIFIED = "modified"
    """A regular file with other content."""
    METADATA = "metadata"
    """The same kind and the same file content; what else differs is named."""
    KIND = "kind"
    """Another kind of entry: a file became a symlink, a directory a file."""


class Aspect(enum.StrEnum):
    """One way in which a path that both images have is not the same."""

    KIND = "kind"
    CONTENT = "content"
    TARGET = "target"
    """A symlink's."""
    DEVICE = "device"
    """Major and minor number."""
    MODE = "mode"
    """Permission bits with setuid, setgid and sticky. A symlink has none of its own (symlink(7))."""
    OWNER = "owner"
    MTIME = "mtime"
    """To the nanosecond. A directory's only where it was asked for."""
    XATTRS = "xattrs"
    LINKS = "links"
    """It shares its content with other names (hard links) in one image and not in the other, so its bytes differ."""


IGNORABLE = (Aspect.MODE, Aspect.OWNER, Aspect.MTIME, Aspect.XATTRS, Aspect.TARGET, Aspect.DEVICE, Aspect.LINKS)
"""Aspects that may be left out of account. Content and kind are what a diff is about."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """What is not to count as a difference. Its bytes still count: they are told apart, so that sums stay exact."""

    aspects: frozenset[Aspect] = frozenset()
    paths: Callable[[bytes, bool], bool] | None = None
    """Whether a path (relative to the root), which is a directory or not, is to be passed over."""
    directory_times: bool = True
    """A directory's time changes with every file that comes or goes in it; False counts it all the same."""
    created: bool = False
    """When the image and the steps of its history were made."""
