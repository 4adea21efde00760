"""Files that options name: read whole, within a limit, and - for standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from layerscope.errors import UsageError

STDIN = "-"
MAX_BYTES = 4 << 20


def input_file(name: str, limit: int = MAX_BYTES) -> bytes:
    """The content of the file called ``name``; UsageError where it cannot be read or has more than ``limit`` bytes."""
    try:
        if name == STDIN:
            if sys.stdin is None or sys.stdin.isatty():
                raise UsageError("there is nothing on standard input", hint="pipe the file in, or name it")
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise UsageError(f"{os.fsdecode(name)} cannot be read: {said}", hint="check the name of the file") from error
    if len(data) > limit:
        raise UsageError(f"{os.fsdecode(name)} has more than {limit} bytes: not a file that people write")
    return data
