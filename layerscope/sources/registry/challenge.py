"""``WWW-Authenticate``: what a registry wants to see (RFC 9110 §11.6.1, once RFC 7235)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_HEADER = 8 << 10
"""A challenge is a few hundred bytes; of longer headers the rest is not read."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_BETWEEN = re.compile(r"[\s,]+")
_PARAMETER = re.compile(rf'({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))(?=[\s,]|$)', re.DOTALL)
_SCHEME = re.compile(rf"({_WORD})(?=[\s,]|$)")
_TOKEN68 = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*\s*(?=,|$)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers."""

    scheme: str
    """Lower-case: ``bearer``, ``basic``."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Names are lower-case; of a repeated name the first value counts."""


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Every challenge of every header, in order. Tolerant: what is no challenge is passed over."""
    return [challenge for header in headers for challenge in _parse(header[:MAX_HEADER])]


def _parse(header: str) -> list[Challenge]:
    found: list[Challenge] = []
    at = 0
    while at < len(header):
        if between := _BETWEEN.match(header, at):
            at = between.end()
        elif found and (parameter := _PARAMETER.match(header, at)):
            name, quoted, plain = parameter.groups()
            value = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else plain
            found[-1].parameters.setdefault(name.lower(), value)
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            found.append(Challenge(scheme[1].lower()))
            at = scheme.end()
            if token68 := _TOKEN68.match(header, at):  # credentials-like text that no scheme of registries uses
                at = token68.end()
        else:
            comma = header.find(",", at)
            at = comma if comma >= 0 else len(header)
    return found
