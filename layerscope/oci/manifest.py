"""Manifests and indexes (image-spec manifest.md, image-index.md; Docker schema 2 and manifest lists)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from layerscope.errors import InvalidImage, UnsupportedImage
from layerscope.oci import mediatypes
from layerscope.oci.descriptor import Descriptor
from layerscope.oci.digest import Digest
from layerscope.oci.jsondoc import get_list, get_object, get_str, get_string_map, parse_object

MAX_LAYERS = 1000
MAX_MANIFESTS = 1000


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image: a config and an ordered stack of layers, bottom first."""

    media_type: str
    digest: Digest
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Index:
    """Several manifests under one name: one a platform, and what hangs beside them."""

    media_type: str
    digest: Digest
    manifests: tuple[Descriptor, ...]
    annotations: dict[str, str] = field(default_factory=dict)


def parse_manifest(data: bytes, what: str, declared: str = "") -> Manifest | Index:
    """Read a manifest or index from its exact bytes.

    ``declared`` is the media type the source gave (Content-Type, descriptor): it must not contradict the document
    (CVE-2021-41190). Schema 1 and artifacts raise UnsupportedImage that says what they are; all else InvalidImage.
    """
    document = parse_object(data, what)
    digest = Digest.of(data)
    media_type = _kind(document, declared.split(";")[0].strip().lower(), what)
    annotations = get_string_map(document, "annotations", what)
    if media_type in mediatypes.INDEXES:
        entries = get_list(document, "manifests", what)
        if len(entries) > MAX_MANIFESTS:
            raise InvalidImage(f"{what} lists {len(entries)} manifests; the limit is {MAX_MANIFESTS}")
        manifests = tuple(Descriptor.from_json(item, f"{what}: manifests[{n}]") for n, item in enumerate(entries))
        return Index(media_type, digest, manifests, annotations)
    _refuse_artifact(document, what)
    config = Descriptor.from_json(document.get("config"), f"{what}: config")
    entries = get_list(document, "layers", what)
    if len(entries) > MAX_LAYERS:
        raise InvalidImage(f"{what} lists {len(entries)} layers; the limit is {MAX_LAYERS}")
    layers = tuple(Descriptor.from_json(item, f"{what}: layers[{n}]") for n, item in enumerate(entries))
    return Manifest(media_type, digest, config, layers, annotations)


def _kind(document: dict[str, Any], declared: str, what: str) -> str:
    if document.get("schemaVersion") == 1 or declared in mediatypes.SCHEMA1:
        raise UnsupportedImage(
            f"{what} is a Docker image manifest of schema 1, which was retired and names no layer digests to verify",
            hint="rebuild the image, or pull and push it again with a current client, which writes schema 2",
        )
    if "manifests" in document and ("layers" in document or "config" in document):
        raise InvalidImage(f"{what} claims to be an index and a manifest at once (both 'manifests' and 'layers')")
    shape = "index" if "manifests" in document else "manifest" if {"layers", "config"} & document.keys() else ""
    own = get_str(document, "mediaType", what).lower()
    for claim in (own, declared):
        is_index, is_manifest = claim in mediatypes.INDEXES, claim in mediatypes.MANIFESTS
        if (is_index and shape == "manifest") or (is_manifest and shape == "index"):
            raise InvalidImage(f"{what} is served as {claim} but has the shape of an {shape}".replace("an m", "a m"))
    known = mediatypes.INDEXES | mediatypes.MANIFESTS
    if own in known and declared in known and own != declared:
        raise InvalidImage(f"{what} is served as {declared} but says it is {own}")
    if own in known or declared in known:
        return own if own in known else declared
    if shape:
        return mediatypes.OCI_INDEX if shape == "index" else mediatypes.OCI_MANIFEST
    raise InvalidImage(
        f"{what} is neither an image manifest nor an index" + (f" (its media type is {own})" if own else "")
    )


def _refuse_artifact(document: dict[str, Any], what: str) -> None:
    """An OCI artifact has a manifest but is no image: say which kind it is."""
    config = get_object(document, "config", what)
    config_type = get_str(config, "mediaType", f"{what}: config")
    artifact = get_str(document, "artifactType", what) or config_type
    if artifact == config_type and (not config_type or config_type in mediatypes.CONFIGS):
        return
    if config_type in mediatypes.CONFIGS:
        return  # an image that also carries an artifactType is still an image
    if config_type == "application/octet-stream" or config_type.startswith("text/"):
        return  # some early tools wrote such config types for images; the config itself decides
    raise UnsupportedImage(
        f"{what} is an OCI artifact of type {artifact}, not an image", hint="layerscope reads container images only"
    )
