"""What two builds of one Dockerfile cannot have in common where apt, pip and npm run: the time at which they ran.

Every path, kind, mode and owner is still compared, and every content but that of the files named here.
"""

from __future__ import annotations

import hashlib
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .imagetar import SavedImage

VARYING = {
    "var/log/apt/*.log": "when apt ran, and what it did then",
    "var/log/dpkg.log": "when each package was unpacked",
    "var/log/alternatives.log": "when each alternative was set",
    "var/cache/ldconfig/aux-cache": "times and inode numbers of libraries",
    "root/.cache/pip/*": "when an answer came, and how long it holds",
    "root/.npm/_cacache/index-v5/*": "when an answer came, and how long it holds",
    "root/.npm/_logs/*": "what npm did, by the millisecond",
    "root/.npm/_update-notifier-last-checked": "empty, or when npm asked for a newer npm",
}
"""Paths, and why their content is of one build alone."""
_NAMED_BY_TIME = re.compile(r"(?<=^root/\.npm/_logs/)[\dT_Z-]+(?=-debug-)")
_PYC_TIME = slice(8, 12)
"""Where a .pyc has the time of its source, which pip has just written."""


def content(path: str, stream: bytes) -> str:
    """A file's content, as far as a second build repeats it."""
    if any(fnmatchcase(path, pattern) for pattern in VARYING):
        return "varying"
    if path.endswith(".pyc"):
        timeless = bytearray(stream)
        timeless[_PYC_TIME] = bytes(4)
        stream = bytes(timeless)
    return hashlib.sha256(stream).hexdigest()


def timeless(image: SavedImage) -> dict[str, tuple[Any, ...]]:
    """An image's tree without what tells when it was made."""
    return {_NAMED_BY_TIME.sub("<time>", path): described for path, described in image.tree(content=content).items()}
