"""What ``docker save`` writes, old and new, and what Podman, kaniko, Jib and Bazel write in its shape.

``manifest.json`` lists images: a config, tags, layer files bottom first. Layers may be plain or compressed. There is no
manifest in the registry's sense, so layers have no stored digest of their own; the DiffIDs verify them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage, NotFound, UsageError
from layerscope.layers.blob import LayerBlob
from layerscope.layers.tarstream import clean_path
from layerscope.oci.config import ImageConfig, parse_config
from layerscope.oci.digest import Digest
from layerscope.oci.jsondoc import get_str, get_strings, parse_value
from layerscope.oci.platform import Platform, choose
from layerscope.oci.reference import normalised
from layerscope.sources.image import Image, require_same_count
from layerscope.sources.resolve import no_platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from layerscope.sources.members import Members, PackedBlob

TABLE = "manifest.json"


@dataclass(frozen=True, slots=True)
class SavedImage:
    """One row of ``manifest.json``."""

    config: str
    tags: tuple[str, ...]
    layers: tuple[str, ...]


def is_docker_archive(members: Members) -> bool:
    """Whether there is a ``manifest.json`` as ``docker save`` writes it."""
    return members.has(TABLE)


def saved_images(members: Members) -> list[SavedImage]:
    """The images of the archive, in its order."""
    what = f"{members.what}: {TABLE}"
    rows = parse_value(members.document(TABLE), what)
    if not isinstance(rows, list) or not rows:
        raise InvalidImage(f"{what} is not a list of images")
    return [_row(row, f"{what}[{number}]") for number, row in enumerate(rows)]


def _row(row: Any, what: str) -> SavedImage:
    if not isinstance(row, dict):
        raise InvalidImage(f"{what} is not an object")
    config = get_str(row, "Config", what)
    if not config:
        raise InvalidImage(f"{what} names no config")
    layers = get_strings(row, "Layers", what)
    return SavedImage(_clean(config), get_strings(row, "RepoTags", what), tuple(_clean(name) for name in layers))


def _clean(name: str) -> str:
    return clean_path(name.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def open_docker_archive(members: Members, name: str, wanted: Platform | None) -> Image:
    """The image tagged ``name`` (or ``@N``, the N-th; empty when there is but one)."""
    images = saved_images(members)
    saved = _choose(images, name, members.what)
    what = f"{members.what}: {saved.config}"
    try:
        data = members.document(saved.config)
    except NotFound as error:
        raise InvalidImage(f"{members.what}: the config {saved.config} is missing") from error
    config = parse_config(data, what)
    _verify_config_name(saved.config, config, what)
    if wanted is not None and config.platform is not None and choose([config.platform], wanted) is None:
        raise no_platform(members.what, wanted, [config.platform])
    require_same_count(len(saved.layers), len(config.diff_ids), members.what)
    layers = tuple(
        _layer(members, position, layer, diff_id)
        for position, (layer, diff_id) in enumerate(zip(saved.layers, config.diff_ids, strict=True))
    )
    return Image(
        reference=f"{members.what}:{name}" if name else members.what,
        source="docker-archive",
        config=config,
        layers=layers,
        platforms=(config.platform,) if config.platform else (),
    )


def _choose(images: list[SavedImage], name: str, what: str) -> SavedImage:
    if not name:
        if len({(image.config, image.layers) for image in images}) == 1:
            return images[0]
        tags = [tag for image in images for tag in image.tags]
        raise UsageError(
            f"{what} holds {len(images)} images; say which",
            hint="one of: " + ", ".join(f"{what}:{tag}" for tag in tags) if tags else f"by position: {what}:@0, @1 ...",
        )
    if name.startswith("@") and name[1:].isdecimal() and int(name[1:]) < len(images):
        return images[int(name[1:])]
    for image in images:
        if name in image.tags or normalised(name) in {normalised(tag) for tag in image.tags}:
            return image
    known = ", ".join(tag for image in images for tag in image.tags) or "none that has a tag"
    raise NotFound(f"{what} has no image tagged {name!r}; it has {known}")


def _verify_config_name(name: str, config: ImageConfig, what: str) -> None:
    """Where the config's file is named by its digest, the digest must be right."""
    stem = name.rsplit("/", 1)[-1].removesuffix(".json").removeprefix("sha256:")
    is_digest = len(stem) == 64 and all(digit in "0123456789abcdef" for digit in stem)
    if is_digest and Digest("sha256", stem) != config.digest:
        raise InvalidImage(
            f"{what}: digest is wrong: expected {Digest('sha256', stem)}, found {config.digest}",
            hint="the archive was altered or damaged; save it again",
        )


def _layer(members: Members, position: int, name: str, diff_id: Digest) -> LayerBlob:
    packed: PackedBlob | None = None
    if members.has(name):
        packed = members.blob(name)
    return LayerBlob(
        position=position,
        diff_id=diff_id,
        open=partial(_open, members, name) if packed is None or packed.open is not None else None,
        size=packed.size if packed else None,
        witness=packed.witness if packed else "",
        member=name,
        passed=packed.passed if packed else None,
    )


def _open(members: Members, name: str) -> AbstractContextManager[Iterator[bytes]]:
    packed = members.blob(name)
    assert packed.open is not None
    return packed.open()
