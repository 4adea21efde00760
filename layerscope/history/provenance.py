"""BuildKit's own account of a build: its Dockerfile, and which lines of it made which layer.

An attestation manifest beside the image in its index carries it, SLSA provenance v0.2 or v1; only ``mode=max`` has the
source (moby/buildkit docs/attestations/slsa-definitions.md). Layers are named by the digest of their blobs: a copy that
compressed them anew is no longer spoken of. Nobody vouches for it: it is not signed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerscope.errors import LayerscopeError
from layerscope.history.base import PROVENANCE, Base
from layerscope.oci.jsondoc import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from layerscope.sources.image import Image

_V02 = "https://mobyproject.org/buildkit@v1#metadata"
_IMAGE = "docker-image://"
Range = tuple[int, int]
"""First and last line, from 1."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the build says of the image."""

    filename: str
    """Of the Dockerfile; empty where it is not told."""
    text: str | None
    """The Dockerfile; None where it is not told (``mode=min``)."""
    lines: dict[int, Range]
    """Index of a layer → the lines that made it."""
    base: Base | None
    target: str | None = None
    """The stage that was asked for; None where it is the last."""


def provenance_of(image: Image) -> tuple[Provenance | None, tuple[str, ...]]:
    """The provenance that hangs beside an image, if any, and a note where there is one that cannot be read."""
    if image.manifest is None:
        return None, ()
    digests = [str(layer.digest) for layer in image.manifest.layers]
    try:
        for number, data in enumerate(image.statements()):
            document = parse_object(data, f"provenance {number}")
            if found := read_provenance(document, str(image.manifest.digest), digests):
                return found, ()
    except LayerscopeError as error:
        return None, (f"the provenance beside the image cannot be read: {error.message}",)
    return None, ()


def read_provenance(document: dict[str, Any], manifest: str, digests: Sequence[str]) -> Provenance | None:
    """Read an in-toto statement about the image with this manifest and these layer blobs; None if it is not that."""
    if not _is_about(document, manifest):
        return None
    predicate = _object(document.get("predicate"))
    definition = _object(predicate.get("buildDefinition"))
    metadata = _object(_object(_object(predicate.get("runDetails")).get("metadata")).get("buildkit_metadata"))
    config = _object(_object(definition.get("internalParameters")).get("buildConfig"))
    if not definition:  # v0.2
        metadata = _object(_object(predicate.get("metadata")).get(_V02))
        config = _object(predicate.get("buildConfig"))
    source = _object(metadata.get("source"))
    infos = [_object(info) for info in _list(source.get("infos"))]
    filename, text = _dockerfile(infos[0]) if infos else ("", None)
    steps = {str(step.get("id")): step for step in map(_object, _list(config.get("llbDefinition")))}
    chains = dict(_chains(_object(metadata.get("layers")), digests))
    lines = _lines(steps, chains, _object(source.get("locations")))
    return Provenance(filename, text, lines, _base(steps, chains), _target(predicate, definition))


def _target(predicate: dict[str, Any], definition: dict[str, Any]) -> str | None:
    request = _object(_object(definition.get("externalParameters")).get("request"))
    if not definition:  # v0.2
        request = _object(_object(predicate.get("invocation")).get("parameters"))
    target = _object(request.get("args")).get("target")
    return target if isinstance(target, str) and target else None


def _is_about(document: dict[str, Any], manifest: str) -> bool:
    if not str(document.get("predicateType", "")).startswith("https://slsa.dev/provenance/"):
        return False
    subjects = [_object(_object(subject).get("digest")) for subject in _list(document.get("subject"))]
    algorithm, _, value = manifest.partition(":")
    return any(subject.get(algorithm) == value for subject in subjects)


def _dockerfile(info: dict[str, Any]) -> tuple[str, str | None]:
    name, data = info.get("filename"), info.get("data")
    try:
        text = base64.b64decode(data, validate=True).decode("utf-8", "surrogateescape") if data else None
    except (binascii.Error, ValueError, TypeError):
        text = None
    return (name if isinstance(name, str) else ""), text


def _chains(layers: dict[str, Any], digests: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each step's output, ``step3:0``, and how many of the image's lowest layers it stands for."""
    for output, found in layers.items():
        for chain in _list(found):
            blobs = [_object(blob).get("digest") for blob in _list(chain)]
            if blobs and blobs == list(digests[: len(blobs)]):
                yield output, len(blobs)
                break


def _lines(steps: dict[str, dict[str, Any]], chains: dict[str, int], locations: dict[str, Any]) -> dict[int, Range]:
    """The lines of each layer: those of the step whose output has it on top, and whose input has it not."""
    found: dict[int, Range] = {}
    for output, height in chains.items():
        step = output.rpartition(":")[0]
        below = [chains[name] for name in _inputs(steps.get(step)) if name in chains and chains[name] <= height]
        under = max(below, default=0)
        place = _range(_object(locations.get(step)))
        # A source brings its layers from elsewhere; a step that adds more than one is not one instruction.
        if place is not None and height == under + 1 and not _is_source(steps.get(step)):
            found[height - 1] = place
    return found


def _base(steps: dict[str, dict[str, Any]], chains: dict[str, int]) -> Base | None:
    """The image source with the most layers of this image."""
    best: Base | None = None
    for name, step in steps.items():
        source = _source(step)
        height = chains.get(f"{name}:0", 0)
        if source.startswith(_IMAGE) and height and (best is None or height > (best.layers or 0)):
            reference, _, digest = source.removeprefix(_IMAGE).partition("@")
            best = Base(reference, digest or None, height, None, PROVENANCE)
    return best


def _inputs(step: dict[str, Any] | None) -> Iterable[str]:
    return [name for name in _list((step or {}).get("inputs")) if isinstance(name, str)]


def _is_source(step: dict[str, Any] | None) -> bool:
    return bool(_source(step))


def _source(step: dict[str, Any] | None) -> str:
    operation = _object(_object((step or {}).get("op")).get("Op"))
    identifier = _object(operation.get("source")).get("identifier")
    return identifier if isinstance(identifier, str) else ""


def _range(location: dict[str, Any]) -> Range | None:
    """From the first line to the last of a location in the first source."""
    numbers: list[int] = []
    for place in map(_object, _list(location.get("locations"))):
        if place.get("sourceIndex", 0) not in (0, None):
            continue
        for span in map(_object, _list(place.get("ranges"))):
            for end in ("start", "end"):
                number = _object(span.get(end)).get("line")
                if isinstance(number, int) and number > 0:
                    numbers.append(number)
    return (min(numbers), max(numbers)) if numbers else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
