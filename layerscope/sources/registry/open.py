"""``open_registry``: from a reference to an opened image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.errors import NotAuthorised

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential
    from layerscope.oci.platform import Platform
    from layerscope.oci.reference import Reference
    from layerscope.sources.image import Image
    from layerscope.sources.registry.options import RegistryOptions

SOURCE = "registry"


def open_registry(reference: Reference, platform: Platform | None, options: RegistryOptions) -> Image:
    """The image ``reference`` names, of ``platform``: manifest and config are fetched and verified, layers are not.

    With a digest in the reference the digest decides and a tag is only shown. Where several credentials are known
    they are tried in turn. Close the image to end its connections: waits and reads of other threads end then too.

    Raises NotFound, PlatformNotFound, NotAuthorised, SourceUnreachable, InvalidImage (wrong digest, damaged document)
    and UnsupportedImage.
    """
    refused: NotAuthorised | None = None
    for credential in options.credentials.find(reference) or (None,):
        try:
            return _open(reference, platform, options, credential)
        except NotAuthorised as error:
            refused = error
    assert refused is not None
    raise refused


def _open(
    reference: Reference, platform: Platform | None, options: RegistryOptions, credential: Credential | None
) -> Image:
    # Loaded here: oras takes longer to import than everything else layerscope has.
    from layerscope.sources.registry.client import RegistryClient
    from layerscope.sources.registry.store import RegistryStore
    from layerscope.sources.resolve import resolve

    client = RegistryClient(reference, credential, options)
    try:
        store = RegistryStore(client)
        image = resolve(store, store.root(reference), platform)
    except BaseException:
        client.close()
        raise
    image.reference = str(reference)
    image.source = SOURCE
    image.resources.callback(client.close)
    return image
