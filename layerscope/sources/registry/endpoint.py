"""Endpoints: the places an image can be pulled from, and how each is spoken to."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from layerscope.errors import InvalidReference, UsageError
from layerscope.sources.registry.certsd import Certificates, certificates_for
from layerscope.sources.registry.mirrors import routes_for
from layerscope.sources.registry.origin import Origin, is_loopback
from layerscope.sources.registry.trust import ClientCertificate, Trust

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layerscope.oci.reference import Reference
    from layerscope.sources.registry.options import RegistryOptions
    from layerscope.sources.registry.route import Route

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place, and the terms on which it is asked."""

    reference: Reference
    """The image's name there. Its registry is the endpoint's own host: credentials are looked up under it."""
    origin: Origin
    path: str = "/v2"
    """Where the API begins."""
    query: str = ""
    """What every request carries: containerd tells a mirror whom it stands in for."""
    trust: Trust = field(default_factory=Trust)
    mirror: bool = False
    """Whether this is another place than the registry itself."""
    file: Path | None = None
    """The file of settings that names it; None where the reference itself does."""
    lowered: bool = False
    """Whether that file alone, and no option, does without TLS or without verifying its certificate."""

    @property
    def url(self) -> str:
        """As it is shown: ``https://host:port``."""
        return f"{self.origin.scheme}://{self.origin}"

    @property
    def root(self) -> str:
        """What every URL of the API begins with, without a slash at the end."""
        return f"{self.url}{self.path}"

    def __str__(self) -> str:
        return f"mirror {self.url} (named by {self.file})" if self.mirror else str(self.origin)


def endpoints_for(reference: Reference, options: RegistryOptions) -> tuple[Endpoint, ...]:
    """Where to ask for an image, in order: its mirrors, then the registry itself, which is never missing.

    UsageError where a file of settings or of certificates is broken; InvalidReference for a host that cannot exist.
    """
    try:
        routes = routes_for(reference, options.mirror_config, options.files)
        found = [endpoint for route in routes for endpoint in _of_route(route, options)]
        return tuple(found) or (_of_registry(reference, options),)
    except ValueError as error:  # the grammar of references allows ports and addresses that do not exist
        raise InvalidReference(f"{reference}: no registry can be at {reference.host!r}: {error}") from error


def names_of(host: str) -> tuple[str, ...]:
    """What a host[:port] may be called in settings: with its port first, then without."""
    origin = Origin.of(f"https://{host}")
    bare = f"[{origin.host}]" if ":" in origin.host else origin.host
    return tuple(dict.fromkeys((host.lower(), bare)))


def is_named(origin: Origin, names: Iterable[str]) -> bool:
    """Whether an option that takes hosts means this one."""
    bare = f"[{origin.host}]" if ":" in origin.host else origin.host
    return not {name.lower() for name in names}.isdisjoint({origin.host, bare, f"{bare}:{origin.port}"})


def scheme_for(host: str, options: RegistryOptions, certificates: Certificates | None = None) -> str:
    """``http`` or ``https`` for a registry's host[:port].

    What ``plain_http`` names goes without TLS, and so does loopback: unless something was said that makes sense with
    TLS alone: the host is named in ``tls`` or ``skip_verify``, certs.d has ``certificates`` for it, or there are
    ``ca_certs`` or a client certificate.
    """
    origin = Origin.of(f"https://{host}")
    if is_named(origin, options.plain_http):
        return "http"
    if not is_loopback(origin.host):
        return "https"
    said = options.ca_certs or options.client_cert or certificates
    return "https" if said or is_named(origin, options.tls | options.skip_verify) else "http"


def _of_registry(reference: Reference, options: RegistryOptions) -> Endpoint:
    certificates = _certificates(reference, options)
    origin = Origin.of(f"{scheme_for(reference.host, options, certificates)}://{reference.host}")
    return Endpoint(reference, origin, trust=_trust(origin, certificates, options, flags=True))


def _of_route(route: Route, options: RegistryOptions) -> list[Endpoint]:
    """The endpoint of a route; two, where its file allows both TLS that is not verified and plain HTTP."""
    reference = route.reference
    certificates = _certificates(reference, options)
    open_scheme = route.scheme or scheme_for(reference.host, options, certificates)
    base = Endpoint(
        reference,
        Origin.of(f"{open_scheme}://{reference.host}"),
        path=route.path,
        query=urlencode({"ns": route.ns}) if route.ns else "",
        mirror=route.mirror,
        file=route.file,
    )
    trust = _trust(base.origin, certificates, options, flags=not route.mirror)
    trust = replace(trust, authorities=trust.authorities + route.authorities, client=route.client or trust.client)
    named = is_named(base.origin, options.plain_http)
    if base.origin.scheme == "http":
        return [replace(base, trust=trust, lowered=not (named or is_loopback(base.origin.host)))]
    if not route.insecure or not trust.verify:
        return [replace(base, trust=trust)]
    unverified = replace(base, trust=replace(trust, verify=False), lowered=True)
    if route.scheme:
        return [unverified]
    plain = replace(base, origin=Origin.of(f"http://{reference.host}"), lowered=True)
    return [unverified, plain]


def _certificates(reference: Reference, options: RegistryOptions) -> Certificates:
    names = dict.fromkeys((reference.registry.lower(), *names_of(reference.host)))
    return certificates_for(names, options.files)


def _trust(origin: Origin, certificates: Certificates, options: RegistryOptions, *, flags: bool) -> Trust:
    """How TLS is spoken with an endpoint; ``flags`` for the registry itself, which gets to see our certificate."""
    client = certificates.client
    if flags and options.client_cert:
        client = ClientCertificate(options.client_cert, options.client_key)
    elif options.client_key and not options.client_cert:
        raise UsageError(
            f"there is a client key, {options.client_key}, without its certificate", hint="name it with --client-cert"
        )
    return Trust(
        authorities=options.ca_certs + certificates.authorities,
        client=client,
        verify=not is_named(origin, options.skip_verify),
    )


@dataclass(frozen=True, slots=True)
class TrustBook:
    """How TLS is spoken with each host that one endpoint's conversation leads to.

    Whoever vouches for a registry is believed about the hosts it sends us to (its token server, its storage) as well:
    it could send us anywhere. Our own certificate, and doing without any, are for the endpoint alone.
    """

    endpoint: Endpoint
    options: RegistryOptions

    def of(self, origin: Origin) -> Trust:
        """The trust for one host."""
        own = self.endpoint.trust
        if origin == self.endpoint.origin:
            return own
        certificates = certificates_for(names_of(str(origin)), self.options.files)
        return Trust(
            authorities=tuple(dict.fromkeys(own.authorities + certificates.authorities)),
            client=certificates.client or (own.client if origin.host == self.endpoint.origin.host else None),
            verify=not is_named(origin, self.options.skip_verify),
        )
