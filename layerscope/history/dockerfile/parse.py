r"""From the text of a Dockerfile to its instructions, with the lines they stand on.

BuildKit's rules (moby/buildkit frontend/dockerfile/parser): parser directives at the very top, comment lines anywhere
(also between continued lines), lines continued by the escape character at their end, whose join keeps the blanks of the
next line, and here-documents of ADD, COPY and RUN, also behind ONBUILD.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.history.dockerfile.words import heredoc_words, without_flags
from layerscope.history.forms import INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = " \t\n\v\f\r\x85\xa0"
LONGEST_LINE = 65535
"""Bytes of a line that BuildKit reads (Go's bufio.MaxScanTokenSize)."""
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*\Z")
_DIRECTIVES = frozenset(("syntax", "escape", "check"))
_MAY_HOLD_HEREDOCS = frozenset(("ADD", "COPY", "RUN"))
_MAY_BE_EXEC = frozenset(("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"))
_MAY_BE_BARE = frozenset(("CMD", "ENTRYPOINT", "RUN", "SHELL"))
"""Instructions that BuildKit takes without arguments."""


class DockerfileError(UsageError):
    """A Dockerfile that does not parse; the message names the file and the line."""

    code = "dockerfile"


@dataclass(frozen=True, slots=True)
class Heredoc:
    """The text that stands below an instruction, up to a line that is its name."""

    name: str
    expand: bool
    """Whether ADD and COPY put variables in: no part of the name is quoted."""
    chomp: bool
    """``<<-``: tabs at the beginning of lines do not count."""
    content: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One instruction of a Dockerfile."""

    keyword: str
    """Upper-case."""
    flags: tuple[str, ...]
    """``--from=build``, quotes taken off."""
    arguments: str
    """What follows name and flags, continued lines joined."""
    words: tuple[str, ...] | None
    """The exec form's words; None where it is not one."""
    heredocs: tuple[Heredoc, ...]
    start: int
    """First line, from 1."""
    end: int
    """Last line, here-documents included."""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A Dockerfile, read."""

    name: str
    text: str
    statements: tuple[Statement, ...]
    escape: str
    """The escape character: a backslash, or a backtick by directive."""
    first_line: int
    """The first line behind the parser directives, from 1: before it no comment may stand."""


def parse_dockerfile(text: str, name: str = "Dockerfile") -> Dockerfile:
    """Read a Dockerfile. DockerfileError says on which line it is none."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "":
        lines.pop()
    escape, first = _directives(lines, name)
    statements = tuple(_statements(lines, escape, name))
    if not statements:
        raise DockerfileError(f"{name} holds no instruction", hint="a Dockerfile has at least a FROM")
    _check_stages(statements, name)
    return Dockerfile(name, text, statements, escape, first)


def parse_statement(text: str, escape: str = "\\") -> Statement | None:
    """The one instruction of ``text``, such as an ONBUILD trigger; None where it is none, or more than one."""
    try:
        statements = list(_statements(text.split("\n"), escape, ""))
    except DockerfileError:
        return None
    return statements[0] if len(statements) == 1 else None


def _directives(lines: list[str], name: str) -> tuple[str, int]:
    """The escape character, and the first line behind the directives."""
    escape, seen = "\\", set[str]()
    for number, line in enumerate(lines, 1):
        match = _DIRECTIVE.match(line.strip(SPACE))
        key = match[1].lower() if match else ""
        if match is None or key not in _DIRECTIVES:
            return escape, number
        if key in seen:
            raise _error(name, number, f"the parser directive {key} stands there twice")
        seen.add(key)
        if key == "escape":
            if match[2] not in ("\\", "`"):
                raise _error(name, number, f"the escape character is neither \\ nor `: {match[2][:40]}")
            escape = match[2]
    return escape, len(lines) + 1


def _statements(lines: list[str], escape: str, name: str) -> Iterator[Statement]:
    position = 0
    while position < len(lines):
        start = position
        line = _line(lines, position, name).lstrip(SPACE)
        position += 1
        if not line or line[0] == "#":
            continue
        piece, goes_on = _continued(line, escape)
        if not goes_on and not piece:
            continue
        pieces = [piece]
        while goes_on and position < len(lines):
            line = _line(lines, position, name)
            position += 1
            bare = line.lstrip(SPACE)
            if bare and bare[0] != "#":
                piece, goes_on = _continued(line, escape)
                pieces.append(piece)
        joined = "".join(pieces).strip(SPACE)
        if not joined:
            continue
        statement = _statement(joined, escape, start + 1, position, name)
        heredocs, position = _heredocs(statement, joined, lines, position, escape, name)
        yield Statement(
            statement.keyword,
            statement.flags,
            statement.arguments,
            statement.words,
            heredocs,
            statement.start,
            position,
        )


def _line(lines: list[str], position: int, name: str) -> str:
    line = lines[position]
    if len(line) > LONGEST_LINE // 4 and len(line.encode("utf-8", "surrogateescape")) >= LONGEST_LINE:
        raise _error(name, position + 1, f"the line is longer than {LONGEST_LINE} bytes, which no builder reads")
    return line.removesuffix("\r")


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """The line without the escape character at its end, and whether there was one that continues it."""
    bare = line.rstrip(" \t")
    if not bare.endswith(escape) or bare.endswith(escape * 2):
        return line, False
    return bare[:-1], True


def _statement(joined: str, escape: str, start: int, end: int, name: str) -> Statement:
    keyword, _, rest = _first_blank(joined)
    if keyword.upper() not in INSTRUCTIONS:
        raise _error(name, start, f"unknown instruction: {keyword[:80]}", hint=_did_you_mean(keyword))
    keyword = keyword.upper()
    flags, arguments = without_flags(rest, escape)
    arguments = arguments.strip(SPACE)
    if not arguments and keyword not in _MAY_BE_BARE:
        raise _error(name, start, f"{keyword} has no arguments")
    words = None
    if keyword in _MAY_BE_EXEC:
        words = exec_words(arguments)
    elif keyword == "HEALTHCHECK":
        words = exec_words(_first_blank(arguments)[2])
    return Statement(keyword, flags, arguments, words, (), start, end)


def exec_words(text: str) -> tuple[str, ...] | None:
    """The words of the exec form, a JSON array of strings; None for anything else, which is the shell form."""
    if not text.startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(found) if isinstance(found, list) and all(isinstance(word, str) for word in found) else None


def _heredocs(
    statement: Statement, joined: str, lines: list[str], position: int, escape: str, name: str
) -> tuple[tuple[Heredoc, ...], int]:
    """The here-documents below a statement, and the line behind them."""
    holder = statement
    if statement.keyword == "ONBUILD":
        holder = _statement(statement.arguments, escape, statement.start, statement.end, name)
    if "<<" not in joined or holder.keyword not in _MAY_HOLD_HEREDOCS or holder.words is not None:
        return (), position
    found = []
    for word in heredoc_words(joined):
        content: list[str] = []
        while True:
            if position >= len(lines):
                raise _error(
                    name, statement.start, f"the here-document {word.name[:80]} does not end", hint=_ends(word.name)
                )
            line = lines[position].removesuffix("\r")
            position += 1
            if (line.lstrip("\t") if word.chomp else line) == word.name:
                break
            content.append(lines[position - 1] + "\n")
        found.append(Heredoc(word.name, word.expand, word.chomp, "".join(content)))
    return tuple(found), position


def _check_stages(statements: tuple[Statement, ...], name: str) -> None:
    """A stage begins with FROM; only ARG may stand before the first."""
    first = next((each for each in statements if each.keyword != "ARG"), None)
    if first is None or first.keyword != "FROM":
        line = first.start if first else statements[-1].end
        raise _error(name, line, "there is no FROM before it" if first else "there is no FROM")


def _first_blank(text: str) -> tuple[str, str, str]:
    match = re.search(r"[\t\v\f\r ]+", text)
    return (text[: match.start()], match[0], text[match.end() :]) if match else (text, "", "")


def _error(name: str, line: int, what: str, hint: str = "") -> DockerfileError:
    return DockerfileError(f"{name}:{line}: {what}", hint=hint)


def _ends(name: str) -> str:
    return f"a line that is {name[:80]} and nothing else ends it"


def _did_you_mean(keyword: str) -> str:
    import difflib

    close = difflib.get_close_matches(keyword[:40].upper(), sorted(INSTRUCTIONS), 1)
    return f"did you mean {close[0]}?" if close else "is this a Dockerfile?"
