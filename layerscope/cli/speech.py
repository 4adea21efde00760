"""What people are told on standard error: errors, warnings, remarks. All of it may quote an image."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING

from layerscope.cli.exits import Exit, exit_code, is_parse_error
from layerscope.errors import ClusterRefused, LayerscopeError
from layerscope.report.display import display, display_words

if TYPE_CHECKING:
    from collections.abc import Iterator


_LEVELS = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}
_RED, _YELLOW = "31", "33"


def say(word: str, text: str, colour: str = "") -> None:
    """One line on standard error: ``word: text``."""
    if sys.stderr is None:
        return
    label = f"\x1b[{colour}m{word}:\x1b[0m" if colour and takes_colour(sys.stderr.isatty()) else f"{word}:"
    with contextlib.suppress(OSError, ValueError):  # nobody there to be told
        sys.stderr.write(f"{label} {text}\n")
        sys.stderr.flush()


def takes_colour(terminal: bool) -> bool:
    """Whether a stream that is a terminal, or not, should get colour (no-color.org, force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def remark(text: str) -> None:
    """Something worth knowing that is no warning."""
    say("note", display_words(text))


def block(text: str) -> None:
    """Lines to be copied from standard error, each as it is."""
    if sys.stderr is not None and text:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write("\n" + "".join(f"{display(line)}\n" for line in text.splitlines()))
            sys.stderr.flush()


def report(error: BaseException) -> Exit:
    """Tell what ended a command, and with which code the process should end."""
    code = exit_code(error)
    if code is Exit.BUG:
        name = type(error).__name__
        said = f": {display_words(str(error))}" if str(error) else ""
        say("error", f"layerscope failed in a way it should not: {display(name)}{said}", _RED)
        say("hint", "please report this, with what the same command prints with -vv")
    elif isinstance(error, LayerscopeError):
        say("error", display_words(error.message), _RED)
        if error.hint:
            say("hint", display_words(error.hint))
        if isinstance(error, ClusterRefused):
            block(error.grant)
    elif is_parse_error(error):
        say("error", _parse_error(error), _RED)
        say("hint", _help_of(error))
    elif isinstance(error, OSError):
        where = f"{display(str(error.filename))}: " if error.filename is not None else ""
        say("error", where + display_words(error.strerror or str(error) or type(error).__name__), _RED)
    _traceback(error)
    return code


def _traceback(error: BaseException) -> None:
    """With -vv, where it happened: for our bugs above all, but it also tells which cause an error has."""
    log = logging.getLogger("layerscope")
    if log.isEnabledFor(logging.DEBUG) and isinstance(error, Exception):
        for line in "".join(traceback.format_exception(error)).splitlines():
            log.debug("%s", line)


def _parse_error(error: BaseException) -> str:
    said = error.format_message().replace("Value error, ", "")  # type: ignore[attr-defined]  # is_parse_error saw it
    text = display_words(said)
    return (text[:1].lower() + text[1:]).removesuffix(".")


def _help_of(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "") or "layerscope"
    return f"{display(path)} --help shows what there is"


class _Handler(logging.Handler):
    """Log records as lines. ``sys.stderr`` is looked up each time: progress bars put themselves in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        word = _LEVELS.get(record.levelno, record.levelname.lower())
        colour = {logging.WARNING: _YELLOW, logging.ERROR: _RED}.get(record.levelno, "")
        say(word, display(record.getMessage()), colour)


@contextlib.contextmanager
def logging_to_stderr(verbosity: int, *, quiet: bool) -> Iterator[None]:
    """Layerscope's own log on standard error: warnings, with -v what it does, with -vv everything; quiet, errors."""
    level = logging.DEBUG if verbosity > 1 else logging.INFO if verbosity else logging.WARNING
    log = logging.getLogger("layerscope")
    before = log.level, log.propagate
    handler = _Handler()
    log.addHandler(handler)
    log.setLevel(logging.ERROR if quiet and not verbosity else level)
    log.propagate = False
    silence = logging.NullHandler()
    logging.getLogger().addHandler(silence)  # other libraries' warnings quote servers, raw
    try:
        yield
    finally:
        log.removeHandler(handler)
        logging.getLogger().removeHandler(silence)
        log.level, log.propagate = before
