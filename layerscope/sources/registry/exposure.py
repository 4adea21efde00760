"""Over which connections a credential may travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import NotAuthorised
from layerscope.sources.registry.endpoint import Endpoint, is_named
from layerscope.sources.registry.origin import Origin, is_loopback

if TYPE_CHECKING:
    from layerscope.sources.registry.identity import Identity
    from layerscope.sources.registry.options import RegistryOptions


class Withheld(NotAuthorised):
    """Not the registry refused, but we: to send it a credential, or to ask whom it named."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """The rule of one endpoint's conversation.

    Without TLS only to loopback, or to whom an option names for exactly that. Where a file of settings alone does
    without TLS, or without verifying it, images may be read so (their digests tell), but nothing secret goes there.
    """

    endpoint: Endpoint
    options: RegistryOptions

    def require(self, identity: Identity, origin: Origin) -> None:
        """Withheld where this identity's secret may not go to that origin; nobody has none.

        The endpoint itself must be fit for it, too: who can change what a registry says names the token server.
        """
        if identity.credential is None:
            return
        for each in dict.fromkeys((self.endpoint.origin, origin)):
            if each.scheme == "http" and not (is_loopback(each.host) or is_named(each, self.options.plain_http_login)):
                raise Withheld(
                    f"the login of {identity} is not sent to {each}, which is spoken to without TLS",
                    hint=f"anybody on the way could read it; if that is no matter, say --plain-http-login {each},"
                    " or pull with --anonymous",
                )
        if self.endpoint.lowered and self.endpoint.origin.scheme == "https":
            raise Withheld(
                f"the login of {identity} is not sent to {self.endpoint.origin}: {self.endpoint.file} says not to"
                " verify its certificate",
                hint="trust its authority with --ca-cert FILE; or say"
                f" --insecure-skip-tls-verify {self.endpoint.origin}",
            )
