"""``layerscope diff``."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli import values
from layerscope.cli.exits import Exit, Finished
from layerscope.cli.options import (
    OUTPUT,
    SELECTION,
    SOURCE,
    Common,
    LimitOptions,
    OutputOptions,
    RegistryChoice,
    ReportFormat,
    ReportFormatOption,
    option,
)
from layerscope.errors import LayerscopeError, SourceUnreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from layerscope.compare.aspects import Ignore
    from layerscope.compare.comparison import Comparison, Kind
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

EXAMPLES = """
layerscope diff app:1.1 app:1.2
layerscope diff nginx:1.27 ./image.tar --top 50
layerscope diff app:1.2 docker:app:dev --ignore mtime --ignore-path '*.pyc'
layerscope diff app:1.1 app:1.2 --only config,environment,labels
layerscope diff app:1.2 app:1.2 --platform amd64 --other-platform arm64
layerscope diff app:1.2 app:rebuilt --only files --ignore mtime --exit-code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """What is compared, and what counts."""

    only: Annotated[
        list[str],
        option(
            "--only",
            panel=SELECTION,
            parser=values.text,
            metavar="KIND,...",
            help="Compare nothing but: layers, files, packages, platform, config, environment, labels, annotations,"
            " history.",
        ),
    ] = dataclasses.field(default_factory=list)
    ignore: Annotated[
        list[str],
        option(
            "--ignore",
            panel=SELECTION,
            parser=values.text,
            metavar="WHAT,...",
            help="Differences not to count: mode, owner, mtime, xattrs, target, device, links of files; created, when"
            " image and steps were made.",
        ),
    ] = dataclasses.field(default_factory=list)
    ignore_path: Annotated[
        list[str],
        option(
            "--ignore-path",
            panel=SELECTION,
            parser=values.text,
            metavar="PATTERN",
            help="Files not to count, as gitignore patterns; may be repeated, the last that matches decides, ! counts.",
        ),
    ] = dataclasses.field(default_factory=list)
    directory_times: Annotated[
        bool, option("--directory-times", panel=SELECTION, help="Count the time of directories as well.")
    ] = False
    other_platform: Annotated[
        str | None,
        option(
            "--other-platform",
            panel=SOURCE,
            parser=values.text,
            metavar="OS/ARCH[/VARIANT]",
            help="Of B, where it is not that of A.",
        ),
    ] = None
    top: Annotated[
        int,
        option(
            "--top",
            panel=OUTPUT,
            parser=values.whole,
            metavar="N",
            help="Rows of each list in table and markdown, the heaviest files first. Default: 20. JSON has them all.",
        ),
    ] = 20
    exit_code: Annotated[
        bool, option("--exit-code", panel=OUTPUT, help="End with 1 if there is any difference that counts.")
    ] = False


def diff(
    a: Annotated[str, typer.Argument(metavar="A", parser=values.text, show_default=False, help="The image before.")],
    b: Annotated[str, typer.Argument(metavar="B", parser=values.text, show_default=False, help="The image after.")],
    output: OutputOptions,
    choice: DiffOptions,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    format: ReportFormatOption = ReportFormat.TABLE,
) -> int:
    """What is different between two images, from any two sources.

    Layers shared, replaced, added and removed; files added, removed, moved, modified or with other metadata; packages
    and their versions; config, environment, labels, history: all with bytes, which add up to the difference exactly.
    Layers that both images have are read once. A and B are IMAGEs as every command takes them.
    """
    from layerscope.cli.output import outputs, write
    from layerscope.compare.comparison import compare

    wanted = outputs(format, output)
    kinds = _kinds(choice.only)
    ignore = _ignore(choice)
    before, after = _inspections((a, b), kinds, choice, common, limits, registry)
    comparison = compare(before, after, ignore)
    write(wanted, lambda chosen, page: render(comparison, chosen, page, kinds, choice.top))
    differs = choice.exit_code and comparison.differs(kinds)
    return Finished(Exit.GATE if differs else Exit.FINE, comparison, before, after)


def render(comparison: Comparison, chosen: ReportFormat, page: Page, kinds: frozenset[Kind], top: int) -> Iterable[str]:
    """The comparison in one of its formats."""
    if chosen is ReportFormat.JSON:
        from layerscope.report.json import render_comparison

        return render_comparison(comparison, kinds)
    if chosen is ReportFormat.MARKDOWN:
        from layerscope.report.diffmarkdown import render_diff_markdown

        return render_diff_markdown(comparison, kinds=kinds, top=top)
    from layerscope.report.diff import render_diff

    return render_diff(comparison, page, kinds=kinds, top=top)


def _inspections(
    names: tuple[str, str],
    kinds: frozenset[Kind],
    choice: DiffOptions,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
) -> list[Inspection]:
    """Both images, one after the other; layers that the second shares with the first come from the cache."""
    from layerscope.cli.opening import opened_with_layers, opened_without_layers, shared_cache
    from layerscope.compare.comparison import Kind
    from layerscope.inspection import inspect_image, inspect_metadata
    from layerscope.packages.probe import PACKAGES
    from layerscope.sources.location import STDIN

    if names == (STDIN, STDIN):
        raise UsageError("standard input passes once, and both images are to come from it", hint="name one of them")
    with_layers = bool(kinds & {Kind.LAYERS, Kind.FILES, Kind.PACKAGES})
    probes = (PACKAGES,) if Kind.PACKAGES in kinds else ()
    found: list[Inspection] = []
    with shared_cache(common) as options:
        for name, platform in zip(names, (common.platform, choice.other_platform or common.platform), strict=True):
            of_this = dataclasses.replace(options, platform=platform)
            with _naming(name):
                if with_layers:
                    with opened_with_layers(name, of_this, limits, registry, probes) as (image, reader):
                        found.append(inspect_image(image, reader, beside=found[0] if found else None, advised=False))
                else:
                    with opened_without_layers(name, of_this, registry) as image:
                        found.append(inspect_metadata(image))
    return found


@contextlib.contextmanager
def _naming(name: str) -> Iterator[None]:
    """Errors that say which of the two images they are about."""
    try:
        yield
    except LayerscopeError as error:
        if name not in error.message:
            error.message = f"{name}: {error.message}"
        raise
    except OSError as error:
        raise SourceUnreachable(f"{name}: {error.strerror or error}") from error


def _kinds(only: Sequence[str]) -> frozenset[Kind]:
    from layerscope.compare.comparison import Kind

    chosen = _words(only, "--only", [kind.value for kind in Kind])
    return frozenset(map(Kind, chosen)) or frozenset(Kind)


def _ignore(choice: DiffOptions) -> Ignore:
    from layerscope.compare.aspects import IGNORABLE, Aspect, Ignore
    from layerscope.report.selection import matcher

    words = _words(choice.ignore, "--ignore", [*(aspect.value for aspect in IGNORABLE), "created"])
    return Ignore(
        aspects=frozenset(Aspect(word) for word in words if word != "created"),
        paths=matcher(choice.ignore_path, "--ignore-path") if choice.ignore_path else None,
        directory_times=not choice.directory_times,
        created="created" in words,
    )


def _words(given: Sequence[str], option: str, known: Sequence[str]) -> set[str]:
    """Words of a list that may be repeated, each one of ``known``."""
    words = {word.strip() for text in given for word in text.split(",")} - {""}
    unknown = sorted(words - set(known))
    if unknown:
        raise UsageError(f"{option} knows no {unknown[0]!r}", hint=f"it takes {', '.join(known)}")
    return words
