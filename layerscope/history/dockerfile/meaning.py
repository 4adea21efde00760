"""What an instruction means, whoever wrote it down: so that a line of a Dockerfile and a record of it can be compared.

Both are read as instructions. Blanks, quotes, continued lines and the order of a set do not count; variables are put
in; what either side does not tell (the sources behind a checksum, a variable of the base image) agrees with anything.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from layerscope.history.dockerfile.stages import pairs_of, resolved
from layerscope.history.dockerfile.words import UNKNOWN, expand, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from layerscope.history.dockerfile.parse import Statement

Meaning = tuple[str, ...]
"""The keyword and what it says; UNKNOWN within stands for anything."""
_CHECKSUM = re.compile(r"(?:file:|dir:|multi:)?[0-9a-f]{64}")
_PORTS = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_DURATION = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_COMPARED = 4000
"""Characters of a command that are held against another's."""
_ENOUGH = 0.5
"""From which share of equal words two commands are the same one, changed."""


def meaning(
    statement: Statement, scope: Mapping[str, str | None], directory: str | None = None, escape: str = "\\"
) -> Meaning:
    """What a statement means with these variables, in this working directory."""
    keyword = statement.keyword
    words = split_words(statement.arguments, escape)
    match keyword:
        case "RUN" | "CMD" | "ENTRYPOINT":
            return keyword, _command(statement)
        case "ADD" | "COPY":
            names = statement.words if statement.words is not None else words
            names = [_source(expand(name, scope, escape)) for name in names]
            sources = UNKNOWN if UNKNOWN in names[:-1] else " ".join(names[:-1])
            return keyword, sources, names[-1].rstrip("/") if names else ""
        case "ENV" | "LABEL":
            pairs = pairs_of(statement, scope, escape)
            return keyword, *(f"{name}={UNKNOWN if value is None else value}" for name, value in pairs.items())
        case "ARG":
            return keyword, *(expand(word.partition("=")[0], scope, escape) for word in words)
        case "EXPOSE":
            return keyword, *sorted(ports_of(expand(word, scope, escape) for word in words))
        case "VOLUME":
            paths = statement.words if statement.words is not None else words
            return keyword, *sorted(expand(path, scope, escape) for path in paths)
        case "WORKDIR":
            return keyword, resolved(expand(statement.arguments, scope, escape), directory)
        case "HEALTHCHECK":
            return keyword, _healthcheck(statement)
        case "SHELL":
            return keyword, " ".join(statement.words or words)
        case "USER" | "STOPSIGNAL":
            return keyword, expand(statement.arguments, scope, escape)
    return keyword, " ".join(statement.arguments.split())


def ports_of(words: Iterable[str]) -> set[str]:
    """The ports of an EXPOSE as the config names them: ranges port by port, ``/tcp`` where nothing is said."""
    found: set[str] = set()
    for word in words:
        ports, _, protocol = word.lower().partition("/")
        match = _PORTS.fullmatch(ports)
        first, last = (int(match[1]), int(match[2])) if match else (0, -1)
        if first <= last <= 65535:
            found.update(f"{port}/{protocol or 'tcp'}" for port in range(first, last + 1))
        else:
            found.add(f"{ports}/{protocol or 'tcp'}")
    return found


def agree(one: Meaning, other: Meaning) -> bool:
    """Whether two meanings can be the same."""
    if one == other:
        return True
    return len(one) == len(other) and all(_agree(*pair) for pair in zip(one, other, strict=True))


def likeness(one: Meaning, other: Meaning) -> float:
    """How much of two instructions of one kind is the same, 0 to 1; 0 where it is too little to say so."""
    if one[0] != other[0]:
        return 0.0
    if one[0] in ("COPY", "ADD"):
        return 0.6 if len(one) == len(other) and _agree(one[2], other[2]) else 0.0
    if one[0] in ("ENV", "LABEL", "ARG"):
        names = {pair.partition("=")[0] for pair in one[1:]} & {pair.partition("=")[0] for pair in other[1:]}
        return 0.6 if names else 0.0
    mine, theirs = (Counter(" ".join(each[1:])[:_COMPARED].split()) for each in (one, other))
    total = mine.total() + theirs.total()
    share = 2 * (mine & theirs).total() / total if total else 0.0
    return share if share >= _ENOUGH else 0.0


def _agree(one: str, other: str) -> bool:
    if one == other:
        return True
    if UNKNOWN not in one:
        one, other = other, one
    if UNKNOWN not in one:
        return False
    # Pieces in order, first and last at the ends: no regular expression, which a hostile text could keep busy.
    pieces = one.split(UNKNOWN)
    if not other.startswith(pieces[0]) or not other.endswith(pieces[-1]):
        return UNKNOWN in other and other.strip(UNKNOWN) == ""
    position = len(pieces[0])
    for piece in pieces[1:-1]:
        found = other.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return position <= len(other) - len(pieces[-1])


def _source(name: str) -> str:
    if _CHECKSUM.fullmatch(name):
        return UNKNOWN
    name = name.removeprefix("<<").removeprefix("-").strip("'\"") if name.startswith("<<") else name
    return name.removeprefix("./").rstrip("/") or "."


def _command(statement: Statement) -> str:
    """A command without its shell, its blanks made one; the text of a here-document as BuildKit runs it."""
    words = statement.words
    if words is not None:
        if len(words) == 3 and words[1] in ("-c", "/S /C") and words[0].endswith("sh"):
            words = words[2:]
        return " ".join(" ".join(words).split())
    if statement.heredocs:
        first = statement.heredocs[0]
        body = re.sub(r"(?m)^\t+", "", first.content) if first.chomp else first.content
        if re.fullmatch(r"\d*<<-?\s*\S+", statement.arguments):
            return f"/dev/pipes/{first.name}" if body.startswith("#!") else " ".join(body.split())
        texts = [statement.arguments, *(f"{each.content}{each.name}" for each in statement.heredocs)]
        return " ".join(" ".join(texts).split())
    return " ".join(statement.arguments.split())


def _healthcheck(statement: Statement) -> str:
    if statement.arguments.upper().startswith("NONE"):
        return "NONE"
    flags = []
    for flag in statement.flags:
        name, _, value = flag.removeprefix("--").partition("=")
        found = _DURATION.findall(value)
        seconds = sum(
            float(number) * _SECONDS[unit] for number, unit in found if number.count(".") < 2 and number != "."
        )
        if name == "retries" and value != "0":
            flags.append(f"retries={value}")
        elif found and seconds:
            flags.append(f"{name}={seconds:g}")
    if statement.words is not None:
        command = " ".join(statement.words)
    else:
        command = " ".join(statement.arguments.split()).partition(" ")[2]
    return " ".join((*sorted(flags), command))
