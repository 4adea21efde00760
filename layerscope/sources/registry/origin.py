"""Origins: the scheme, host and port that credentials are bound to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT_PORT = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.ASCII)
_VISIBLE = re.compile(r"[\x21-\x5b\x5d-\x7e]+", re.ASCII)
"""Visible ASCII without the backslash, which URL parsers disagree about."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes."""

    scheme: str
    host: str
    """Lower-case; an IPv6 address without brackets."""
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of an absolute http(s) URL.

        ValueError for anything that two URL parsers could read as two different hosts: user names in the URL,
        escapes in the host, characters beyond ASCII.
        """
        if not _VISIBLE.fullmatch(url):
            raise ValueError("it has characters that do not belong in a URL")
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORT:
            raise ValueError("it is neither http nor https")
        if "@" in parts.netloc:
            raise ValueError("it carries a user name")
        host = parts.hostname or ""
        if not _HOST.fullmatch(host):
            raise ValueError("it names no host")
        return cls(parts.scheme, host, _DEFAULT_PORT[parts.scheme] if parts.port is None else parts.port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether a host (no port, no brackets) is this machine by its very name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """A URL as logs and messages may show it: without its query, which may be a signature."""
    base, question, _ = url.partition("?")
    return f"{base}?…" if question else base
