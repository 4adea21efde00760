"""The seam to oras: what its inherited methods may do through our transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layerscope.credentials.credential import Anonymous
from layerscope.errors import SourceUnreachable
from layerscope.oci.reference import Reference
from layerscope.sources.registry import RegistryOptions
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.endpoint import endpoints_for
from layerscope.sources.registry.systemfiles import SystemFiles
from layerscope.sources.registry.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def client() -> Iterator[RegistryClient]:
    options = RegistryOptions(credentials=Anonymous(), files=SystemFiles())
    (endpoint,) = endpoints_for(Reference.parse(f"nginx:1@{DIGEST}"), options)
    client = RegistryClient(endpoint, None, options, Transport(1, 1))
    yield client
    client.close()


def test_urls_are_those_of_the_normalised_reference(client: RegistryClient) -> None:
    base = "https://registry-1.docker.io/v2/library/nginx"
    assert client.manifest_url(client.reference.identifier) == f"{base}/manifests/{DIGEST}"
    assert client.manifest_url("1") == f"{base}/manifests/1"
    assert client.reference.digest is not None
    assert client.blob_url(client.reference.digest) == f"{base}/blobs/{DIGEST}"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_only_reads(client: RegistryClient, method: str) -> None:
    with pytest.raises(ValueError, match="only reads"):
        client.do_request("https://registry-1.docker.io/v2/", method)
    with pytest.raises(ValueError, match="only reads"):
        client.do_request("https://registry-1.docker.io/v2/", data=b"x")


def test_it_speaks_to_its_registry_alone(client: RegistryClient) -> None:
    for url in ("https://other.example/v2/", "http://registry-1.docker.io/v2/", "https://registry-1.docker.io:444/"):
        with pytest.raises(SourceUnreachable, match="not asked"):
            client.do_request(url)


def test_nothing_of_the_environment_but_proxies_is_heeded(client: RegistryClient) -> None:
    assert client.session.trust_env is False
    assert client.session.auth is None
    assert "https://" not in client.session.adapters  # until it is needed
