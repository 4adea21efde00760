"""Values and commands written so that a Dockerfile's reader gets them back as they are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")


def exec_form(words: Sequence[str]) -> str:
    """A JSON array that shows every character."""
    return json.dumps(list(words), ensure_ascii=not all(word.isprintable() for word in words))


def is_plain(command: str) -> bool:
    """Whether a command may stand in the shell form on one line, and stays what it is."""
    return (
        bool(command)
        and command == command.strip()
        and command.replace("\t", "").isprintable()
        and not command.startswith(("[", "--", "#"))
        and not command.endswith("\\")
    )


def escaped(word: str) -> str:
    """A word that the reader would expand, so that it stays what it is."""
    return re.sub(r"([\\$'\"])", r"\\\1", word)


def quoted_value(value: str) -> str:
    """A name or a value of ENV, LABEL or ARG."""
    if _PLAIN_VALUE.fullmatch(value):
        return value
    return '"' + re.sub(r'([\\$"])', r"\\\1", value) + '"'
