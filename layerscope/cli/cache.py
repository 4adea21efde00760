"""``layerscope cache``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from layerscope.cli import values
from layerscope.cli.exits import Exit
from layerscope.cli.options import CACHE, Common, OutputFile, OutputOptions, PlainFormat, PlainFormatOption, option
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layerscope.layers.cache import CacheFile, IndexCache
    from layerscope.report.page import Page

INFO_EXAMPLES = """
layerscope cache info
layerscope cache info --format json
"""
PRUNE_EXAMPLES = """
layerscope cache prune --older-than 30d
layerscope cache prune --max-size 2GB
"""
CLEAR_EXAMPLES = """
layerscope cache clear
"""


def info(
    common: Common,
    output: OutputFile = None,
    format: PlainFormatOption = PlainFormat.TABLE,
) -> int:
    """Where the cache is, and what it holds.

    The cache keeps what a layer holds, never the layer itself, so that no layer is read twice.
    """
    return _tell(common, "holds", lambda cache: cache.files(), output, format)


def prune(
    common: Common,
    older_than: Annotated[
        float | None,
        option(
            "--older-than",
            panel=CACHE,
            parser=values.duration,
            metavar="DURATION",
            help="Remove what was not used for so long, such as 30d or 12h.",
        ),
    ] = None,
    max_size: Annotated[
        int | None,
        option(
            "--max-size",
            panel=CACHE,
            parser=values.size,
            metavar="SIZE",
            help="Then remove what was longest not used, until so much is left, such as 2GB.",
        ),
    ] = None,
    output: OutputFile = None,
    format: PlainFormatOption = PlainFormat.TABLE,
) -> int:
    """Remove what has not been used for long.

    What other versions of layerscope left behind goes too.
    """
    if older_than is None and max_size is None:
        raise UsageError(
            "cache prune needs to be told what may go",
            hint="give --older-than 30d or --max-size 2GB, or use cache clear",
        )
    return _tell(
        common, "removed", lambda cache: cache.prune(older_than=older_than, max_bytes=max_size), output, format
    )


def clear(
    common: Common,
    output: OutputFile = None,
    format: PlainFormatOption = PlainFormat.TABLE,
) -> int:
    """Remove everything from the cache."""
    return _tell(common, "removed", lambda cache: cache.clear(), output, format)


def _tell(
    common: Common,
    title: str,
    work: Callable[[IndexCache], Iterable[CacheFile]],
    output: str | None,
    chosen: PlainFormat,
) -> int:
    """Do ``work`` on the cache once it is sure that its outcome can be written; then write it."""
    from layerscope.cli.opening import cache_at
    from layerscope.cli.output import outputs, write
    from layerscope.report.json import json_text
    from layerscope.report.storage import holdings, render_storage, storage_document

    wanted = outputs(chosen, OutputOptions(output=output))
    cache = cache_at(common)
    if cache is None:
        raise UsageError("there is no home directory, so there is no cache", hint="name a place: --cache-dir DIR")
    found = holdings(work(cache))
    directory = str(cache.directory.absolute())

    def render(format_: PlainFormat, _: Page) -> Iterable[str]:
        if format_ is PlainFormat.JSON:
            return [json_text(storage_document(directory, title, found))]
        return render_storage(directory, title, found)

    write(wanted, render)
    return Exit.FINE
