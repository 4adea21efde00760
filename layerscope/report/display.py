"""From what an image says to what may be shown: control characters, escape sequences and tricks become visible."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[ \t\r\n]+")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def display(value: bytes | str) -> str:
    r"""``value`` on one line, harmless wherever it is printed.

    What Unicode calls not printable is written as an escape: control characters (``\n``, ``\x1b``), characters that
    are invisible or turn the direction of writing (``\u202e``), separators other than a space, lone surrogates. Bytes
    that are not UTF-8 are written ``\xff``. A backslash stays as it is: this is for eyes, exact bytes are in JSON.
    """
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def display_path(path: bytes) -> str:
    """A path of the image, which has no leading slash, as people write it."""
    return "/" + display(path)


def display_words(text: str) -> str:
    """``display`` for prose and commands: lines and runs of blanks are joined with one space first."""
    return display(_BLANKS.sub(" ", text).strip(" "))


def _escape(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
