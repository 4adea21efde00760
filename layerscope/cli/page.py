"""What standard output and files are like: how wide, coloured or not, with which characters."""

from __future__ import annotations

import os
import sys

from layerscope.cli.speech import takes_colour
from layerscope.report.page import ASCII, Glyphs, Page

_FALLBACK = 120
"""Columns where nothing tells: a log of CI is wide."""
_NARROWEST = 40


def stdout_page() -> Page:
    """Standard output as it is: a terminal, a pipe, in whichever encoding."""
    stream = sys.stdout
    terminal = stream is not None and stream.isatty()
    return Page(_width(), takes_colour(terminal), _glyphs(getattr(stream, "encoding", None) or "utf-8"))


def file_page() -> Page:
    """A file: UTF-8 without colour."""
    return Page(_width(), colour=False, glyphs=Glyphs())


def _width() -> int:
    """COLUMNS, else the terminal's: also behind a pipe, where a pager is likely to show it there."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns[:6]) > 0:
        return max(int(columns[:6]), _NARROWEST)
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        try:
            width = os.get_terminal_size(stream.fileno()).columns if stream is not None else 0
        except (OSError, ValueError):
            continue
        if width > 0:
            return max(width, _NARROWEST)
    return _FALLBACK


def _glyphs(encoding: str) -> Glyphs:
    glyphs = Glyphs()
    try:
        "".join((glyphs.none, glyphs.cut, glyphs.arrow, glyphs.rule)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return glyphs
