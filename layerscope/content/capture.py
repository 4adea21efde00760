"""A probe that keeps the content of wanted files while their layer is read anyway, so that it need not be read again.

For a source that only flows (an engine, a pipe) this is the only chance.
"""

from __future__ import annotations

import itertools
import tempfile
from typing import TYPE_CHECKING

from layerscope.layers.entry import EntryKind
from layerscope.layers.tarstream import clean_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from layerscope.layers.member import Member

IN_MEMORY = 8 << 20
"""Bytes kept in memory; with more, all of it goes to a temporary file."""
MAX_LEADS = 256
"""Links that are followed to guess what else will be wanted."""
_PIECE = 1 << 20


class Capture:
    """Content of files at or below ``paths`` (relative to the root), wherever a layer has them; ``close`` drops it.

    Symlinks on the way to a path are followed as far as they were seen before what they lead to. Layers are to be read
    one after the other.
    """

    id = "content"
    version = 1
    portable = False  # what it keeps is here

    def __init__(self, paths: Iterable[bytes]) -> None:
        self.limit: int | None = None
        """Bytes to keep in all; None for as many as there are."""
        self._wanted = {clean_path(path) for path in paths}
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed in close()
        self._kept: dict[tuple[bytes, int], tuple[int, int]] = {}
        self._end = 0
        self._keys = itertools.count()

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def run(self) -> _Run:
        """Begin on a layer. The run's result names it: see ``content``."""
        return _Run(self, b"%d" % next(self._keys))

    def has(self, key: bytes, position: int) -> bool:
        """Whether the content of that entry of that layer was kept."""
        return (key, position) in self._kept

    def content(self, key: bytes, position: int) -> Iterator[bytes]:
        """What was kept of the entry at ``position`` of the layer whose run's result was ``key``."""
        start, size = self._kept[key, position]
        while size:
            self._file.seek(start)
            piece = self._file.read(min(size, _PIECE))
            yield piece
            start += len(piece)
            size -= len(piece)

    def wants(self, member: Member) -> bool:
        """Whether a member is wanted; a symlink on the way to what is adds where it leads."""
        path = member.path
        if member.kind is EntryKind.SYMLINK:
            self._lead(path, member.link)
        if member.kind is not EntryKind.FILE:
            return False
        if not any(not want or path == want or path.startswith(want + b"/") for want in self._wanted):
            return False
        return self.limit is None or self._end + member.size <= self.limit

    def begin(self, key: bytes, position: int) -> None:
        """The content of an entry follows."""
        self._kept[key, position] = self._end, 0

    def extend(self, key: bytes, position: int, chunk: memoryview) -> None:
        """The next bytes of the entry begun last."""
        start, size = self._kept[key, position]
        self._file.seek(self._end)
        self._file.write(chunk)
        self._end += len(chunk)
        self._kept[key, position] = start, size + len(chunk)

    def _lead(self, path: bytes, target: bytes) -> None:
        for want in list(self._wanted):
            if len(self._wanted) < MAX_LEADS and (want == path or want.startswith(path + b"/")):
                parent = b"" if target.startswith(b"/") else path.rpartition(b"/")[0]
                self._wanted.add(clean_path(b"/".join((parent, target)) + want[len(path) :]))


class _Run:
    """One layer going past."""

    def __init__(self, capture: Capture, key: bytes) -> None:
        self._capture = capture
        self._key = key
        self._position = -1

    def wants(self, member: Member) -> bool:
        self._position += 1
        if not self._capture.wants(member):
            return False
        self._capture.begin(self._key, self._position)
        return True

    def feed(self, chunk: memoryview) -> None:
        self._capture.extend(self._key, self._position, chunk)

    def end(self) -> None:
        pass

    def result(self) -> bytes:
        return self._key
