"""Files that options name: read whole, within a limit."""

from __future__ import annotations

import sys
from pathlib import Path

from layerscope.errors import UsageError

STDIN = "-"
MAX_BYTES = 4 << 20


def read_file(name: str, what: str, limit: int = MAX_BYTES) -> bytes:
    """The content of a file that was named, or of standard input; UsageError where it cannot be read.

    ``what`` is what it should be (``policy``), ``limit`` the bytes that no such thing has more of.
    """
    try:
        if name == STDIN:
            if sys.stdin is None or sys.stdin.isatty():
                raise UsageError(f"there is no {what} on standard input", hint="pipe it in, or name a file")
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(limit + 1)
    except OSError as error:
        hint = "name one that is there, or leave the option out" if isinstance(error, FileNotFoundError) else ""
        raise UsageError(f"cannot read the {what} {name}: {error.strerror}", hint=hint) from error
    except ValueError as error:  # a NUL in a name
        raise UsageError(f"cannot read the {what} {name!r}: {error}") from error
    if len(data) > limit:
        raise UsageError(f"the {what} {name} is larger than {limit:,} bytes", hint=f"that is no {what}")
    return data
