"""A comparison for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.compare.comparison import Kind
from layerscope.report.difffiles import file_lines
from layerscope.report.difflayers import layer_lines
from layerscope.report.diffpackages import package_lines
from layerscope.report.difftexts import history_lines, setting_lines
from layerscope.report.display import display_path, display_words
from layerscope.report.grid import hang
from layerscope.report.page import ALARM, HEADING, QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from layerscope.compare.comparison import Comparison
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

_LABEL = 9
"""Cells of a label: a whole digest behind it just fits into 80."""
_SKIPPED = 20
"""Skipped things of one image that are listed; JSON has all."""


def render_diff(comparison: Comparison, page: Page, *, kinds: Collection[Kind], top: int) -> Iterator[str]:
    """A comparison in lines of ``page.width`` cells: of files and packages the ``top`` heaviest, of every other list
    the first ``top``."""
    return page.lines(_lines(comparison, page, kinds, top))


def _lines(comparison: Comparison, page: Page, kinds: Collection[Kind], top: int) -> Iterator[Text]:
    yield from _image("before", comparison.before, page)
    yield from _image("after", comparison.after, page)
    if not comparison.differs(kinds):
        yield Text()
        compared = "" if set(kinds) == set(Kind) else f" in {', '.join(kind for kind in Kind if kind in kinds)}"
        yield Text(f"No difference{compared}", style=HEADING)
    platform = () if comparison.platform is None else (comparison.platform,)
    sections: dict[Kind, Callable[[], Iterator[Text]]] = {
        Kind.FILES: lambda: file_lines(comparison, page, top),
        Kind.PACKAGES: lambda: package_lines(comparison.packages, page, top),
        Kind.LAYERS: lambda: layer_lines(comparison.layers, page),
        Kind.PLATFORM: lambda: setting_lines("Platform", platform, page, top),
        Kind.CONFIG: lambda: setting_lines("Config", comparison.config, page, top),
        Kind.ENVIRONMENT: lambda: setting_lines("Environment", comparison.environment, page, top),
        Kind.LABELS: lambda: setting_lines("Labels", comparison.labels, page, top),
        Kind.ANNOTATIONS: lambda: setting_lines("Annotations", comparison.annotations or (), page, top),
        Kind.HISTORY: lambda: history_lines(comparison.history, page, top),
    }
    for kind, section in sections.items():
        if kind in kinds:
            yield from section()
    yield from _skipped(comparison, page)


def _image(label: str, inspection: Inspection, page: Page) -> Iterator[Text]:
    image = inspection.image
    platform = f", {image.config.platform}" if image.config.platform else ""
    digest = image.digest or image.config.digest
    facts = [(label, image.reference, HEADING), ("  from", image.source + platform, "")]
    if digest is not None:
        facts.append(("  digest" if image.digest else "  config", str(digest), QUIET))
    for name, value, style in facts:
        yield from hang(Text.assemble((name.ljust(_LABEL), QUIET)), display_words(value), page.width, style)


def _skipped(comparison: Comparison, page: Page) -> Iterator[Text]:
    for label, inspection in (("before", comparison.before), ("after", comparison.after)):
        for item in inspection.skipped[:_SKIPPED]:
            where = f"{label}, layer {item.layer}" + (f": {display_path(item.path)}" if item.path is not None else "")
            yield Text()
            yield from hang(Text.assemble(("Skipped ", ALARM)), f"{where}: {display_words(item.reason)}", page.width)
