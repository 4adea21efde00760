"""rpm: ``rpmdb.sqlite``, ``Packages.db`` (ndb) and, of rpm before 4.16, ``Packages`` (Berkeley DB)."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from layerscope.packages.content import MAX_TEXT_BYTES, Content, Said, Unreadable
from layerscope.packages.installed import FileList, Installed, Key, Live, below
from layerscope.packages.rpmdatabase import berkeley_headers, ndb_headers, sqlite_headers
from layerscope.packages.rpmheader import read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO

    from layerscope.layers.member import Member

PLACES = (b"var/lib/rpm", b"usr/lib/sysimage/rpm", b"usr/share/rpm")
"""Where distributions keep the database."""
_MAX_DATABASE = 256 << 20
"""Bytes of one database. That of a Fedora with 2 000 packages takes a sixth."""
_MAX_PACKAGES = 100_000


def reader_of(member: Member) -> tuple[str, Content] | None:
    """How to take in rpm's database; None for any other file."""
    directory, _, name = member.path.rpartition(b"/")
    if not directory.endswith(PLACES):
        return None
    if name == b"rpmdb.sqlite":
        return "rpm-headers", _Copy(sqlite_headers)
    if name == b"rpmdb.sqlite-wal":
        return "rpm-headers", _Pending()
    if name == b"Packages.db":
        return "rpm-headers", _Copy(ndb_headers)
    if name == b"Packages":
        return "rpm-headers", _Copy(berkeley_headers)
    return None


class _Copy:
    """A database that is read out of order, and so from a temporary copy of bounded size."""

    def __init__(self, read: Callable[[str, IO[bytes]], Iterator[bytes]]) -> None:
        self._read = read
        self._file: tempfile._TemporaryFileWrapper[bytes] | None = None
        self._size = 0
        self._failure = ""

    def feed(self, chunk: memoryview) -> None:
        """Write it to the copy, while there is room."""
        self._size += len(chunk)
        if self._size > _MAX_DATABASE:
            self._failure = f"it is larger than {_MAX_DATABASE} bytes"
        if self._failure:
            return
        try:
            if self._file is None:
                self._file = tempfile.NamedTemporaryFile(prefix="layerscope-rpm-")  # noqa: SIM115 - closed in end
            self._file.write(chunk)
        except OSError as error:
            self._failure = f"no temporary copy of it can be made: {error.strerror}"

    def end(self) -> Said | None:
        """[name, version, architecture, paths one a line] of every package."""
        if self._file is None:
            raise Unreadable(self._failure or "it is empty")
        with self._file as file:
            if self._failure:
                raise Unreadable(self._failure)
            try:
                file.flush()
                return Said(list(_packages(self._read(file.name, file.file))))
            except OSError as error:
                raise Unreadable(f"no temporary copy of it can be made: {error.strerror}") from error


def _packages(headers: Iterator[bytes]) -> Iterator[list[str]]:
    size = paths = 0
    for count, blob in enumerate(headers):
        size += len(blob)  # what the database says may be the same bytes many times over
        package = read_header(blob)
        if package is not None:
            paths += len(package.files)
            yield list(package)
        if count >= _MAX_PACKAGES or size > 2 * _MAX_DATABASE or paths > MAX_TEXT_BYTES:
            raise Unreadable("it says more than a database of its size can")


class _Pending:
    """What SQLite has written beside the database and may not have taken over."""

    def __init__(self) -> None:
        self._size = 0

    def feed(self, chunk: memoryview) -> None:
        """Only that there is something counts."""
        self._size += len(chunk)

    def end(self) -> Said | None:
        """No package, but a remark."""
        return Said([], "changes that may not be in rpmdb.sqlite yet are not read") if self._size else None


def installed(live: Iterable[Live]) -> Iterator[Installed]:
    """What the live databases say. An image that has been converted may have an old one beside the new."""
    for file in live:
        directory = file.path.rpartition(b"/")[0]
        root = below(directory, PLACES) or b""
        for name, version, architecture, lines in file.data:
            key = Key("rpm", name, version, architecture, directory)
            yield Installed(key, (FileList(root, root, lines),), proof=file.real)
