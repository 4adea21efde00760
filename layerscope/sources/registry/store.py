"""One repository of a registry as a ``Store``: manifests, configs and layers by digest, and what a tag leads to."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage
from layerscope.oci import mediatypes
from layerscope.oci.digest import Digest
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES
from layerscope.sources.registry.download import Download
from layerscope.sources.resolve import Root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from layerscope.oci.descriptor import Descriptor
    from layerscope.oci.reference import Reference
    from layerscope.sources.registry.client import RegistryClient

log = logging.getLogger(__name__)

_ACCEPT = {"Accept": ", ".join(mediatypes.ACCEPT)}


class RegistryStore:
    """Reads through a client; a foreign layer's ``urls`` are never followed (CVE-2020-15157)."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    def root(self, reference: Reference) -> Root:
        """What the reference leads to, fetched once: a tag that moves meanwhile cannot mix two images."""
        what = str(reference)
        url = self._client.manifest_url(reference.identifier)
        data, headers = self._client.document(url, _ACCEPT, what)
        media_type = headers.get("Content-Type", "")
        if media_type.split(";")[0].strip().lower() not in mediatypes.SCHEMA1:  # parse_manifest refuses it by name
            if reference.digest:
                _verify(data, reference.digest, what, "asked for")
            if claimed := _claimed(headers.get("Docker-Content-Digest", ""), what):
                _verify(data, claimed, what, "named by the registry (Docker-Content-Digest)")
        return Root(data, media_type, what)

    def manifest(self, descriptor: Descriptor) -> bytes:
        """The bytes behind a manifest's or index's digest; the caller verifies them."""
        what = f"manifest {descriptor.digest}"
        _check_size(descriptor, what)
        return self._client.document(self._client.manifest_url(str(descriptor.digest)), _ACCEPT, what)[0]

    def config(self, descriptor: Descriptor) -> bytes:
        """The bytes of a config; the caller verifies them."""
        what = f"config {descriptor.digest}"
        _check_size(descriptor, what)
        return self._client.document(self._client.blob_url(descriptor.digest), {}, what)[0]

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """The layer's bytes, to be verified by whoever reads them."""
        return Download(self._client, descriptor)

    def passed(self, descriptor: Descriptor) -> None:
        """A registry hands out any blob at any time."""


def _check_size(descriptor: Descriptor, what: str) -> None:
    if descriptor.size > MAX_DOCUMENT_BYTES:
        raise InvalidImage(f"{what} claims {descriptor.size} bytes; the limit is {MAX_DOCUMENT_BYTES}")


def _claimed(header: str, what: str) -> Digest | None:
    if not header:
        return None
    try:
        return Digest.parse(header.strip(), "Docker-Content-Digest")
    except InvalidImage as error:
        log.warning("%s: %s; not held against it", what, error)
        return None


def _verify(data: bytes, expected: Digest, what: str, whose: str) -> None:
    found = Digest.of(data, expected.algorithm)
    if found != expected:
        raise InvalidImage(
            f"{what}: the manifest's digest is wrong: {expected} was {whose}, {found} arrived",
            hint="the manifest was altered or damaged in the registry or on its way",
        )
