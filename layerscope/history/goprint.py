r"""Dockerfile text out of values that Go printed.

The classic builder and BuildKit record CMD, EXPOSE, VOLUME and HEALTHCHECK not as written but as Go's fmt prints the
parsed value: ``CMD ["nginx" "-g" "daemon off;"]``, ``EXPOSE map[80/tcp:{}]``, ``HEALTHCHECK &{["CMD-SHELL" "x"] "5m0s"
"3s" "0s" '\x03'}``. Where the print still says which words there were, it can be written as a Dockerfile again;
where it does not (``SHELL [/bin/sh -c]`` has lost the borders between its words), it is left alone.
Sources: fmt, strconv.Quote; moby daemon/builder/dockerfile/dispatchers.go; moby/buildkit dockerfile2llb/convert.go.
"""

from __future__ import annotations

import json
import re

_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.|\Z)", re.DOTALL)
_NAMED_ESCAPES = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))
_PORTS = re.compile(r"(?:map)?\[(.*)\]")
_PATH = re.compile(r"(?:/|[A-Za-z]:)\S*")

_DURATION = r"([0-9][0-9a-zµ.]*)"
_HEALTHCHECK_QUOTED = re.compile(
    rf"&\{{(\[.*\]) \"{_DURATION}\" \"{_DURATION}\" \"{_DURATION}\"(?: \"{_DURATION}\")? '(.{{1,10}})'\}}", re.DOTALL
)
_HEALTHCHECK_NAMED = re.compile(
    rf"\{{Test:\[(.*)\] Interval:{_DURATION} Timeout:{_DURATION} StartPeriod:{_DURATION}"
    rf"(?: StartInterval:{_DURATION})? Retries:([0-9]{{1,10}})\}}",
    re.DOTALL,
)
_HEALTHCHECK_FLAGS = ("interval", "timeout", "start-period", "start-interval")


def words_of(text: str) -> tuple[str, ...] | None:
    """The words of a ``[]string`` printed with ``%q``; ``&{[…]}`` is the same from Docker before 1.10. Else None."""
    if text.startswith("&{") and text.endswith("}"):
        text = text[2:-1]
    if not text.startswith("[") or not text.endswith("]"):
        return None
    words: list[str] = []
    position, end = 1, len(text) - 1
    while position < end:
        match = _QUOTED.match(text, position, end)
        word = _unquoted(match[1]) if match else None
        if match is None or word is None:
            return None
        words.append(word)
        position = match.end()
        if position < end:
            if text[position] != " " or position + 1 == end:
                return None
            position += 1
    return tuple(words)


def as_dockerfile(keyword: str, arguments: str) -> str:
    """The arguments as they would stand in a Dockerfile; unchanged where that is not certain."""
    written: str | None = None
    match keyword:
        case "CMD" | "ENTRYPOINT":
            written = _exec_form(words_of(arguments))
        case "EXPOSE":
            written = _ports(arguments)
        case "VOLUME":
            written = _paths(arguments)
        case "HEALTHCHECK":
            written = _healthcheck(arguments)
    return arguments if written is None else written


def _exec_form(words: tuple[str, ...] | None) -> str | None:
    return None if words is None else json.dumps(words, ensure_ascii=False)


def _ports(arguments: str) -> str | None:
    match = _PORTS.fullmatch(arguments)
    ports = match[1].split(" ") if match else []
    if arguments.startswith("map"):
        if not all(port.endswith(":{}") for port in ports):
            return None
        ports = [port.removesuffix(":{}") for port in ports]
    return " ".join(ports) if ports and all(ports) else None


def _paths(arguments: str) -> str | None:
    if not arguments.startswith("[") or not arguments.endswith("]"):
        return None
    # A path may hold spaces: certain only where each word could be a path of its own.
    paths = arguments[1:-1].split(" ")
    return " ".join(paths) if all(_PATH.fullmatch(path) for path in paths) else None


def healthcheck_at_blanks(arguments: str) -> str | None:
    """A HEALTHCHECK in the exec form whose print has lost the borders between its words: here one at each blank."""
    return _healthcheck(arguments, at_blanks=True)


def _healthcheck(arguments: str, *, at_blanks: bool = False) -> str | None:
    if match := _HEALTHCHECK_QUOTED.fullmatch(arguments):
        words, retries = words_of(match[1]), _rune(match[6])
    elif match := _HEALTHCHECK_NAMED.fullmatch(arguments):
        words, retries = _unquoted_test(match[1], at_blanks=at_blanks), int(match[6])
    else:
        return None
    if words == ("NONE",):
        return "NONE"
    if words is None or retries is None or len(words) < 2 or words[0] not in ("CMD", "CMD-SHELL"):
        return None
    if words[0] == "CMD":
        command = _exec_form(words[1:])
    else:
        command = words[1] if len(words) == 2 and "\n" not in words[1] else None
    if command is None:
        return None
    durations = match.groups()[1:5]
    flags = [
        f"--{flag}={value}"
        for flag, value in zip(_HEALTHCHECK_FLAGS, durations, strict=True)
        if value is not None and value != "0s"
    ]
    if retries:
        flags.append(f"--retries={retries}")
    return " ".join([*flags, "CMD", command])


def _unquoted_test(text: str, *, at_blanks: bool) -> tuple[str, ...] | None:
    """The test of a healthcheck printed with ``%v``, which joins the words with spaces."""
    kind, _, rest = text.partition(" ")
    if kind == "CMD" and " " in rest:
        return (kind, *filter(None, rest.split(" "))) if at_blanks else None
    return (kind, rest) if rest else (kind,)


def _rune(text: str) -> int | None:
    """The number that ``%q`` printed as a character. U+FFFD stands for every number that is no character."""
    character = _unquoted(text)
    return ord(character) if character is not None and len(character) == 1 and character != "\ufffd" else None


def _unquoted(text: str) -> str | None:
    """The text between the quotes of a Go string; None where it holds bytes that are not UTF-8, or no Go string."""
    certain = True

    def plain(match: re.Match[str]) -> str:
        nonlocal certain
        escape = match[1]
        if escape in _NAMED_ESCAPES:
            return _NAMED_ESCAPES[escape]
        code = int(escape[1:], 16) if len(escape) > 1 else -1
        is_character = 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        if not is_character or (escape[0] == "x" and code >= 0x80):
            certain = False
            return ""
        return chr(code)

    unquoted = _ESCAPE.sub(plain, text)
    return unquoted if certain else None
