"""A Secret of Kubernetes as a plain value."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

OPAQUE = "Opaque"
"""The type of a Secret that names none."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A Secret: what it is called, and what it keeps."""

    namespace: str
    """Empty where a manifest names none."""
    name: str
    type: str
    data: Mapping[str, bytes] = field(repr=False)
    """Decoded, with ``stringData`` written over ``data``, as the API server does."""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def secret_of(document: Mapping[str, Any], what: str) -> Secret:
    """The Secret that an object of kind Secret describes.

    Args:
        document: As ``read_manifests`` or the API gives it.
        what: Where it came from, for messages.

    Raises:
        UsageError: It is no Secret, has no name, or holds what cannot be decoded. The message never quotes a value.
    """
    if document.get("kind") != "Secret":
        raise UsageError(f"{what}: a {document.get('kind')} is not a Secret")
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise UsageError(f"{what}: a Secret without a name", hint="metadata.name is missing")
    namespace = metadata.get("namespace")
    name, called = metadata["name"], f"{what}: Secret {metadata['name']!r}"
    kind = document.get("type")
    if not isinstance(namespace, str | None):
        raise UsageError(f"{called}: metadata.namespace is not text")
    if not isinstance(kind, str | None):
        raise UsageError(f"{called}: its type is not text")
    data = {key: _decoded(value, f"{called}: data[{key!r}]") for key, value in _map(document, "data", called).items()}
    for key, value in _map(document, "stringData", called).items():
        if not isinstance(value, str | None):
            raise UsageError(f"{called}: stringData[{key!r}] is not text", hint="quote it, or give a block with |")
        data[key] = (value or "").encode("utf-8", "surrogateescape")
    return Secret(namespace or "", name, kind or OPAQUE, data)


def _map(document: Mapping[str, Any], key: str, called: str) -> Mapping[str, Any]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError(f"{called}: {key} is not a map")
    return value


def _decoded(value: object, called: str) -> bytes:
    """Base64 as Go's encoding/json takes it for bytes: padded, lines broken anywhere."""
    if value is None:
        return b""
    if isinstance(value, str):
        try:
            return base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
        except (binascii.Error, ValueError):
            pass  # the exception would carry the secret along
    raise UsageError(f"{called} is not base64", hint="data takes base64 (base64 -w0); stringData takes plain text")
