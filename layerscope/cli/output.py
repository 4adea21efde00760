"""Where output goes: to standard output, and to files that come whole or not at all."""

from __future__ import annotations

import codecs
import contextlib
import enum
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from layerscope.cli.exits import ClosedPipe
from layerscope.cli.page import file_page, stdout_page
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from layerscope.cli.options import OutputOptions
    from layerscope.report.page import Page

_STDOUT = "-"
Format = TypeVar("Format", bound=enum.StrEnum)


@dataclass(frozen=True, slots=True)
class Output(Generic[Format]):
    """One thing to write: in which format, and where; None is standard output."""

    format: Format
    file: Path | None


def outputs(chosen: Format, options: OutputOptions) -> list[Output[Format]]:
    """Everything asked for, checked before any work is done for it: files first, standard output last."""
    wanted = []
    for text in options.report:
        name, equals, file = text.partition("=")
        formats = [each.value for each in type(chosen)]
        if not equals or not file or name not in formats:
            raise UsageError(
                f"not a report: {text!r}", hint=f"write FORMAT=FILE, where FORMAT is one of {', '.join(formats)}"
            )
        wanted.append(Output(type(chosen)(name), _file(file)))
    to_stdout = options.output in (None, _STDOUT)
    wanted.append(Output(chosen, None if to_stdout else _file(str(options.output))))
    files = [os.path.realpath(each.file) for each in wanted if each.file is not None]
    if len(set(files)) < len(files):
        raise UsageError("two outputs go to the same file", hint="give each --report and -o a file of its own")
    return wanted


def write(wanted: Iterable[Output[Format]], render: Callable[[Format, Page], Iterable[str]]) -> None:
    """Render and write each output. ClosedPipe when nobody reads; UsageError when a file or stream takes no more."""
    for each in wanted:
        if each.file is None:
            to_stdout(render(each.format, stdout_page()))
        else:
            _to_file(render(each.format, file_page()), each.file)


def to_stdout(chunks: Iterable[str]) -> None:
    """Write text in the stream's own encoding; what that has no character for is escaped."""
    stream = sys.stdout
    if stream is None:
        raise UsageError("standard output is closed", hint="write to a file: -o FILE")
    encoding = stream.encoding or "utf-8"
    binary: BinaryIO = stream.buffer
    rendered = iter(chunks)
    while True:
        chunk = next(rendered, None)  # outside of the try: an error in rendering is not one in writing
        try:
            if chunk is None:
                binary.flush()
                return
            binary.write(chunk.encode(encoding, "backslashreplace"))
        except BrokenPipeError as error:
            raise ClosedPipe from error
        except OSError as error:
            raise UsageError(f"cannot write to standard output: {error.strerror}") from error


class BinaryOutput:
    """Where a file's own bytes go: None is standard output."""

    def __init__(self, file: Path | None, *, anything: bool) -> None:
        self._file = file
        self._anything = anything
        """Whether bytes that move a terminal's cursor may go to one: only for who asked for it."""

    @property
    def is_terminal(self) -> bool:
        """Whether a person would see the bytes, among whatever else is shown at the moment."""
        return self._file is None and sys.stdout is not None and sys.stdout.isatty()

    def write(self, chunks: Iterable[bytes]) -> None:
        """Write them all, to a file whole or not at all. Errors as in ``write``; what ``chunks`` raises."""
        if self._file is None:
            self._to_stdout(iter(chunks))
            return
        with _replacing(self._file) as stream:
            for chunk in chunks:
                try:
                    stream.write(chunk)
                except OSError as error:
                    raise _cannot(self._file, error) from error

    def _to_stdout(self, chunks: Iterator[bytes]) -> None:
        stream = sys.stdout
        if stream is None:
            raise UsageError("standard output is closed", hint="write to a file: -o FILE")
        text = _Text() if stream.isatty() and not self._anything else None
        while True:
            chunk = next(chunks, None)
            if chunk is not None and text is not None and not text.takes(chunk):
                raise UsageError(
                    "binary content, or characters that control a terminal, are not written to one",
                    hint="-o FILE keeps it, a pipe hands it on (| less), -o - writes it to the terminal all the same",
                )
            try:
                if chunk is None:
                    stream.buffer.flush()
                    return
                stream.buffer.write(chunk)
            except BrokenPipeError as error:
                raise ClosedPipe from error
            except OSError as error:
                raise UsageError(f"cannot write to standard output: {error.strerror}") from error


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?=[^\n])")
"""What a terminal would act upon."""


class _Text:
    """Tells whether bytes, chunk by chunk, are text that a terminal only shows."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def takes(self, chunk: bytes) -> bool:
        try:
            return _CONTROLS.search(self._decoder.decode(chunk)) is None
        except UnicodeDecodeError:
            return False


def binary_output(file: str | None) -> BinaryOutput:
    """``-o FILE`` for a file's own bytes, checked before any work is done for it."""
    to_stdout = file in (None, _STDOUT)
    return BinaryOutput(None if to_stdout else _file(str(file)), anything=file == _STDOUT)


def _file(name: str) -> Path:
    """A file to write, if it can be: what is found wrong now costs no time."""
    path = Path(name)
    parent = path.parent
    if path.is_dir():
        raise UsageError(f"cannot write {name}: it is a directory", hint="name a file in it")
    if not parent.is_dir():
        raise UsageError(f"cannot write {name}: there is no directory {parent}", hint="make it first")
    if not os.access(path if path.exists() else parent, os.W_OK):
        raise UsageError(f"cannot write {name}: permission denied")
    return path


def _to_file(chunks: Iterable[str], file: Path) -> None:
    rendered = iter(chunks)
    with _replacing(file) as stream:
        for chunk in rendered:
            try:
                stream.write(chunk.encode("utf-8", "backslashreplace"))
            except OSError as error:
                raise _cannot(file, error) from error


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become ``file`` at the end, at once; after an error nothing has changed.

    What is no regular file (a pipe, a device) is written to as it is. A link stays one: what it leads to is replaced.
    """
    import tempfile  # most output goes to a terminal or a pipe

    real = Path(os.path.realpath(file))
    try:
        mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else None
        if mode is not None and not real.is_file():
            with real.open("wb") as stream:
                yield stream
            return
        descriptor, name = tempfile.mkstemp(prefix=f".{real.name[:200]}.", dir=real.parent)
    except OSError as error:
        raise _cannot(file, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        temporary.chmod(_new_file_mode() if mode is None else mode)
        temporary.replace(real)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _cannot(file, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _cannot(file: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot write {file}: {error.strerror}")


def _new_file_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
