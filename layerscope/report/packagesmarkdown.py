"""Packages as GitHub-flavoured Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.report.display import display_words
from layerscope.report.markdown import code, folded, instruction_cell, remarks, table_row, title
from layerscope.report.packagechoice import chosen_rows, shown_rows
from layerscope.report.quantities import count, exact, human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.inspection import Inspection
    from layerscope.packages.package import Packages
    from layerscope.report.packagechoice import PackageChoice, PackageRow

_LISTED = 100
"""Packages where nobody says how many: a comment on GitHub has room for 65 536 characters."""


def render_packages_markdown(inspection: Inspection, choice: PackageChoice) -> Iterator[str]:
    """The packages of a choice; the layers are folded away."""
    return (line + "\n" for line in _lines(inspection, choice))


def _lines(inspection: Inspection, choice: PackageChoice) -> Iterator[str]:
    yield from title(inspection, "packages")
    packages = inspection.packages
    if packages is None:
        yield "⚠️ **Packages are not known**: a layer was skipped."
        yield ""
    else:
        yield from _table(packages, choice)
        yield from folded("Layers", _layers(inspection, packages))
    yield from remarks(inspection)


def _table(packages: Packages, choice: PackageChoice) -> Iterator[str]:
    rows = chosen_rows(packages, choice)
    layers = packages.layers if choice.layer is None else (packages.layers[choice.layer],)
    where = "" if choice.layer is None else f"layer {choice.layer}: "
    unowned = sum(layer.unowned_bytes for layer in layers)
    owned = sum(each.bytes for each in rows)
    yield f"{where}{count(len(rows), 'package')}, {exact(owned)}; **{exact(unowned)}** owned by no package"
    yield ""
    shown, parts = shown_rows(rows, choice)
    if choice.top is None:
        shown = shown[:_LISTED]
    yield "| bytes | merged | kind | package | version | layer | first seen | |"
    yield "|--:|--:|---|---|---|--:|--:|---|"
    for each in shown:
        package = each.package
        yield table_row(
            (
                human(each.bytes),
                human(package.squashed_bytes),
                package.kind,
                code(display_words(package.name)),
                code(display_words(package.version)),
                str(package.layer),
                str(package.first_seen),
                _state(each),
            )
        )
    if len(shown) < len(rows):
        yield ""
        yield f"and {len(rows) - len(shown):,} more" + (f", {parts:,} of them parts of others" if parts else "")
    yield ""


def _state(each: PackageRow) -> str:
    package = each.package
    if each.change == "changed" and package.replaces is not None:
        return f"replaced {code(display_words(package.replaces))}"
    if each.change:
        return each.change
    return "" if package.removed_by is None else f"removed by layer {package.removed_by}"


def _layers(inspection: Inspection, packages: Packages) -> list[str]:
    head = [
        "| # | instruction | content | packages' | unowned | added | changed | removed |",
        "|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    return head + [
        table_row(
            (
                str(number),
                instruction_cell(inspection.layers[number].instruction),
                human(layer.file_bytes),
                human(layer.file_bytes - layer.unowned_bytes),
                human(layer.unowned_bytes),
                *(f"{len(found):,}" for found in (layer.added, layer.changed, layer.removed)),
            )
        )
        for number, layer in enumerate(packages.layers)
    ]
