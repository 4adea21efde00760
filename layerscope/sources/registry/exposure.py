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
        """Withheld where this identity's secret may not go to that origin; nobody has none."""
        if identity.credential is None or is_loopback(origin.host):
            return
        if origin.scheme == "http":
            if not is_named(origin, self.options.plain_http_login):
                raise Withheld(
                    f"the login of {identity} is not sent to {origin}, which is spoken to without TLS",
                    hint=f"anybody on the way could read it; if that is no matter, say --plain-http-login {origin},"
                    " or pull with --anonymous",
                )
        elif self.endpoint.lowered and origin == self.endpoint.origin:
            raise Withheld(
                f"the login of {identity} is not sent to {origin}: {self.endpoint.file} says not to verify its"
                " certificate",
                hint=f"trust its authority with --ca-cert FILE; or say --insecure-skip-tls-verify {origin}",
            )
