"""Bytes a perfect rebuild would not ship: what brought them, what buried them, why."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Cause(enum.StrEnum):
    """Why a file's content is no longer in the merged filesystem, strongest first."""

    DELETED = "deleted"
    """A whiteout names it or an ancestor."""
    OPAQUE = "opaque"
    """An opaque directory hides it."""
    REPLACED = "replaced"
    """Another kind of entry took its place, or an ancestor's."""
    OVERWRITTEN = "overwritten"
    """The same path came again with other content."""
    REWRITTEN = "rewritten"
    """The same path came again with the same content: chmod, chown, touch, a copy-up."""
    REPEATED = "repeated"
    """The path stands twice in one layer; the last one counts."""


class Reclaimable(NamedTuple):
    """Content bytes that a layer ships and nobody sees."""

    path: bytes
    """Path of the entry that brought the content."""
    cause: Cause
    bytes: int
    layer: int
    """Index of the layer that brought it."""
    buried_by: int
    """Index of the layer whose entry or marker removed its last link."""


class Buried(NamedTuple):
    """An entry with no name left in the merged filesystem, be it a file (empty ones too), a link or a device."""

    layer: int
    """Index of the layer that brought it."""
    entry: int
    """Its position in that layer's tar."""
    cause: Cause
    by: int
    """Index of the layer whose entry or marker removed its last name."""
