"""Which removed file is which added one.

A regular file that holds something, is gone from its path, and whose content is now at a path that was not there
before, has moved. Where several removed and several added files hold one content, those of the same name belong
together first, then the rest, each in the order of their paths. Every file is used once: what is left over was removed
or added. A file of zero bytes never moves: its content does not say where it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.compare.alignment import match

if TYPE_CHECKING:
    from collections.abc import Sequence

Contents = dict[bytes, list[bytes]]
"""Digest → paths of the files that hold it."""


def find_moves(removed: Contents, added: Contents) -> list[tuple[bytes, bytes]]:
    """(old path, new path) of every file that moved; the same pairs whichever image comes first."""
    return [
        pair
        for digest, paths in removed.items()
        if digest in added
        for pair in _paired(sorted(paths), sorted(added[digest]))
    ]


def _paired(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    named = match([_name(path) for path in old], [_name(path) for path in new])
    lefts, rights = {left for left, _ in named}, {right for _, right in named}
    rest = zip(
        (path for position, path in enumerate(old) if position not in lefts),
        (path for position, path in enumerate(new) if position not in rights),
        strict=False,
    )
    return [*((old[left], new[right]) for left, right in named), *rest]


def _name(path: bytes) -> str:
    return path.rpartition(b"/")[2].decode("utf-8", "surrogateescape")
