"""A comparison for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

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
    signed,
    value_words,
    version_words,
)
from layerscope.report.display import display, display_path, display_words
from layerscope.report.grid import GAP, Column, Grid, hang
from layerscope.report.page import ADDED, ALARM, DELETED, HEADING, METADATA, MODIFIED, QUIET
from layerscope.report.quantities import count, exact, human
from layerscope.report.table import instruction_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from layerscope.compare.comparison import Comparison
    from layerscope.compare.files import ChangedFile
    from layerscope.compare.layers import LayerPair
    from layerscope.compare.settings import Setting
    from layerscope.compare.steps import ChangedStep
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page

_STYLES = {
    "added": ADDED,
    "removed": DELETED,
    "moved": METADATA,
    "modified": MODIFIED,
    "replaced": MODIFIED,
    "metadata": METADATA,
    "kind": MODIFIED,
    "shared": QUIET,
    "version": MODIFIED,
    "resized": METADATA,
}
_LABEL = 9
_INSTRUCTION_LINES = 2


def render_diff(comparison: Comparison, page: Page, *, kinds: Collection[Kind], top: int) -> Iterator[str]:
    """A comparison in lines of ``page.width`` cells, with the ``top`` largest of files and of each other list."""
    return page.lines(_Table(comparison, page, kinds, top).lines())


class _Table:
    def __init__(self, comparison: Comparison, page: Page, kinds: Collection[Kind], top: int) -> None:
        self.comparison = comparison
        self.page = page
        self.kinds = kinds
        self.top = top
        self.none = page.glyphs.none

    def lines(self) -> Iterator[Text]:
        yield from self._image("before", self.comparison.before)
        yield from self._image("after", self.comparison.after)
        if not self.comparison.differs(self.kinds):
            yield Text()
            compared = "" if set(self.kinds) == set(Kind) else f" in {', '.join(sorted(self.kinds))}"
            yield Text(f"No difference{compared}", style=HEADING)
        sections = {
            Kind.FILES: self._files,
            Kind.PACKAGES: self._packages,
            Kind.LAYERS: self._layers,
            Kind.PLATFORM: self._platform,
            Kind.CONFIG: lambda: self._settings("Config", self.comparison.config),
            Kind.ENVIRONMENT: lambda: self._settings("Environment", self.comparison.environment),
            Kind.LABELS: lambda: self._settings("Labels", self.comparison.labels),
            Kind.ANNOTATIONS: lambda: self._settings("Annotations", self.comparison.annotations or ()),
            Kind.HISTORY: self._history,
        }
        for kind, section in sections.items():
            if kind in self.kinds:
                yield from section()
        yield from self._skipped()

    # -- which images --------------------------------------------------------------------------------------------

    def _image(self, label: str, inspection: Inspection) -> Iterator[Text]:
        image = inspection.image
        platform = f", {image.config.platform}" if image.config.platform else ""
        digest = image.digest or image.config.digest
        yield from self._fact(label, image.reference, HEADING)
        yield from self._fact("  from", image.source + platform)
        if digest is not None:
            yield from self._fact("  digest" if image.digest else "  config", str(digest), QUIET)

    def _fact(self, label: str, value: str, style: str = "") -> Iterator[Text]:
        yield from hang(Text(label.ljust(_LABEL), style=QUIET), display_words(value), self.page.width, style)

    # -- files ---------------------------------------------------------------------------------------------------

    def _files(self) -> Iterator[Text]:
        files = self.comparison.files
        if files is None:
            yield Text()
            yield from self._unknown("Files", "not compared: a layer could not be read")
            return
        if not files.changes and not files.ignored.count:
            return
        before, after = self.comparison.before.totals, self.comparison.after.totals
        yield Text()
        sizes = f": {growth(files.bytes)}"
        if files.bytes and before.squashed_bytes is not None and after.squashed_bytes is not None:
            sizes += f", {exact(before.squashed_bytes)} before and {exact(after.squashed_bytes)} after, of which"
        yield from hang(Text("Files", style=HEADING), sizes, self.page.width)
        yield from self._tallies()
        yield from self._changes(files.changes)

    def _tallies(self) -> Iterator[Text]:
        files = self.comparison.files
        assert files is not None
        rows = [(FILE_WORDS[change], _STYLES[change], tally) for change, tally in files.tallies.items() if tally.count]
        if files.ignored.count:
            rows.append(("ignored", QUIET, files.ignored))
        grid = Grid(
            (Column("", right=False), Column(""), Column(""), Column("")),
            cells := [
                [
                    Text(f"  {word}", style=style),
                    Text(count(tally.count, "path")),
                    Text(signed(tally.bytes), style="" if tally.bytes else QUIET),
                    Text(f"{tally.bytes:+,}" if abs(tally.bytes) >= 1000 else "", style=QUIET),
                ]
                for word, style, tally in rows
            ],
        )
        yield from (grid.row(row) for row in cells)

    def _changes(self, changes: Sequence[ChangedFile]) -> Iterator[Text]:
        if not changes or not self.top:
            return
        shown = heaviest(changes, self.top)
        rows = [
            [
                Text(signed(changed.bytes), style="" if changed.bytes else QUIET),
                Text(FILE_WORDS[changed.change], style=_STYLES[changed.change]),
                Text(f"{changed.layer}" if changed.after else f"({changed.layer})"),
            ]
            for changed in shown
        ]
        grid = Grid((Column("bytes"), Column("change", right=False), Column("layer")), rows)
        yield Text()
        which = "" if len(shown) == len(changes) else f", the heaviest {len(shown):,} of {len(changes):,}"
        yield Text.assemble(("Changed files", HEADING), which)
        yield from grid.table(self._change_lines(shown, rows, grid), self.page.glyphs, "path")

    def _change_lines(self, shown: Sequence[ChangedFile], rows: list[list[Text]], grid: Grid) -> Iterator[Text]:
        indent = Text(" " * (grid.width + len(GAP) * 2))
        arrow = self.page.glyphs.arrow
        for changed, row in zip(shown, rows, strict=True):
            path = display_path(changed.path)
            if changed.change is FileChange.MOVED:
                path = f"{display_path(changed.old_path)} {arrow} {path}"
            yield from hang(Text.assemble(grid.row(row), GAP), path, self.page.width)
            if found := details(changed, self.comparison, arrow):
                yield from hang(indent, display(", ".join(found)), self.page.width, QUIET)

    # -- packages ------------------------------------------------------------------------------------------------

    def _packages(self) -> Iterator[Text]:
        packages = self.comparison.packages
        if packages is None:
            yield Text()
            yield from self._unknown("Packages", "not compared: a layer or a package database could not be read")
            return
        if not packages.changes:
            return
        tallies = [
            f"{tally.count:,} {PACKAGE_WORDS[change]} {signed(tally.bytes)}"
            for change, tally in packages.tallies.items()
            if tally.count
        ]
        if packages.unowned_bytes:
            tallies.append(f"of no package {signed(packages.unowned_bytes)}")
        yield Text()
        yield from hang(Text("Packages", style=HEADING), f": {', '.join(tallies)}", self.page.width)
        shown = heaviest_packages(packages.changes, self.top)
        rows = [
            [
                Text(signed(changed.bytes), style="" if changed.bytes else QUIET),
                Text(PACKAGE_WORDS[changed.change], style=_STYLES[changed.change]),
                Text(f"{changed.package.layer}" if changed.after else f"({changed.package.layer})"),
                Text(changed.package.kind),
            ]
            for changed in shown
        ]
        columns = (Column("bytes"), Column("change", right=False), Column("layer"), Column("kind", right=False))
        grid = Grid(columns, rows)
        lines = (
            line
            for changed, row in zip(shown, rows, strict=True)
            for line in hang(
                Text.assemble(grid.row(row), GAP),
                display_words(version_words(changed, self.page.glyphs.arrow)),
                self.page.width,
            )
        )
        if shown:
            yield from grid.table(lines, self.page.glyphs, "package")
        yield from self._more(len(packages.changes))

    # -- layers --------------------------------------------------------------------------------------------------

    def _layers(self) -> Iterator[Text]:
        layers = self.comparison.layers
        if not layers.differ:
            return
        yield Text()
        counts = ", ".join(f"{tally.count} {status}" for status, tally in layers.tallies.items() if tally.count)
        transfer = ""
        if layers.transfer_bytes is not None:
            transfer = f"; {human(layers.transfer_bytes)} to pull where the first is there"
        yield from hang(Text("Layers", style=HEADING), f": {counts}{transfer}", self.page.width)
        runs = list(_runs(layers.pairs))
        rows = [self._layer_cells(run) for run in runs]
        columns = (
            Column("layer", right=False),
            Column("before"),
            Column("after"),
            Column("content"),
            Column("compressed"),
        )
        grid = Grid(columns, rows)
        yield from grid.table(self._layer_lines(runs, rows, grid), self.page.glyphs)

    def _layer_lines(self, runs: list[list[LayerPair]], rows: list[list[Text]], grid: Grid) -> Iterator[Text]:
        indent = " " * 4
        for run, row in zip(runs, rows, strict=True):
            yield grid.row(row)
            if run[0].status is LayerStatus.SHARED:
                continue
            for pair in run:
                layer = pair.after or pair.before
                assert layer is not None
                for line in instruction_lines(
                    layer.instruction, self.page.width - len(indent), self.page, _INSTRUCTION_LINES
                ):
                    yield Text.assemble(indent, line)

    def _layer_cells(self, run: list[LayerPair]) -> list[Text]:
        status = run[0].status
        return [
            Text(status.value, style=_STYLES[status]),
            self._numbers([pair.before.index for pair in run if pair.before]),
            self._numbers([pair.after.index for pair in run if pair.after]),
            self._sum([pair.file_bytes for pair in run]),
            self._sum([pair.compressed_bytes for pair in run]),
        ]

    def _numbers(self, numbers: list[int]) -> Text:
        if not numbers:
            return Text(self.none, style=QUIET)
        return Text(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")

    def _sum(self, sizes: list[int | None]) -> Text:
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes):
            return Text(self.none, style=QUIET)
        return Text(signed(sum(known)), style="" if sum(known) else QUIET)

    # -- what is written on the image ----------------------------------------------------------------------------

    def _platform(self) -> Iterator[Text]:
        platform = self.comparison.platform
        if platform is not None:
            yield from self._settings("Platform", (platform,))

    def _settings(self, title: str, settings: Sequence[Setting]) -> Iterator[Text]:
        if not settings:
            return
        yield Text()
        yield Text.assemble((title, HEADING), f": {count(len(settings), 'difference')}")
        for setting in settings[: self.top or None]:
            sign, style = (
                ("+", ADDED) if not setting.before else ("-", DELETED) if not setting.after else ("~", MODIFIED)
            )
            label = Text.assemble("  ", (sign, style), " ", (display_words(setting.name), ""), ": ")
            if not setting.before:
                words = value_words(setting.after, self.none)
            elif not setting.after:
                words = value_words(setting.before, self.none)
            else:
                words = f"{value_words(setting.before, self.none)} {self.page.glyphs.arrow} " + value_words(
                    setting.after, self.none
                )
            yield from hang(
                Text.assemble("  ", (sign, style), " "), f"{label.plain[4:]}{display_words(words)}", self.page.width
            )
        yield from self._more(len(settings))

    def _history(self) -> Iterator[Text]:
        steps = self.comparison.history
        if not steps:
            return
        retimed = sum(step.change is StepChange.RETIMED for step in steps)
        shown = [step for step in steps if step.change is not StepChange.RETIMED]
        yield Text()
        said = f": {count(len(shown), 'difference')}" if shown else ":"
        if retimed:
            said += f"{',' if shown else ''} {count(retimed, 'step')} made at another time"
        yield Text.assemble(("History", HEADING), said)
        for step in shown[: self.top or None]:
            yield from self._step(step)
        yield from self._more(len(shown))

    def _step(self, step: ChangedStep) -> Iterator[Text]:
        sign, style = {
            StepChange.ADDED: ("+", ADDED),
            StepChange.REMOVED: ("-", DELETED),
        }.get(step.change, ("~", MODIFIED))
        shown = step.after or step.before
        assert shown is not None
        label = Text.assemble("  ", (sign, style), f" {shown.index:>3} ")
        words = display_words(shown.instruction.text) or self.none
        if step.before and step.after and step.before.instruction.text != step.after.instruction.text:
            words = f"{display_words(step.before.instruction.text) or self.none} {self.page.glyphs.arrow} {words}"
        elif step.differences:
            words += f" ({', '.join(step.differences)})"
        yield from hang(label, words, self.page.width)

    # -- the rest ------------------------------------------------------------------------------------------------

    def _skipped(self) -> Iterator[Text]:
        for label, inspection in (("before", self.comparison.before), ("after", self.comparison.after)):
            for item in inspection.skipped[: self.top or None]:
                where = f"{label}, layer {item.layer}" + (f": {display_path(item.path)}" if item.path else "")
                yield Text()
                yield from hang(
                    Text("Skipped ", style=ALARM), f"{where}: {display_words(item.reason)}", self.page.width
                )

    def _unknown(self, title: str, why: str) -> Iterator[Text]:
        yield from hang(Text(title, style=HEADING), f": {why}", self.page.width, ALARM)

    def _more(self, found: int) -> Iterator[Text]:
        if self.top and found > self.top:
            yield Text(f"  and {found - self.top:,} more, all of them in --format json", style=QUIET)


def _runs(pairs: Sequence[LayerPair]) -> Iterator[list[LayerPair]]:
    """Shared layers in a row as one line, every other layer as its own."""
    run: list[LayerPair] = []
    for pair in pairs:
        if run and not (pair.status is run[0].status is LayerStatus.SHARED):
            yield run
            run = []
        run.append(pair)
    if run:
        yield run
