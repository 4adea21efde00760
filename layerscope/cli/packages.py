"""``layerscope packages``."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from layerscope.cli import values
from layerscope.cli.exits import Exit, Finished
from layerscope.cli.options import (
    SELECTION,
    Common,
    ImageArgument,
    LimitOptions,
    OneLayer,
    OutputOptions,
    RegistryChoice,
    ReportFormat,
    ReportFormatOption,
    option,
)
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.inspection import Inspection
    from layerscope.report.packagechoice import PackageChoice
    from layerscope.report.page import Page

EXAMPLES = """
layerscope packages nginx:1.27
layerscope packages app:ci --layer 3
layerscope packages app:ci --kind python --kind npm --sort name
layerscope packages ./image.tar --format json
layerscope packages app:ci --top 20 --format markdown
"""


class PackageKind(enum.StrEnum):
    """Package managers."""

    DPKG = "dpkg"
    APK = "apk"
    RPM = "rpm"
    PYTHON = "python"
    NPM = "npm"
    GO = "go"


class PackageOrder(enum.StrEnum):
    """How packages are sorted."""

    SIZE = "size"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSelection:
    """Which packages, and in which order."""

    layer: OneLayer = None
    kind: Annotated[
        list[PackageKind],
        option(
            "--kind",
            panel=SELECTION,
            metavar="|".join(PackageKind),
            help="Only packages of this kind; may be repeated.",
        ),
    ] = dataclasses.field(default_factory=list)
    sort: Annotated[
        PackageOrder, option("--sort", panel=SELECTION, metavar="size|name", help="By cost, or by name. Default: size.")
    ] = PackageOrder.SIZE
    top: Annotated[
        int | None, option("--top", panel=SELECTION, parser=values.positive, metavar="N", help="The first N.")
    ] = None


def packages(
    image: ImageArgument,
    output: OutputOptions,
    select: PackageSelection,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    format: ReportFormatOption = ReportFormat.TABLE,
) -> int:
    """Which package brought how many bytes, in which layer.

    Reads the databases of dpkg, apk, rpm, Python and npm, and the module lists of Go binaries, as they stand after each
    layer. A package's bytes are those that layers ship for its files, not what a database claims; each byte of a layer
    belongs to one package or to none. The layer of a package is the one that brought this version of it. With --layer:
    what made that layer large, and what it brought, changed or removed.
    """
    from layerscope.cli.opening import opened_with_layers
    from layerscope.cli.output import outputs, write
    from layerscope.inspection import inspect_image
    from layerscope.packages.probe import PACKAGES
    from layerscope.report.packagechoice import PackageChoice

    wanted = outputs(format, output)
    with opened_with_layers(image, common, limits, registry, probes=(PACKAGES,)) as (opened, reader):
        if select.layer is not None and select.layer >= len(opened.layers):
            raise UsageError(
                f"there is no layer {select.layer}: {opened.reference} has {len(opened.layers)}",
                hint=f"layers are 0 to {len(opened.layers) - 1}, 0 is the bottom",
            )
        inspection = inspect_image(opened, reader, advised=False)
    choice = PackageChoice(select.layer, tuple(select.kind), select.sort, select.top)
    write(wanted, lambda chosen, page: render(inspection, chosen, page, choice))
    return Finished(Exit.FINE, inspection)


def render(inspection: Inspection, chosen: ReportFormat, page: Page, choice: PackageChoice) -> Iterable[str]:
    """Packages in one of the formats."""
    if chosen is ReportFormat.JSON:
        from layerscope.report.json import render_packages_document

        return render_packages_document(inspection, choice)
    if chosen is ReportFormat.MARKDOWN:
        from layerscope.report.packagesmarkdown import render_packages_markdown

        return render_packages_markdown(inspection, choice)
    from layerscope.report.packagestable import render_packages

    return render_packages(inspection, page, choice)
