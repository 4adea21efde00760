"""Opening and reading images in these tests, and who may."""

from __future__ import annotations

import contextlib
import hashlib
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from layerscope.credentials.credential import Anonymous, Credential, Place, Source
from layerscope.oci.reference import Reference
from layerscope.sources.registry import RegistryOptions, open_registry
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.endpoint import endpoints_for
from layerscope.sources.registry.systemfiles import SystemFiles
from layerscope.sources.registry.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.credentials.credential import CredentialLookup
    from layerscope.errors import LayerscopeError
    from layerscope.layers.blob import LayerBlob
    from layerscope.oci.platform import Platform
    from layerscope.sources.image import Image

CANARY = "canary-7f3a9e51"
"""The password of every account here. It must turn up nowhere but in requests to who asked for it."""
SIGNATURE = "signature-c0ffee42"
"""What a signed URL carries."""
USER = "wren"


@dataclass(frozen=True)
class Known:
    """A lookup that knows these."""

    credentials: tuple[Credential, ...]

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        return self.credentials


LOGIN = Known((Credential(USER, CANARY, place=Place(Source.FILE, file="config.json"), key="the key"),))
NOBODY = Anonymous()


def options(credentials: CredentialLookup = NOBODY, **changes: Any) -> RegistryOptions:
    """Impatient, so that tests are quick."""
    settings: dict[str, Any] = {"timeout": 5.0, "retries": 3, "backoff": 0.01, "max_wait": 0.05}
    settings |= {"files": SystemFiles()} | changes  # what this machine's engines know of registries plays no part
    return RegistryOptions(credentials=credentials, **settings)


def opened(name: str, wanted: Platform | None = None, settings: RegistryOptions | None = None) -> Image:
    """The image of that name."""
    return open_registry(Reference.parse(name), wanted, settings or options())


def client_for(name: str) -> RegistryClient:
    """A conversation about the repository of that name, as nobody."""
    settings = options()
    (endpoint,) = endpoints_for(Reference.parse(name), settings)
    return RegistryClient(endpoint, None, settings, Transport(settings.timeout, 1))


def read(layer: LayerBlob) -> bytes:
    """The layer's stored bytes, which are what its digest says."""
    assert layer.open is not None
    assert layer.digest is not None
    with layer.open() as chunks:
        parts = list(chunks)
    assert all(0 < len(part) <= 256 << 10 for part in parts)
    data = b"".join(parts)
    assert hashlib.new(layer.digest.algorithm, data).hexdigest() == layer.digest.hex
    return data


def read_all(image: Image) -> list[bytes]:
    """Every layer, then nothing is open any more."""
    with image:
        return [read(layer) for layer in image.layers]


def read_first(name: str, settings: RegistryOptions | None = None) -> bytes:
    """The bottom layer of the image of that name."""
    with opened(name, settings=settings) as image:
        return read(image.layers[0])


@contextlib.contextmanager
def refused(kind: type[LayerscopeError], *words: str, hint: str = "") -> Iterator[None]:
    """An error of exactly that kind that says these words and gives no secret away."""
    with pytest.raises(kind) as caught:
        yield
    error = caught.value
    assert type(error) is kind, repr(error)
    for word in words:
        assert word in error.message, error.message
    assert hint in error.hint, error.hint
    assert "\n" not in error.message
    told = [error.message, error.hint, repr(error), *traceback.format_exception(error)]
    assert not any(secret in text for secret in (CANARY, SIGNATURE) for text in told)
