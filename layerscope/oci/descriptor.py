"""Descriptors (image-spec descriptor.md)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from layerscope.errors import InvalidImage
from layerscope.oci.digest import Digest
from layerscope.oci.jsondoc import get_str, get_string_map
from layerscope.oci.platform import Platform

MAX_BLOB_BYTES = 1 << 50
"""Larger claims are nonsense, and would overflow what carries them."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest or index says of one blob. ``size`` is in stored bytes."""

    media_type: str
    digest: Digest
    size: int
    annotations: dict[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    artifact_type: str = ""
    data: bytes | None = None

    @classmethod
    def from_json(cls, value: Any, what: str) -> Descriptor:
        """Read one descriptor; InvalidImage names ``what`` and the field that is wrong."""
        if not isinstance(value, dict):
            raise InvalidImage(f"{what} is not a descriptor")
        size = value.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_BLOB_BYTES:
            raise InvalidImage(f"{what}: size is not a number of bytes: {str(size)[:80]}")
        digest = Digest.parse(value.get("digest"), f"{what}: digest")
        return cls(
            media_type=get_str(value, "mediaType", what),
            digest=digest,
            size=size,
            annotations=get_string_map(value, "annotations", what),
            platform=Platform.from_json(value.get("platform"), what),
            artifact_type=get_str(value, "artifactType", what),
            data=_embedded(get_str(value, "data", what), digest, size, what),
        )

    @property
    def is_attestation(self) -> bool:
        """True for the manifests BuildKit hangs beside an image: never an image themselves."""
        return bool(self.annotations.get("vnd.docker.reference.type")) or bool(
            self.platform and self.platform.is_unknown
        )


def _embedded(text: str, digest: Digest, size: int, what: str) -> bytes | None:
    """The descriptor's own copy of the blob, which must be the blob (descriptor.md, "Embedded content")."""
    if not text:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidImage(f"{what}: data is not base64") from error
    if len(data) != size or Digest.of(data, digest.algorithm) != digest:
        raise InvalidImage(f"{what}: embedded data is not the blob its digest names")
    return data
