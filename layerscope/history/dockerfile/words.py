"""The words of a Dockerfile's line: quotes, escapes, flags, here-documents, variables.

BuildKit's rules (moby/buildkit frontend/dockerfile/shell/lex.go, parser/split_command.go, parser/line_parsers.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "\0"
"""In expanded text: something that the Dockerfile alone does not tell, such as a variable of the base image."""
_BLANK = " \t\n\v\f\r\x85\xa0"
_HEREDOC = re.compile(r"(\d*)<<(-?)\s*([^<]*)\Z")
_NAME = re.compile(r"[0-9]+|[@*#?\-$!]|\w+")
_MODIFIED = re.compile(r"(\w+)(:?[-+?]|##?|%%?|//?|)")


@dataclass(frozen=True, slots=True)
class HeredocWord:
    """``<<-"EOF"`` as an instruction names it."""

    name: str
    expand: bool
    chomp: bool


def without_flags(text: str, escape: str = "\\") -> tuple[tuple[str, ...], str]:
    """The flags (``--from=build``) in front, quotes taken off, and the rest of the text."""
    flags: list[str] = []
    position = 0
    while True:
        while position < len(text) and text[position] in _BLANK:
            position += 1
        if not text.startswith("--", position):
            return tuple(flags), text[position:]
        end = _word_end(text, position, escape)
        flag = _unquoted(text[position:end], escape)
        position = end
        if flag == "--":
            return tuple(flags), text[position:]
        flags.append(flag)


def split_words(text: str, escape: str = "\\") -> list[str]:
    """Words between blanks, their quotes and escapes left as they are."""
    words: list[str] = []
    position = 0
    while position < len(text):
        if text[position] in _BLANK:
            position += 1
            continue
        end = _word_end(text, position, escape)
        words.append(text[position:end])
        position = end
    return words


def heredoc_words(line: str) -> list[HeredocWord]:
    """The here-documents that a line opens, in order. None in a line whose quotes do not balance."""
    if not _balanced(line):
        return []
    found = []
    for word in split_words(re.sub(r"<<(-?)[ \t]+(?=[^\s<])", r"<<\1", line)):
        match = _HEREDOC.match(word)
        if match is None or not match[3]:
            continue
        raw = match[3]
        name = _unquoted(raw, "\\")
        found.append(HeredocWord(name, _quotes(raw) == _quotes(name), bool(match[2])))
    return found


def expand(text: str, scope: Mapping[str, str | None], escape: str = "\\") -> str:
    """``text`` as ENV, LABEL, COPY and their like take it: quotes off, escapes done, variables put in.

    A variable of the scope whose value is None, or whose use has a pattern, leaves UNKNOWN in its place. One that the
    scope does not have is empty, as BuildKit has it; let the scope answer for what it cannot know.
    """
    return _Expander(text, scope, escape).all()


class _Expander:
    __slots__ = ("_escape", "_position", "_scope", "_text")

    def __init__(self, text: str, scope: Mapping[str, str | None], escape: str) -> None:
        self._text, self._scope, self._escape, self._position = text, scope, escape, 0

    def all(self) -> str:
        return self._until("")

    def _until(self, stop: str) -> str:
        out: list[str] = []
        text = self._text
        while self._position < len(text):
            letter = text[self._position]
            if stop and letter == stop:
                self._position += 1
                return "".join(out)
            if letter == "'":
                end = text.find("'", self._position + 1)
                end = len(text) if end < 0 else end
                out.append(text[self._position + 1 : end])
                self._position = end + 1
            elif letter == '"':
                self._position += 1
                out.append(self._double())
            elif letter == "$":
                out.append(self._dollar())
            elif letter == self._escape:
                out.append(text[self._position + 1 : self._position + 2])
                self._position += 2
            else:
                out.append(letter)
                self._position += 1
        return "".join(out)

    def _double(self) -> str:
        out: list[str] = []
        text = self._text
        while self._position < len(text):
            letter = text[self._position]
            if letter == '"':
                self._position += 1
                break
            if letter == "$":
                out.append(self._dollar())
                continue
            if letter == self._escape and text[self._position + 1 : self._position + 2] in ('"', "$", self._escape):
                self._position += 1
                letter = text[self._position]
            out.append(letter)
            self._position += 1
        return "".join(out)

    def _dollar(self) -> str:
        text = self._text
        self._position += 1
        if not text.startswith("{", self._position):
            match = _NAME.match(text, self._position)
            if match is None:
                return "$"
            self._position = match.end()
            return self._value(match[0])
        match = _MODIFIED.match(text, self._position + 1)
        if match is None:
            self._position += 1
            return "${"
        self._position = match.end()
        name, modifier = match[1], match[2]
        if modifier == "":
            self._position += text.startswith("}", self._position)
            return self._value(name)
        word = self._until("}")
        value = self._scope.get(name, "")
        is_set = name in self._scope and not (modifier[0] == ":" and value == "")
        if value is None or modifier[0] in "#%/":
            return UNKNOWN
        if modifier[-1] == "-":
            return value if is_set else word
        if modifier[-1] == "+":
            return word if is_set else ""
        return value

    def _value(self, name: str) -> str:
        value = self._scope.get(name, "")
        return UNKNOWN if value is None else value


def _word_end(text: str, position: int, escape: str) -> int:
    quote = ""
    while position < len(text):
        letter = text[position]
        if letter == escape and quote != "'":
            position += 2
            continue
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _BLANK:
            return position
        position += 1
    return min(position, len(text))


def _unquoted(word: str, escape: str) -> str:
    out: list[str] = []
    quote = ""
    position = 0
    while position < len(word):
        letter = word[position]
        if letter == escape and quote != "'" and position + 1 < len(word):
            position += 1
            out.append(word[position])
        elif quote:
            if letter == quote:
                quote = ""
            else:
                out.append(letter)
        elif letter in "'\"":
            quote = letter
        else:
            out.append(letter)
        position += 1
    return "".join(out)


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


def _balanced(line: str) -> bool:
    """Whether every quote of the line is closed."""
    quote = ""
    position = 0
    while position < len(line):
        letter = line[position]
        if letter == "\\" and quote != "'":
            position += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        position += 1
    return not quote
