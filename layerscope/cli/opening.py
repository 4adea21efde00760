"""From IMAGE and the options to an opened image, and a reader for its layers."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import sys
from typing import TYPE_CHECKING

from layerscope.cli import speech
from layerscope.cli.progress import watch
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.cli.options import Common, LimitOptions, RegistryChoice
    from layerscope.history.base import Candidate
    from layerscope.layers.cache import IndexCache
    from layerscope.layers.limits import Limits
    from layerscope.layers.probe import Probe
    from layerscope.layers.reader import LayerReader
    from layerscope.oci.platform import Platform
    from layerscope.sources.image import Image
    from layerscope.sources.registry import RegistryOptions

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def opened_with_layers(
    name: str,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    probes: tuple[Probe, ...] = (),
) -> Iterator[tuple[Image, LayerReader]]:
    """The image, and what reads its layers, while somebody watches; ``probes`` see content as it passes."""
    from layerscope.layers.reader import LayerReader

    with watch(quiet=common.quiet) as watching:
        reader = LayerReader(
            limits=_limits(limits),
            probes=probes,
            cache=_cache(common),
            progress=watching.progress,
            processes=os.name == "posix",
        )
        with _opened(name, common, registry, reader) as image:
            watching.expect(image.layers)
            yield image, reader


@contextlib.contextmanager
def opened_without_layers(name: str, common: Common, registry: RegistryChoice) -> Iterator[Image]:
    """The image's manifest and config: no layer can be read, and none is."""
    cache = None if common.no_cache else cache_at(common)  # it may know the documents of an engine's image
    with _opened(name, common, registry, None, cache) as image:
        yield image


def candidates(names: Sequence[str], common: Common, registry: RegistryChoice) -> list[Candidate]:
    """The images named as a base: manifest and config of each, and not one layer byte."""
    from layerscope.history.base import Candidate

    found = []
    for name in names:
        with opened_without_layers(name, common, registry) as image:
            diff_ids = tuple(layer.diff_id for layer in image.layers)
            triggers = image.config.run.on_build
            if image.source in ("registry", "docker", "podman"):
                digest = image.index_digest or (image.manifest.digest if image.manifest else None)
                found.append(Candidate(image.reference, diff_ids, image.config.history, digest, triggers))
            else:  # a path is no name that a digest could be added to
                found.append(Candidate(name, diff_ids, image.config.history, None, triggers))
    return found


@contextlib.contextmanager
def _opened(
    name: str, common: Common, registry: RegistryChoice, reader: LayerReader | None, cache: IndexCache | None = None
) -> Iterator[Image]:
    from layerscope.sources.location import REGISTRY, STDIN, locate
    from layerscope.sources.open import open_image

    platform = _platform(common)
    registry.logins.check()
    location = locate(name)
    if location.remark and not common.quiet:
        speech.remark(location.remark)
    if location.name == STDIN and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            "there is no archive on standard input", hint="pipe one in: docker save NAME | layerscope inspect -"
        )
    options = registry_options(registry, location.name, common) if location.kind == REGISTRY else None
    with (
        registry.logins.explaining_refusals(),
        open_image(name, platform=platform, reader=reader, registry=options, cache=cache) as image,
    ):
        _log.info("%s is %s, from %s", name, image.reference, image.source)
        yield image


def cache_at(common: Common) -> IndexCache | None:
    """The index cache that the options name; None where the user has no place for one."""
    from layerscope.layers.cache import IndexCache, default_directory

    directory = common.cache_dir or default_directory()
    return IndexCache(directory.expanduser()) if directory is not None else None


def _cache(common: Common) -> IndexCache | None:
    if common.no_cache:
        return None
    cache = cache_at(common)
    if cache is None:
        _log.warning("there is no home directory to keep a cache in; every layer is read; --cache-dir names a place")
    return cache


@contextlib.contextmanager
def shared_cache(common: Common) -> Iterator[Common]:
    """Options with a cache, so that a layer of several images is read once; without one, a cache of this run alone."""
    if not common.no_cache:
        yield common
        return
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="layerscope-") as directory:
        yield dataclasses.replace(common, no_cache=False, cache_dir=Path(directory))


def _platform(common: Common) -> Platform | None:
    from layerscope.oci.platform import Platform

    return Platform.parse(common.platform) if common.platform else None


def _limits(options: LimitOptions) -> Limits:
    from layerscope.layers.limits import Limits

    chosen = {
        "max_uncompressed_bytes": options.max_layer_size,
        "max_file_bytes": options.max_file_size,
        "max_ratio": options.max_ratio,
        "max_entries": options.max_entries,
    }
    return dataclasses.replace(Limits(), **{name: value for name, value in chosen.items() if value is not None})


def registry_options(choice: RegistryChoice, name: str, common: Common) -> RegistryOptions:
    """How to reach the registry of the image ``name``, and as whom. UsageError where an option cannot be used."""
    from layerscope.sources.registry import RegistryOptions

    options = RegistryOptions(
        credentials=choice.logins.for_image(name, quiet=common.quiet, timeout=choice.timeout),
        plain_http=frozenset(choice.plain_http),
        plain_http_login=frozenset(choice.plain_http_login),
        tls=frozenset(choice.tls),
        skip_verify=frozenset(choice.insecure_skip_tls_verify),
        ca_certs=tuple(path.expanduser() for path in choice.ca_cert),
        client_cert=choice.client_cert.expanduser() if choice.client_cert else None,
        client_key=choice.client_key.expanduser() if choice.client_key else None,
        allow_realms=frozenset(choice.allow_realm),
    )
    if choice.mirror_config is not None:
        options = dataclasses.replace(options, mirror_config=choice.mirror_config)
    if choice.timeout is not None:
        options = dataclasses.replace(options, timeout=choice.timeout)
    if choice.retries is not None:
        options = dataclasses.replace(options, retries=choice.retries)
    return options
