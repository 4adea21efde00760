"""A plain tar on disk: members are found once and read where they lie."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, InvalidImage, NotFound
from layerscope.layers.blob import READ_CHUNK, FileChunks
from layerscope.layers.chunks import ChunkReader
from layerscope.layers.entry import EntryKind
from layerscope.layers.limits import Limits
from layerscope.layers.tarstream import TarReader
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES
from layerscope.sources.members import PackedBlob

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from layerscope.layers.member import Member

MAX_MEMBERS = 100_000
MAX_LINK_HOPS = 16


class ArchiveNames:
    """The names in an archive, with links between them: old ``docker save`` links equal layers to one file."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._links: dict[str, str] = {}
        self._count = 0

    def note(self, member: Member) -> str:
        """Take note of a member; returns its name."""
        self._count += 1
        if self._count > MAX_MEMBERS:
            raise InvalidImage(f"{self.what} has more than {MAX_MEMBERS} members: it is not an image archive")
        name = os.fsdecode(member.path)
        if member.kind is EntryKind.SYMLINK:
            self._links[name] = _beside(name, os.fsdecode(member.link))
        elif member.kind is EntryKind.HARDLINK:
            self._links[name] = os.fsdecode(member.link)
        else:
            self._links.pop(name, None)
        return name

    def resolve(self, name: str) -> str:
        """The member that ``name`` leads to, inside the archive only."""
        for _ in range(MAX_LINK_HOPS):
            if name not in self._links:
                return name
            name = self._links[name]
        raise InvalidImage(f"{self.what}: links from {name!r} go in circles")


def _beside(name: str, target: str) -> str:
    """A relative link's target, as a name in the archive; ``..`` stops at the top."""
    parts = [] if target.startswith("/") else name.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class Archive:
    """A seekable tar. Its members' content is not read until it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names = ArchiveNames(str(path))
        self._members: dict[str, tuple[int, int]] = {}
        self._file = path.open("rb")
        try:
            self._identity = _identity(self._file.fileno(), path)
            self._scan()
        except BaseException:
            self._file.close()
            raise

    @property
    def what(self) -> str:
        """The archive's path."""
        return str(self._path)

    def has(self, name: str) -> bool:
        """Whether there is such a file, links followed."""
        return self._names.resolve(name) in self._members

    def document(self, name: str) -> bytes:
        """The whole of a small member."""
        offset, size = self._find(name)
        if size > MAX_DOCUMENT_BYTES:
            raise InvalidImage(f"{self.what}: {name} is {size} bytes; the limit is {MAX_DOCUMENT_BYTES}")
        return b"".join(FileChunks(self._file.fileno(), offset, size))

    def blob(self, name: str) -> PackedBlob:
        """A member's bytes, read when asked for; the file's identity vouches for them in the cache."""
        offset, size = self._find(name)
        return PackedBlob(partial(self._chunks, offset, size), size, f"{self._identity} {offset} {size}")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _find(self, name: str) -> tuple[int, int]:
        try:
            return self._members[self._names.resolve(name)]
        except KeyError:
            raise NotFound(f"{self.what}: there is no {name}") from None

    def _scan(self) -> None:
        source = _FileSource(self._file.fileno())
        reader = TarReader(source, Limits())
        try:
            for member in reader:
                name = self._names.note(member)
                self._members.pop(name, None)
                if member.kind is EntryKind.FILE and member.sparse is None:
                    self._members[name] = (source.offset, member.size)
        except DamagedLayer as error:
            raise DamagedLayer(
                f"{self.what}: {error.message}", hint="the archive is incomplete; save it again"
            ) from error

    @contextmanager
    def _chunks(self, offset: int, size: int) -> Iterator[Iterator[bytes]]:
        yield FileChunks(self._file.fileno(), offset, size)


def _identity(descriptor: int, path: Path) -> str:
    """What stands for a file's exact bytes: nobody alters them without altering its change time."""
    status = os.fstat(descriptor)
    return (
        f"{path.resolve()} {status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    )


class _FileSource(ChunkReader):
    """A file for TarReader that skips by seeking, so that a scan reads headers alone."""

    __slots__ = ("_descriptor", "_position", "_size")

    def __init__(self, descriptor: int) -> None:
        super().__init__(iter(()))
        self._descriptor = descriptor
        self._position = 0
        self._size = os.fstat(descriptor).st_size

    @property
    def offset(self) -> int:
        """Position in the file."""
        return self._position

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes of the file."""
        data = os.pread(self._descriptor, count, self._position)
        self._position += len(data)
        return data

    def view(self, count: int) -> memoryview | None:
        """Never at hand: nothing of a file is kept."""
        return None

    def spans(self, count: int) -> Iterator[memoryview]:
        """The next ``count`` bytes of the file, in chunks."""
        while count > 0 and (data := self.take(min(count, READ_CHUNK))):
            count -= len(data)
            yield memoryview(data)

    def skip(self, count: int) -> int:
        """Seek forward; never past the end."""
        step = min(count, self._size - self._position)
        self._position += step
        return step

    def rest(self) -> Iterator[memoryview]:
        """What follows an archive's end is nobody's: not read."""
        return iter(())
