"""Images of a container engine: Docker's, in either of its stores, and Podman's.

An engine is asked what it knows of an image first: its ID and DiffIDs. Where the cache has the documents behind that ID
and an index for every layer, nothing more is asked. Otherwise the image is saved once, and indexed as it passes.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from layerscope.engines.client import ANSWER_SECONDS, connect
from layerscope.engines.endpoint import DOCKER, docker_endpoint, podman_endpoint
from layerscope.engines.images import check_name, has_containerd_store, inspect
from layerscope.engines.saving import Save
from layerscope.engines.steps import history
from layerscope.errors import LayerscopeError, NotFound, PlatformNotFound, UsageError
from layerscope.layers.blob import LayerBlob
from layerscope.oci.config import parse_config
from layerscope.oci.reference import normalised
from layerscope.sources.image import Image
from layerscope.sources.known import known_image
from layerscope.sources.saved import saved_image

if TYPE_CHECKING:
    from layerscope.engines.client import Engine
    from layerscope.engines.images import EngineImage
    from layerscope.engines.steps import EngineStep
    from layerscope.layers.cache import IndexCache
    from layerscope.layers.reader import LayerReader
    from layerscope.oci.config import ImageConfig
    from layerscope.oci.platform import Platform

_PROBE_SECONDS = 5.0
"""How long an engine that nobody named may take to say who it is."""
_NO_TIME = "0001-01-01T00:00:00Z"
"""What an engine writes where the config has no time."""
_ACCOUNT = (
    "config, history and sizes are as the engine tells them: it was not asked to save the image; what it does not tell"
    " is missing"
)


def open_engine_image(
    kind: str, name: str, platform: Platform | None, reader: LayerReader | None, cache: IndexCache | None = None
) -> Image:
    """The image that an engine has by ``name``: a reference or an image ID. ``kind`` is DOCKER or PODMAN.

    Without ``reader`` no layer can be read, and the image is not saved: config and history are the cached ones where
    ``cache`` knows them, else what the engine tells. UsageError for settings that name no endpoint, SourceUnreachable,
    NotFound, PlatformNotFound, InvalidImage, DamagedLayer.
    """
    check_name(name)
    endpoint = docker_endpoint() if kind == DOCKER else podman_endpoint()
    try:
        with connect(endpoint) as engine:
            return _open(engine, inspect(engine, name, platform), name, reader, cache)
    except NotFound as error:
        if isinstance(error, PlatformNotFound) or "/" in name or ":" in name:
            raise
        repository = f"for the repository called {kind!r} write docker.io/library/{kind}:{name}"
        raise NotFound(error.message, hint=f"{error.hint}; {repository}") from error


def find_in_engines(
    name: str, platform: Platform | None, reader: LayerReader | None, cache: IndexCache | None = None
) -> tuple[Image | None, list[str]]:
    """The image from the first engine that is here and has it; and what became of each attempt.

    An engine that cannot be used is no error here, nor are settings that name none: nobody asked for it. Once it says
    that it has the image, everything else is.
    """
    attempts: list[str] = []
    for resolve in (docker_endpoint, podman_endpoint):
        try:
            engine = connect(resolve(), answer_seconds=_PROBE_SECONDS)
        except UsageError as error:
            attempts.append(f"an engine, but {error.message}")
            continue
        except LayerscopeError as error:
            attempts.append(error.message)
            continue
        with engine:
            try:
                found = inspect(engine, name, platform)
            except LayerscopeError as error:
                attempts.append(error.message)
                continue
            engine.answer_seconds = ANSWER_SECONDS
            return _open(engine, found, name, reader, cache), attempts
    return None, attempts


def _open(engine: Engine, found: EngineImage, name: str, reader: LayerReader | None, cache: IndexCache | None) -> Image:
    if reader is None:
        image = _without_layers(engine, found, name, cache)
    else:
        known = known_image(found, reader.cache, reader.probes) if reader.cache else None
        image = known or saved_image(Save(engine, found), found, reader)
    image.reference = _reference(name, found)
    image.source = engine.kind
    if found.index is not None:
        image.index_digest = found.index
        image.platforms = found.platforms or image.platforms
    return image


def _reference(name: str, found: EngineImage) -> str:
    """What the image is called: the name asked for, in full, as the engine itself has it; for an ID its first tag."""
    tags = {normalised(tag): tag for tag in found.tags}
    asked = normalised(name)
    if asked in tags:
        return asked
    local = asked.replace("docker.io/library/", "localhost/", 1)  # where Podman puts what has no registry
    if local in tags:
        return local
    if found.id.hex.startswith(name.removeprefix("sha256:")):
        return next(iter(tags), str(found.id))
    return asked


def _without_layers(engine: Engine, found: EngineImage, name: str, cache: IndexCache | None) -> Image:
    """What can be told of an image without one byte of its layers, and the engine's own sizes beside it."""
    known = known_image(found, cache, None) if cache else None
    if found.account is None:
        if known is None:
            raise PlatformNotFound(
                f"{engine} tells nothing of {name} for {found.platform} without saving it",
                hint="Docker 28.1 and later do; layerscope inspect saves it",
            )
        return known
    steps = history(engine, found)
    image = known or _told_by_engine(engine, found, found.account, steps)
    if len(steps) == len(image.config.history):
        image.engine_bytes = tuple(step.size for step in steps)
    return image


def _told_by_engine(
    engine: Engine, found: EngineImage, account: dict[str, Any], steps: tuple[EngineStep, ...]
) -> Image:
    config = _config(found, account, steps)
    if found.manifest is not None or has_containerd_store(engine):
        config = dataclasses.replace(config, digest=None)  # this store names images by manifest
    layers = tuple(LayerBlob(position, diff_id, None) for position, diff_id in enumerate(found.diff_ids))
    return Image(
        reference="",
        source="",
        config=config,
        layers=layers,
        platforms=(config.platform,) if config.platform else (),
        notes=(_ACCOUNT,),
        history_from_engine=True,
    )


def _config(found: EngineImage, account: dict[str, Any], steps: tuple[EngineStep, ...]) -> ImageConfig:
    """A config out of what the engine tells of it: the same fields under other names."""
    platform = found.platform
    document = {
        "os": platform.os if platform else "",
        "architecture": platform.architecture if platform else "",
        "variant": platform.variant if platform else "",
        "created": "" if account.get("Created") == _NO_TIME else account.get("Created"),
        "author": account.get("Author"),
        "config": account.get("Config"),
        "rootfs": {"type": "layers", "diff_ids": [str(diff_id) for diff_id in found.diff_ids]},
    }
    config = parse_config(json.dumps(document).encode(), f"image {found.id}")
    return dataclasses.replace(config, digest=found.id, history=tuple(step.entry for step in steps))
