"""A comparison as GitHub-flavoured Markdown, for a pull request. What comes out of an image stands in code spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.compare.aspects import FileChange
from layerscope.compare.comparison import Kind
from layerscope.compare.layers import LayerStatus
from layerscope.compare.steps import StepChange
from layerscope.report.diffwords import (
    FILE_WORDS,
    PACKAGE_WORDS,
    details,
    growth,
    heaviest,
    heaviest_packages,
    package_tallies,
    signed,
    value_words,
)
from layerscope.report.display import display, display_path, display_words
from layerscope.report.markdown import code, folded, table_row
from layerscope.report.quantities import count, exact, human

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from layerscope.compare.comparison import Comparison
    from layerscope.compare.settings import Setting, Value

_NONE = "–"


def render_diff_markdown(comparison: Comparison, *, kinds: Collection[Kind], top: int) -> Iterator[str]:
    """A comparison; the ``top`` heaviest files and the first of every other list are folded away."""
    return (line + "\n" for line in _lines(comparison, kinds, top))


def _lines(comparison: Comparison, kinds: Collection[Kind], top: int) -> Iterator[str]:
    before, after = comparison.before.image, comparison.after.image
    yield "<!-- layerscope diff -->"
    yield f"### {code(display_words(before.reference))} → {code(display_words(after.reference))}"
    yield ""
    if not comparison.differs(kinds):
        yield "No difference."
        yield ""
    if Kind.FILES in kinds:
        yield from _files(comparison, top)
    if Kind.PACKAGES in kinds:
        yield from _packages(comparison, top)
    if Kind.LAYERS in kinds and comparison.layers.differ:
        yield from _layers(comparison)
    settings = {
        Kind.PLATFORM: ("Platform", (comparison.platform,) if comparison.platform else ()),
        Kind.CONFIG: ("Config", comparison.config),
        Kind.ENVIRONMENT: ("Environment", comparison.environment),
        Kind.LABELS: ("Labels", comparison.labels),
        Kind.ANNOTATIONS: ("Annotations", comparison.annotations or ()),
    }
    for kind, (title, found) in settings.items():
        if kind in kinds and found:
            yield from _settings(title, found, top)
    if Kind.HISTORY in kinds and comparison.history:
        yield from _history(comparison, top)
    for label, inspection in (("before", comparison.before), ("after", comparison.after)):
        for item in inspection.skipped[:20]:
            where = f"layer {item.layer}" + (f", {code(display_path(item.path))}" if item.path is not None else "")
            yield f"⚠️ **Skipped** ({label}): {where}: {code(display_words(item.reason))}"
            yield ""


def _files(comparison: Comparison, top: int) -> Iterator[str]:
    files = comparison.files
    if files is None:
        yield "⚠️ **Files are not compared**: a layer could not be read."
        yield ""
        return
    if not files.changes and not files.ignored.count:
        return
    before, after = comparison.before.totals.squashed_bytes, comparison.after.totals.squashed_bytes
    sizes = "" if before is None or after is None else f" ({exact(before)} → {exact(after)})"
    yield f"**Files: {growth(files.bytes)}**{sizes}"
    yield ""
    yield "| change | paths | bytes | |"
    yield "|---|--:|--:|--:|"
    for change, tally in files.tallies.items():
        if tally.count:
            yield table_row((FILE_WORDS[change], f"{tally.count:,}", signed(tally.bytes), f"{tally.bytes:+,}"))
    if files.ignored.count:
        ignored = files.ignored
        yield table_row(("*ignored*", f"{ignored.count:,}", signed(ignored.bytes), f"{ignored.bytes:+,}"))
    yield ""
    if not files.changes or not top:
        return
    shown = heaviest(files.changes, top)
    rows = []
    for changed in shown:
        path = code(display_path(changed.path))
        if changed.change is FileChange.MOVED:
            path = f"{code(display_path(changed.old_path))} → {path}"
        found = ", ".join(code(display(text)) for text in details(changed, comparison, "→"))
        rows.append(
            table_row((signed(changed.bytes), FILE_WORDS[changed.change], str(changed.layer), path, found or ""))
        )
    which = "" if len(shown) == len(files.changes) else f", the heaviest {len(shown):,} of {len(files.changes):,}"
    head = ["| bytes | change | layer | path | |", "|--:|---|--:|---|---|"]
    yield from folded(f"Changed files{which}", [*head, *rows])


def _packages(comparison: Comparison, top: int) -> Iterator[str]:
    packages = comparison.packages
    if packages is None:
        yield "⚠️ **Packages are not compared**: a layer or a package database could not be read."
        yield ""
        return
    if not packages.changes:
        return
    rows = [
        table_row(
            (
                signed(changed.bytes),
                PACKAGE_WORDS[changed.change],
                str(changed.package.layer),
                changed.package.kind,
                code(display_words(changed.package.name)),
                *(
                    code(display_words(package.version)) if package is not None else _NONE
                    for package in (changed.before, changed.after)
                ),
            )
        )
        for changed in heaviest_packages(packages.changes, top)
    ]
    head = ["| bytes | change | layer | kind | package | before | after |", "|--:|---|--:|---|---|---|---|"]
    yield from folded(f"Packages: {package_tallies(packages)}", [*head, *rows])


def _layers(comparison: Comparison) -> Iterator[str]:
    layers = comparison.layers
    counts = ", ".join(f"{tally.count} {status}" for status, tally in layers.tallies.items() if tally.count)
    if layers.transfer_bytes is not None:
        counts += f"; {human(layers.transfer_bytes)} to pull where the first image is there"
    rows = []
    for pair in layers.pairs:
        if pair.status is LayerStatus.SHARED:
            continue
        layer = pair.after or pair.before
        assert layer is not None
        numbers = (str(pair.before.index) if pair.before else _NONE, str(pair.after.index) if pair.after else _NONE)
        text = code(display_words(layer.instruction.text))
        rows.append(
            table_row((pair.status.value, *numbers, _size(pair.file_bytes), _size(pair.compressed_bytes), text))
        )
    head = ["| layer | before | after | content | compressed | instruction |", "|---|--:|--:|--:|--:|---|"]
    yield from folded(f"Layers: {counts}", [*head, *rows])


def _settings(title: str, settings: Sequence[Setting], top: int) -> Iterator[str]:
    rows = [
        table_row([code(display_words(text)) for text in (one.name, _value(one.before), _value(one.after))])
        for one in settings[:top]
    ]
    more = f", the first {len(rows)}" if len(rows) < len(settings) else ""
    head = ["| | before | after |", "|---|---|---|"]
    yield from folded(f"{title}: {count(len(settings), 'difference')}{more}", [*head, *rows])


def _value(value: Value) -> str:
    return value_words(value, "")


def _history(comparison: Comparison, top: int) -> Iterator[str]:
    steps = [step for step in comparison.history if step.change is not StepChange.RETIMED]
    retimed = len(comparison.history) - len(steps)
    said = count(len(steps), "difference") + (f", {count(retimed, 'step')} made at another time" if retimed else "")
    rows = []
    for step in steps[:top]:
        texts = [code(display_words(each.instruction.text)) if each else _NONE for each in (step.before, step.after)]
        rows.append(table_row((step.change.value, *texts, ", ".join(step.differences))))
    head = ["| step | before | after | |", "|---|---|---|---|"]
    yield from folded(f"History: {said}", [*head, *rows] if rows else [])


def _size(size: int | None) -> str:
    return _NONE if size is None else signed(size)
