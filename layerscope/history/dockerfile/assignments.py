"""``NAME=value`` pairs that a builder wrote down without the quotes they had.

The classic builder and BuildKit record ``ENV A="x y" B=z`` as ``ENV A=x y B=z``, and the build arguments of a RUN as
``|2 A=x y B=z``. What ends a value is the next name; whether a word is one, the image's config tells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Pairs = tuple[tuple[str, str], ...]
_START = re.compile(r"(?:\A| )(?=([^\s=]+)=)")
_ARG_START = re.compile(r"(?:\A| )(?=([A-Za-z_]\w*)(?:=|(?= |\Z)))")


def split_assignments(text: str, known: Mapping[str, str]) -> Pairs | None:
    """The pairs of an ENV or LABEL. ``known`` is what the config has in the end: every name, and its last value.

    None where the text does not begin with a name, so that it is no such record.
    """
    starts = [(match.end(), match[1]) for match in _START.finditer(text)]
    if not starts or starts[0][0] != 0:
        return None
    real = [start for number, start in enumerate(starts) if number == 0 or start[1] in known]
    pairs = _cut(text, real)
    # A name that the config knows may also stand inside a value: then the value with it is the one that is known.
    merged: list[tuple[str, str]] = []
    position = 0
    while position < len(pairs):
        name, value = pairs[position]
        position += 1
        wanted = known.get(name)
        if wanted is not None and value != wanted and wanted.startswith(value + " "):
            longer, reach = value, position
            while longer != wanted and reach < len(pairs):
                longer += " " + "=".join(pairs[reach])
                reach += 1
            if longer == wanted:
                value, position = longer, reach
        merged.append((name, value))
    return tuple(merged)


def split_build_arguments(text: str, count: int, names: Collection[str]) -> Pairs | None:
    """The build arguments of a RUN, of which there are ``count``; None where their borders are not certain.

    ``names`` are those that ARG declared.
    """
    starts = [(match.end(), match[1]) for match in _START.finditer(text)]
    if len(starts) != count and text.count(" ") + 1 != count:  # Buildah counts the words
        starts = [start for start in starts if start[1] in names]
        if len(starts) != count:
            return None
    if not starts or starts[0][0] != 0:
        return None
    return tuple(_cut(text, starts))


def split_declarations(text: str, names: Collection[str]) -> tuple[tuple[str, str | None], ...]:
    """The names of an ARG, each with its value, None where it has none. ``names`` are those that RUN steps saw."""
    starts = [(match.end(), match[1]) for match in _ARG_START.finditer(text)]
    real = [start for number, start in enumerate(starts) if number == 0 or start[1] in names]
    found = []
    for number, (start, name) in enumerate(real):
        end = real[number + 1][0] - 1 if number + 1 < len(real) else len(text)
        rest = text[start + len(name) : end]
        found.append((name, rest[1:] if rest.startswith("=") else None))
    return tuple(found)


def _cut(text: str, starts: list[tuple[int, str]]) -> list[tuple[str, str]]:
    pairs = []
    for number, (start, name) in enumerate(starts):
        end = starts[number + 1][0] - 1 if number + 1 < len(starts) else len(text)
        pairs.append((name, text[start + len(name) + 1 : end]))
    return pairs
