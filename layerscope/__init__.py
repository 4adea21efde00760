"""layerscope: what is in a container image, layer by layer, and why.

Example:
    >>> import layerscope
    >>> report = layerscope.inspect("testdata/classic.docker-archive.tar", cache=False)
    >>> report.totals.layers
    12
    >>> [layer.instruction.kind for layer in report.layers[:3]]
    ['ADD', 'COPY', 'WORKDIR']
    >>> with layerscope.open_image("testdata/classic.docker-archive.tar") as image:
    ...     layers = layerscope.read_layers(image, cache=False)
    >>> sorted(entry.path for entry in layers[0] if entry.kind.label == "directory")[:2]
    [b'bin', b'etc']
    >>> pair = "testdata/pair.docker-archive.tar:pair:"
    >>> found = layerscope.diff(pair + "a", pair + "b", cache=False).files
    >>> [(changed.path, changed.change.value, changed.bytes) for changed in found.changes]
    [(b'etc/app/config.ini', 'modified', -10)]

Everything is typed; errors are those of ``layerscope.errors``. Importing the package loads nothing else: each function
imports what it needs when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from layerscope.compare.aspects import Ignore
    from layerscope.compare.comparison import Comparison
    from layerscope.content.contents import Contents
    from layerscope.errors import LayerscopeError
    from layerscope.inspection import Inspection
    from layerscope.layers.blob import SkippedLayer
    from layerscope.layers.entry import Entry, EntryKind
    from layerscope.layers.index import LayerIndex
    from layerscope.layers.limits import Limits
    from layerscope.layers.probe import Probe
    from layerscope.layers.reader import LayerReader
    from layerscope.oci.platform import Platform
    from layerscope.sources.image import Image
    from layerscope.sources.registry import RegistryOptions

__all__ = [
    "Comparison",
    "Entry",
    "EntryKind",
    "Ignore",
    "Image",
    "Inspection",
    "LayerIndex",
    "LayerscopeError",
    "Limits",
    "Platform",
    "RegistryOptions",
    "SkippedLayer",
    "__version__",
    "diff",
    "inspect",
    "open_image",
    "read_file",
    "read_layers",
]

_LAZY = {
    "Comparison": "layerscope.compare.comparison",
    "Entry": "layerscope.layers.entry",
    "EntryKind": "layerscope.layers.entry",
    "Ignore": "layerscope.compare.aspects",
    "Image": "layerscope.sources.image",
    "Inspection": "layerscope.inspection",
    "LayerIndex": "layerscope.layers.index",
    "LayerscopeError": "layerscope.errors",
    "Limits": "layerscope.layers.limits",
    "Platform": "layerscope.oci.platform",
    "RegistryOptions": "layerscope.sources.registry",
    "SkippedLayer": "layerscope.layers.blob",
    "__version__": "layerscope.version",
}


def inspect(
    name: str,
    *,
    platform: Platform | str | None = None,
    cache: Path | bool = True,
    limits: Limits | None = None,
    registry: RegistryOptions | None = None,
    packages: bool = False,
) -> Inspection:
    """Inspect an image: every layer read, verified and explained.

    Args:
        name: ``[SCHEME:]NAME``: a reference such as ``nginx``, an archive, a layout directory.
        platform: Which image of an index, such as ``linux/arm64``; this machine's by default.
        cache: A directory to keep layer indexes in; True for the user's own, False for none.
        limits: What a layer may cost before it is refused.
        registry: Credentials, time-outs and plain-HTTP hosts for registries.
        packages: Also which package owns which bytes: ``Inspection.packages``.

    Raises:
        layerscope.errors.LayerscopeError: one of its leaves; see ``layerscope.errors``.
    """
    from layerscope.inspection import inspect_image

    probes: tuple[Probe, ...] = ()
    if packages:
        from layerscope.packages.probe import PACKAGES

        probes = (PACKAGES,)
    reader = _reader(cache, limits, probes)
    with _open(name, platform, reader, registry) as image:
        return inspect_image(image, reader)


def diff(
    before: str,
    after: str,
    *,
    ignore: Ignore | None = None,
    platform: Platform | str | None = None,
    cache: Path | bool = True,
    limits: Limits | None = None,
    registry: RegistryOptions | None = None,
) -> Comparison:
    """Compare two images, packages too. With a cache, layers that both have are read once.

    To compare inspections, also of two platforms, see ``layerscope.compare.comparison.compare``; to attribute a
    difference to layers, packages and files, ``layerscope.compare.growth.growth``.

    Args:
        before: What is compared, as ``inspect`` takes it.
        after: With what. Every difference in bytes is what it has more.
        ignore: What is not to count as a difference.
        platform: Of both.
        cache: As for ``inspect``, like ``limits`` and ``registry``; so are errors.
    """
    from dataclasses import replace

    from layerscope.compare.comparison import compare
    from layerscope.inspection import inspect_image
    from layerscope.packages.probe import PACKAGES

    reader = replace(_reader(cache, limits), probes=(PACKAGES,))
    with _open(before, platform, reader, registry) as image:
        one = inspect_image(image, reader)
    with _open(after, platform, reader, registry) as image:
        other = inspect_image(image, reader, beside=one)
    return compare(one, other, ignore)


def open_image(
    name: str,
    *,
    platform: Platform | str | None = None,
    limits: Limits | None = None,
    registry: RegistryOptions | None = None,
) -> Image:
    """Open an image: manifest and config read and verified, layers ready for ``read_layers``. Use it in a ``with``.

    Arguments and errors are those of ``inspect``.
    """
    return _open(name, platform, _reader(False, limits), registry)


def read_layers(
    image: Image, *, cache: Path | bool = True, limits: Limits | None = None
) -> list[LayerIndex | SkippedLayer]:
    """The entries of every layer, bottom first. Iterate over a LayerIndex for its ``Entry`` values, in tar order."""
    from layerscope.layers.blob import ReadLayer

    found = _reader(cache, limits).read_all(image.layers)
    return [item.index if isinstance(item, ReadLayer) else item for item in found]


def read_file(
    name: str,
    path: str | bytes,
    *,
    layer: int | None = None,
    platform: Platform | str | None = None,
    cache: Path | bool = True,
    limits: Limits | None = None,
    registry: RegistryOptions | None = None,
) -> bytes:
    """The content of one file of an image, verified, in memory whole. Links are followed inside the image.

    Args:
        name: As for ``inspect``; standard input is read once, so that a link may lead to what has gone by.
        path: Absolute or relative to the root; bytes where the name is not UTF-8.
        layer: As that layer brings it, also where a later one deleted or overwrote it; None for the merged image.
        platform: As for ``inspect``.
        cache: As for ``inspect``.
        limits: As for ``inspect``.
        registry: As for ``inspect``.

    Raises:
        layerscope.errors.NotFound: there is no such file; the hint says what comes close, or which layer has it.
        layerscope.errors.UsageError: it is a directory or a device.
        layerscope.errors.LayerscopeError: what reading an image raises.
    """
    import contextlib
    import dataclasses
    import os

    from layerscope.content.attempts import with_contents

    @contextlib.contextmanager
    def opening(probe: Probe) -> Iterator[tuple[Image, LayerReader]]:
        reader = dataclasses.replace(_reader(cache, limits), probes=(probe,))
        with _open(name, platform, reader, registry) as image:
            yield image, reader

    def work(contents: Contents) -> bytes:
        return b"".join(contents.chunks(contents.file(os.fsencode(path), layer)))

    return with_contents(opening, [os.fsencode(path)], work, again=name != "-")


def _open(name: str, platform: Platform | str | None, reader: LayerReader, registry: RegistryOptions | None) -> Image:
    from layerscope.oci.platform import Platform
    from layerscope.sources.open import open_image as open_source

    wanted = Platform.parse(platform) if isinstance(platform, str) else platform
    return open_source(name, platform=wanted, reader=reader, registry=registry)


def _reader(cache: Path | bool, limits: Limits | None, probes: tuple[Probe, ...] = ()) -> LayerReader:
    from layerscope.layers.cache import IndexCache, default_directory
    from layerscope.layers.limits import Limits
    from layerscope.layers.reader import LayerReader

    directory = default_directory() if cache is True else cache
    return LayerReader(limits=limits or Limits(), probes=probes, cache=IndexCache(directory) if directory else None)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
