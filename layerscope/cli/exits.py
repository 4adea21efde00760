"""Exit codes, and which error is which."""

from __future__ import annotations

import enum
from typing import Self

from layerscope.errors import InvalidImage, NotAuthorised, NotFound, SourceUnreachable, UsageError


class Exit(enum.IntEnum):
    """What a process of layerscope ends with: part of the public contract."""

    FINE = 0
    GATE = 1
    USAGE = 2
    """Usage or configuration, a reference that does not parse, output that cannot be written."""
    UNREACHABLE = 3
    """Not found, platform not in the index, source unreachable."""
    NOT_AUTHORISED = 4
    INVALID_IMAGE = 5
    """The image is invalid, damaged or unsafe."""
    BUG = 70
    INTERRUPTED = 130


class Finished(int):
    """An exit code that holds on to what its command made.

    To free a tree of a hundred thousand nodes takes as long as to write half a report of it, and the process ends.
    """

    def __new__(cls, code: int, *made: object) -> Self:
        """``made`` lives as long as the code does."""
        finished = super().__new__(cls, code)
        finished._made = made
        return finished

    _made: tuple[object, ...]


class ClosedPipe(Exception):
    """Whoever read standard output has had enough (``| head``): nothing is wrong, and nobody listens any more."""


def exit_code(error: BaseException) -> Exit:
    """The exit code of whatever ended a command."""
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return code
    return Exit.USAGE if is_parse_error(error) else Exit.BUG


def is_parse_error(error: BaseException) -> bool:
    """Whether typer refused the arguments. Told by shape: its classes moved from click into typer with time."""
    return hasattr(error, "format_message")


_CODES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Exit], ...] = (
    (ClosedPipe, Exit.FINE),
    (UsageError, Exit.USAGE),
    ((NotFound, SourceUnreachable), Exit.UNREACHABLE),
    (NotAuthorised, Exit.NOT_AUTHORISED),
    (InvalidImage, Exit.INVALID_IMAGE),
    (OSError, Exit.UNREACHABLE),  # a disk or mount that fails while it is read
    (KeyboardInterrupt, Exit.INTERRUPTED),
)
