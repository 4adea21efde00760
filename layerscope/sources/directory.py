"""A directory on disk: an unpacked OCI layout."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage, NotFound, SourceUnreachable
from layerscope.layers.blob import FileChunks
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES
from layerscope.sources.members import PackedBlob

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO


class Directory:
    """Files of a layout directory. No link is followed: a stranger's layout must not read this host's files."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def what(self) -> str:
        """The directory's path."""
        return str(self._path)

    def has(self, name: str) -> bool:
        """Whether ``name`` is a regular file below the directory."""
        try:
            return stat.S_ISREG(self._path.joinpath(name).lstat().st_mode)
        except OSError:
            return False

    def document(self, name: str) -> bytes:
        """The whole of a small file."""
        with self._open(name) as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(data) > MAX_DOCUMENT_BYTES:
            raise InvalidImage(f"{self.what}: {name} is larger than {MAX_DOCUMENT_BYTES} bytes")
        return data

    def blob(self, name: str) -> PackedBlob:
        """A blob file; opened when it is read."""
        with self._open(name) as file:
            size = os.fstat(file.fileno()).st_size
        return PackedBlob(partial(self._chunks, name), size)

    def close(self) -> None:
        """Nothing stays open."""

    def _open(self, name: str) -> BinaryIO:
        """Open one file below the directory, refusing a link in any component of ``name``."""
        *parents, last = name.split("/")
        descriptors: list[int] = []
        try:
            descriptors.append(os.open(self._path, os.O_RDONLY | os.O_DIRECTORY))
            for part in parents:
                descriptors.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptors[-1]))
            file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptors[-1])
        except FileNotFoundError as error:
            raise NotFound(f"{self.what}: there is no {name}") from error
        except OSError as error:
            if self._path.joinpath(name).is_symlink() or any(
                self._path.joinpath(*parents[:n]).is_symlink() for n in range(1, len(parents) + 1)
            ):
                raise InvalidImage(
                    f"{self.what}: {name} is, or lies below, a symbolic link; links in a layout are not followed",
                    hint="copy the layout with its links resolved (cp -L) if you trust where they lead",
                ) from error
            raise SourceUnreachable(f"{self.what}: cannot read {name}: {error.strerror}") from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise InvalidImage(f"{self.what}: {name} is not a regular file")
        return os.fdopen(file, "rb")

    @contextmanager
    def _chunks(self, name: str) -> Iterator[Iterator[bytes]]:
        with self._open(name) as file:
            yield FileChunks(file.fileno(), 0, os.fstat(file.fileno()).st_size)
