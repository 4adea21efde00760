"""Which token servers a registry may send us to.

A registry names its token server freely, and whoever pulls sends credentials there (CVE-2026-48978 and its kin). Other
hosts must be allowed, as auth.docker.io is; but not a way into networks that only the puller can reach.

The check is by the text of the URL: names are not looked up. A public name that leads to a private address is kept
from harm by TLS, which a realm must have: before anything is sent, the server there must prove, with a certificate that
is trusted here, to be of the name the registry gave, and an internal service has none for a stranger's name. Only where
a registry is spoken to without TLS, and its realm too, could such a name reach one: with a request that carries no
credential, unless an option says so for that very host (``exposure``).
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from layerscope.sources.registry.endpoint import is_named
from layerscope.sources.registry.exposure import Withheld
from layerscope.sources.registry.origin import Origin, is_loopback, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMBEDDING = tuple(ipaddress.IPv6Network(text) for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96"))
"""IPv6 networks whose last four bytes are an IPv4 address."""
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")


def check_realm(realm: str, registry: Origin, allowed: Iterable[str] = ()) -> Origin:
    """The origin of a token server that ``registry`` named; Withheld says why it will not be asked.

    TLS is needed unless the registry itself is spoken to without. An address literal (or ``localhost``) of a private,
    loopback, link-local or otherwise special network is refused unless it is the registry's own, or its host is
    ``allowed``.
    """
    try:
        origin = Origin.of(realm)
    except ValueError as error:
        raise _refused(realm, registry, str(error)) from None
    if origin.scheme == "http" and registry.scheme != "http":
        raise _refused(realm, registry, "it is not https")
    if origin.host == registry.host or (is_loopback(origin.host) and is_loopback(registry.host)):
        return origin
    if is_internal(origin.host) and not is_named(origin, allowed):
        raise _refused(realm, registry, "it is an address of a private or special network")
    return origin


def is_internal(host: str) -> bool:
    """Whether a host is, by its text alone, an address that the internet does not route to."""
    if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and not address.is_global


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address a literal stands for, in any spelling a resolver takes (``127.1``, ``0x7f000001``, mapped IPv6)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
        except OSError:
            return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _EMBEDDING) and address not in (
        ipaddress.IPv6Address("::"),
        ipaddress.IPv6Address("::1"),
    ):
        return ipaddress.IPv4Address(address.packed[12:])
    if address in _SIX_TO_FOUR:
        return ipaddress.IPv4Address(address.packed[2:6])
    return address


def _refused(realm: str, registry: Origin, why: str) -> Withheld:
    return Withheld(
        f"registry {registry} wants a token from {shown(realm)[:200]!r}, which layerscope will not ask: {why}",
        hint="if that registry is yours, give its token server a public https name, or allow one in a private network"
        " with --allow-realm HOST; if not, do not trust it",
    )
