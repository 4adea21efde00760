"""``open_registry``: from a reference to an opened image."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from layerscope.errors import LayerscopeError, NotAuthorised, NotFound, PlatformNotFound, SourceUnreachable, UsageError

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential
    from layerscope.oci.platform import Platform
    from layerscope.oci.reference import Reference
    from layerscope.sources.image import Image
    from layerscope.sources.registry.client import RegistryClient
    from layerscope.sources.registry.endpoint import Endpoint
    from layerscope.sources.registry.options import RegistryOptions
    from layerscope.sources.registry.transport import Transport

log = logging.getLogger(__name__)

SOURCE = "registry"


def open_registry(reference: Reference, platform: Platform | None, options: RegistryOptions) -> Image:
    """The image ``reference`` names, of ``platform``: manifest and config are fetched and verified, layers are not.

    With a digest in the reference the digest decides and a tag is only shown. Mirrors are asked first, the registry
    last, each as whom its own host is known; where several credentials are known they are tried in turn. Close the
    image to end its connections: waits and reads of other threads end then too.

    Raises NotFound, PlatformNotFound, NotAuthorised, SourceUnreachable, InvalidImage (wrong digest, damaged document)
    and UnsupportedImage; UsageError for settings and certificates that are of no use.
    """
    from layerscope.sources.registry.endpoint import endpoints_for

    endpoints = endpoints_for(reference, options)
    failed: list[tuple[Endpoint, LayerscopeError]] = []
    for endpoint in endpoints:
        if failed and endpoint.reference == failed[-1][0].reference and _answered(failed[-1][1]):
            continue  # the same host, spoken to in a lesser way
        try:
            image = _at(endpoint, platform, options, hurry=endpoint is not endpoints[-1])
        except (PlatformNotFound, UsageError):
            raise
        except LayerscopeError as error:
            failed.append((endpoint, error))
            if endpoint is not endpoints[-1]:
                level = logging.INFO if isinstance(error, NotFound) else logging.WARNING
                log.log(level, "%s does not help: %s", endpoint, error)
        else:
            image.reference = str(reference)
            image.endpoint, image.mirror = endpoint.url, endpoint.mirror
            log.info("%s is read from %s", reference, endpoint)
            return image
    raise _together(failed)


def _answered(error: LayerscopeError) -> bool:
    return not isinstance(error, SourceUnreachable)


def _together(failed: list[tuple[Endpoint, LayerscopeError]]) -> LayerscopeError:
    """The registry's own error, with what its mirrors said."""
    error = failed[-1][1]
    for endpoint, before in failed[:-1]:
        error.message = f"{error.message}; before that, {endpoint}: {before.message}"
    error.args = (error.message,)
    return error


def _at(endpoint: Endpoint, platform: Platform | None, options: RegistryOptions, *, hurry: bool) -> Image:
    """The image from one endpoint, as whoever may; without patience where there is another endpoint to turn to."""
    # Loaded here: oras takes longer to import than everything else layerscope has.
    from layerscope.sources.registry.endpoint import TrustBook
    from layerscope.sources.registry.transport import Transport

    transport = Transport(options.timeout, options.connections, TrustBook(endpoint, options).of)
    refused: list[NotAuthorised] = []
    try:
        for credential in options.credentials.find(endpoint.reference) or (None,):
            try:
                return _as(credential, endpoint, platform, options, transport, hurry=hurry)
            except NotAuthorised as error:
                refused.append(error)
    except BaseException:
        transport.close()
        raise
    transport.close()
    last = refused[-1]
    last.message = "; ".join(each.message for each in refused)
    last.args = (last.message,)
    raise last


def _as(
    credential: Credential | None,
    endpoint: Endpoint,
    platform: Platform | None,
    options: RegistryOptions,
    transport: Transport,
    *,
    hurry: bool,
) -> Image:
    from layerscope.sources.registry.client import RegistryClient
    from layerscope.sources.registry.store import RegistryStore
    from layerscope.sources.resolve import resolve

    client = RegistryClient(endpoint, credential, replace(options, retries=0) if hurry else options, transport)
    store = RegistryStore(client)
    try:
        root = store.root(endpoint.reference)
    except (NotAuthorised, NotFound) as error:
        raise (error if hurry else explained(error, client)[0]) from None
    image = resolve(store, root, platform)
    client.options = options
    image.source = SOURCE
    image.resources.callback(client.close)
    return image


def explained(error: NotAuthorised | NotFound, client: RegistryClient) -> tuple[LayerscopeError, bool | None]:
    """The same error with whose fault it is, the login's or the name's, where a few more requests can tell.

    And whether the registry takes the login for anything; None where that cannot be told.
    """
    from layerscope.sources.registry.exposure import Withheld

    takes = None if isinstance(error, Withheld) else client.takes_login()
    if takes is None:
        return error, None
    if takes:
        why = f"{client.origin} does take this login, so the name is wrong or its owner has not let this account in"
        return type(error)(f"{error.message}; {why}", hint=error.hint), True
    why = f"{client.origin} does not take this login for anything: it is wrong, or no longer good"
    hint = f"log in anew: {client.login}; a public image can be pulled with --anonymous"
    return NotAuthorised(f"{error.message}; {why}", hint=hint), False
