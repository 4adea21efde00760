"""The program: ``layerscope``, or ``python -m layerscope``."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and end the process.

    ``--version`` is answered before anything else is imported.
    """
    arguments = sys.argv[1:]
    try:
        if arguments == ["--version"]:
            code = _version()
        else:
            # A run makes a million small values that live to its end and hold no cycles: the collector would walk them
            # all, again and again, and find nothing.
            gc.disable()
            from layerscope.cli.app import run

            code = run(arguments)
    except KeyboardInterrupt:  # while modules are imported
        code = 130
    _leave(code)


def _version() -> int:
    from layerscope.version import __version__

    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody there to be told
        sys.stdout.write(f"layerscope {__version__}\n")
        sys.stdout.flush()
    return 0


def _leave(code: int) -> NoReturn:
    """End at once: a thread that a dead network holds must not hold the process, and nothing is left to tidy up."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError, KeyboardInterrupt):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
