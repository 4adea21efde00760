"""Where output goes: to standard output, and to files that come whole or not at all."""

from __future__ import annotations

import contextlib
import enum
import os
import stat
import sys
import tempfile
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
