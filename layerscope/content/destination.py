"""A directory to write into, and nothing outside of it.

Each component of a path is opened below the one before it and never through a symlink (openat with O_NOFOLLOW), so that
neither a link that was there before nor one that appears meanwhile leads out. A file is written beside its place and
renamed into it when it is whole and verified; what is there already stays unless it is to be replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING

from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_HOPELESS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE))
"""Failures that the next path would meet too."""
_NO_LINKS = frozenset((errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS))
"""What a file system without hard links, or without one more, says."""
_ZEROS = bytes(1 << 16)
Identity = tuple[int, int]


class Refused(Exception):
    """A path that was not written, and why."""

    def __init__(self, reason: str, *, in_the_way: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.in_the_way = in_the_way
        """Whether it is the destination's fault, not the image's."""


class Destination:
    """``directory``, made if it is not there. Paths are relative to it, as bytes, without ``.`` and ``..``.

    UsageError where it cannot be opened or takes no more; Refused for a path that cannot be written.
    """

    def __init__(self, directory: Path, *, force: bool) -> None:
        self._name = directory
        self._force = force
        self._made: dict[Identity, bytes] = {}
        self._last: tuple[list[bytes], int] | None = None
        try:
            directory.mkdir(exist_ok=True)
            self._root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise UsageError(f"cannot write to {directory}: there is no {directory.parent}", hint="make it") from error
        except OSError as error:
            raise UsageError(f"cannot write to {directory}: {error.strerror}", hint="--to names a directory") from error

    def __enter__(self) -> Destination:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        os.close(self._root)

    def directory(self, path: bytes) -> None:
        """Make a directory with those above it, for its owner alone as yet: see ``settle``. One may be there."""
        with self._refusing(path):
            if not path:
                return
            *above, name = path.split(b"/")
            descriptor = self._step(self._open(above), name, path, 0o700)
            try:
                made = self._made.get(_identity(os.fstat(descriptor)))
            finally:
                os.close(descriptor)
            if made is not None and made != path:
                raise Refused(f"this file system takes its name for that of /{_text(made)}", in_the_way=True)

    def settle(self, path: bytes, mode: int, mtime: tuple[int, int] | None) -> None:
        """Give a directory that was made here its permissions and time, when nothing more is written into it."""
        with self._refusing(path):
            descriptor = self._open(path.split(b"/"), make=False)
            if self._made.get(_identity(os.fstat(descriptor))) == path:
                os.fchmod(descriptor, mode & 0o777)
                _set_time(descriptor, mtime)

    def file(self, path: bytes, content: Iterable[bytes], mode: int, mtime: tuple[int, int] | None) -> None:
        """Write a regular file; zeros become holes. What ``content`` raises is raised, and nothing is left of it."""
        with self._refusing(path):
            parent, name = self._free(path)

            def write(temporary: bytes) -> None:
                descriptor = os.open(temporary, _NEW_FILE, 0o600, dir_fd=parent)
                try:
                    _write(descriptor, content)
                    os.fchmod(descriptor, mode & 0o777)
                    _set_time(descriptor, mtime)
                finally:
                    os.close(descriptor)

            self._place(parent, name, path, write)

    def symlink(self, path: bytes, target: bytes, mtime: tuple[int, int] | None) -> None:
        """Make a symlink; whether its target is safe is the caller's to know."""
        with self._refusing(path):
            parent, name = self._free(path)

            def link(temporary: bytes) -> None:
                os.symlink(target, temporary, dir_fd=parent)
                with contextlib.suppress(OSError, OverflowError):
                    os.utime(temporary, ns=_ns(mtime), dir_fd=parent, follow_symlinks=False)

            self._place(parent, name, path, link)

    def link(self, written: bytes, path: bytes) -> None:
        """Make ``path`` another name of the file ``written`` before; a copy where the file system has no hard links."""
        with self._refusing(path):
            parent, name = self._free(path)
            held = os.dup(parent)
            try:
                *directories, first = written.split(b"/")
                source = self._open(directories, make=False)

                def link(temporary: bytes) -> None:
                    os.link(first, temporary, src_dir_fd=source, dst_dir_fd=held, follow_symlinks=False)

                try:
                    self._place(held, name, path, link)
                except OSError as error:
                    if error.errno not in _NO_LINKS:
                        raise
                    self._copy(source, first, path)
            finally:
                os.close(held)

    # -- below the root ------------------------------------------------------------------------------------------

    def _open(self, parts: list[bytes], *, make: bool = True) -> int:
        """The directory at ``parts``; it stays open until another one is asked for."""
        if not parts:
            return self._root
        if self._last is not None and self._last[0] == parts:
            return self._last[1]
        descriptor = self._root
        for depth, part in enumerate(parts):
            try:
                below = self._step(descriptor, part, b"/".join(parts[: depth + 1]), 0o777 if make else None)
            finally:
                if descriptor != self._root:
                    os.close(descriptor)
            descriptor = below
        self._forget()
        self._last = parts, descriptor
        return descriptor

    def _step(self, parent: int, name: bytes, path: bytes, make: int | None) -> int:
        """The directory ``name`` in another; made, where it is missing, with the permissions ``make``."""
        made = False
        if make is not None:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, make, dir_fd=parent)
                made = True
        try:
            descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            raise Refused(f"/{_text(path)} is a symlink or a file in {self._name}", in_the_way=True) from error
        if made:
            self._made[_identity(os.fstat(descriptor))] = path
        return descriptor

    def _free(self, path: bytes) -> tuple[int, bytes]:
        """The directory that ``path`` goes to, and its name there, which is free or may be replaced."""
        *directories, name = path.split(b"/")
        parent = self._open(directories)
        try:
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return parent, name
        made = self._made.get(_identity(status))
        if made is not None:
            raise Refused(f"this file system takes its name for that of /{_text(made)}", in_the_way=True)
        if stat.S_ISDIR(status.st_mode):
            raise Refused(f"a directory of this name is in {self._name}", in_the_way=True)
        if not self._force:
            raise Refused(f"it is in {self._name} already; --force overwrites it", in_the_way=True)
        return parent, name

    def _place(self, parent: int, name: bytes, path: bytes, write: Callable[[bytes], None]) -> None:
        """Make something under a name of its own, then put it in its place at once."""
        temporary = b".layerscope-" + secrets.token_hex(8).encode()
        try:
            write(temporary)
            status = os.stat(temporary, dir_fd=parent, follow_symlinks=False)
            if self._force:
                os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            else:
                _rename_to_new(temporary, name, parent)
            self._made[_identity(status)] = path
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=parent)

    def _copy(self, source: int, name: bytes, path: bytes) -> None:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
        with os.fdopen(descriptor, "rb") as original:
            status = os.fstat(descriptor)
            mtime = divmod(status.st_mtime_ns, 1_000_000_000)
            self.file(path, iter(lambda: original.read(1 << 20), b""), stat.S_IMODE(status.st_mode), mtime)

    @contextlib.contextmanager
    def _refusing(self, path: bytes) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _HOPELESS:
                raise UsageError(
                    f"cannot write /{_text(path)} to {self._name}: {error.strerror}",
                    hint="what was written before is whole; nothing is left of this file",
                ) from error
            raise Refused(error.strerror or str(error), in_the_way=True) from error

    def _forget(self) -> None:
        if self._last is not None:
            os.close(self._last[1])
            self._last = None


def _rename_to_new(old: bytes, new: bytes, directory: int) -> None:
    """A rename that, unlike the system's, never replaces what came meanwhile."""
    try:
        os.link(old, new, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.rename(old, new, src_dir_fd=directory, dst_dir_fd=directory)


def _write(descriptor: int, content: Iterable[bytes]) -> None:
    """Write everything, long runs of zeros by passing over them."""
    size = 0
    for chunk in content:
        size += len(chunk)
        if len(chunk) >= 4096 and _is_zero(chunk):
            os.lseek(descriptor, len(chunk), os.SEEK_CUR)
            continue
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    os.ftruncate(descriptor, size)


def _is_zero(chunk: bytes) -> bool:
    return not chunk[0] and all(
        chunk.startswith(_ZEROS[: len(chunk) - at], at) for at in range(0, len(chunk), len(_ZEROS))
    )


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def _ns(mtime: tuple[int, int] | None) -> tuple[int, int]:
    if mtime is None:
        raise OverflowError
    nanoseconds = mtime[0] * 1_000_000_000 + mtime[1]
    return nanoseconds, nanoseconds


def _set_time(descriptor: int, mtime: tuple[int, int] | None) -> None:
    with contextlib.suppress(OSError, OverflowError):  # a time that the file system cannot keep
        os.utime(descriptor, ns=_ns(mtime))


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
