"""How the kubelet compares an entry's key with an image's name (kubernetes pkg/credentialprovider ``URLsMatch``).

Keys and names are URLs without a scheme, read as Go's net/url reads them. A host is compared label by label, where
``*`` stands for any characters of a label; the path of a key is a plain prefix of the image's, not one of whole
components.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import unquote

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_HOST = re.compile(r"[ \"%/\\^`{|}]|(?<!^)\[")
_BAD_USER = re.compile(r"[^A-Za-z0-9._:~!$&'()*+,;=%@-]", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORT = re.compile(r"(?::[0-9]*)?", re.ASCII)


class Address(NamedTuple):
    """What of a URL counts."""

    host: str
    """With its port, where it names one."""
    path: str


def parse(text: str) -> Address | None:
    """A URL without its scheme, as Go's ``url.Parse`` reads it; None where that refuses it."""
    rest = text.partition("#")[0].partition("?")[0]
    authority, slash, path = rest.partition("/")
    user, _, host = authority.rpartition("@")
    if _CONTROL.search(text) or _BAD_USER.search(user) or _BAD_HOST.search(host) or _BAD_ESCAPE.search(user + path):
        return None
    if not _PORT.fullmatch(host[_port_at(host) :]):
        return None
    if host.startswith("[") and not _is_ipv6(host[1 : host.rfind("]")]):
        return None
    return Address(host, unquote(slash + path, errors="surrogateescape"))


def matches(key: str, name: str) -> bool:
    """Whether a key, normalised as ``keyring`` does, is one for the repository ``name``."""
    pattern, wanted = parse(key), parse(name)
    if pattern is None or wanted is None:
        return False
    labels, port = _split(pattern.host)
    wanted_labels, wanted_port = _split(wanted.host)
    if port != wanted_port or len(labels) != len(wanted_labels) or not wanted.path.startswith(pattern.path):
        return False
    return all(_label_matches(label, other) for label, other in zip(labels, wanted_labels, strict=True))


def _port_at(host: str) -> int:
    """Where the port, with its colon, starts."""
    return host.rfind("]") + 1 if host.startswith("[") else host.find(":") if ":" in host else len(host)


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def _split(host: str) -> tuple[list[str], str]:
    """Labels and port (Go's ``net.SplitHostPort``, which takes the brackets of IPv6 off only where a port follows)."""
    at = _port_at(host)
    name, port = host[:at], host[at + 1 :]
    if at < len(host):
        name = name.removeprefix("[").removesuffix("]")
    return name.split("."), port


def _label_matches(pattern: str, label: str) -> bool:
    """Go's ``filepath.Match``, as far as a host can hold its signs: a bracket opens a set, which no address is in."""
    if pattern.startswith("["):
        return False
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), label, re.DOTALL) is not None
