"""Which files of a listing are shown, and in which order."""

from __future__ import annotations

import heapq
import posixpath
from typing import TYPE_CHECKING

from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from layerscope.filesystem.listing import FileRow


def normalised(path: bytes) -> bytes:
    """What a person wrote for a path inside the image, relative to the root as listings have it."""
    return posixpath.normpath(b"/" + path).lstrip(b"/")


def below(rows: Iterable[FileRow], start: bytes) -> Iterator[FileRow]:
    """The row of ``start`` and those below it; all for the root."""
    prefix = start + b"/"
    return (row for row in rows if not start or row.path == start or row.path.startswith(prefix))


def matching(rows: Iterable[FileRow], patterns: tuple[str, ...]) -> Iterator[FileRow]:
    """Rows that gitignore patterns pick: the last pattern that matches a path decides, ``!`` takes it out again.

    Raises UsageError for what is no pattern.
    """
    matches = matcher(patterns, "--glob")
    return (row for row in rows if matches(row.path, row.kind == "directory"))


def matcher(patterns: Sequence[str], option: str) -> Callable[[bytes, bool], bool]:
    """Whether gitignore patterns match a path, which is a directory or not.

    Raises UsageError, naming the option, for what is no pattern.
    """
    import pathspec

    try:
        spec = pathspec.GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        hint = f"{option} takes gitignore patterns, such as '*.pyc'"
        raise UsageError(f"not a pattern: {error}", hint=hint) from error
    return lambda path, is_directory: spec.match_file(
        path.decode("utf-8", "surrogateescape") + ("/" if is_directory else "")
    )


def arranged(rows: Iterable[FileRow], order: str | None, top: int | None) -> Iterable[FileRow]:
    """Rows by ``size`` (largest first), by ``path``, or as they come; ``top`` alone means the largest."""
    if order == "size" or (order is None and top is not None):
        if top is not None:
            return heapq.nsmallest(top, rows, key=_largest)
        return sorted(rows, key=_largest)
    if order == "path":
        rows = sorted(rows, key=lambda row: row.path)
    return rows if top is None else _first(rows, top)


def weight(row: FileRow) -> int:
    """Bytes a row counts for: in a listing of changes what was shipped or vanished, else the file's own."""
    return row.size if row.bytes_shipped is None else row.bytes_shipped


def _largest(row: FileRow) -> tuple[int, bytes]:
    return -weight(row), row.path


def _first(rows: Iterable[FileRow], top: int) -> Iterator[FileRow]:
    return (row for _, row in zip(range(top), rows, strict=False))
