"""How far layers are, on standard error: bars where a person watches, a line a layer where not."""

from __future__ import annotations

import math
import os
import re
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol

from layerscope.cli.speech import takes_colour
from layerscope.progress import SilentProgress
from layerscope.report.display import display
from layerscope.report.quantities import human

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from layerscope.layers.blob import LayerBlob
    from layerscope.progress import Progress, Task

_PATIENCE = 0.3
"""Seconds of work before bars appear: what takes no longer needs none, and rich takes a while to load."""
_EVERY = 0.1
"""Seconds between two updates of the bars: chunks come by the thousand."""
_DIGEST = re.compile(r"\b(?:sha\d+[:/])?([0-9a-f]{12})[0-9a-f]{52,}\b")
_STYLES = {"failed": "red", "skipped": "magenta"}


class Watch(Protocol):
    """An observer of layer reads that lives as long as a ``with`` block."""

    progress: Progress

    def expect(self, blobs: Iterable[LayerBlob]) -> None:
        """These layers are going to be read."""

    def __enter__(self) -> Watch: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def watch(*, quiet: bool) -> Watch:
    """Bars on a terminal, plain lines elsewhere, nothing when ``quiet``."""
    if quiet or sys.stderr is None:
        return _Nobody()
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    lively = sys.stderr.isatty() and not in_ci and os.environ.get("TERM", "dumb") not in ("dumb", "")
    return BarWatch() if lively else LineWatch()


class _Nobody:
    def __init__(self) -> None:
        self.progress: Progress = SilentProgress()

    def expect(self, blobs: Iterable[LayerBlob]) -> None:
        pass

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class LineWatch(_Nobody):
    """One line for each layer when it is done."""

    def __init__(self) -> None:
        self.progress: Progress = self
        self._lock = threading.Lock()

    def start(self, label: str, total: int | None) -> Task:
        """A layer begins."""
        return _Line(self, label, total)

    def tell(self, line: str) -> None:
        """Write one line, whole, whoever else writes at the moment."""
        with self._lock:
            try:
                sys.stderr.write(line)
                sys.stderr.flush()
            except (OSError, ValueError):
                pass


class _Line:
    def __init__(self, watch: LineWatch, label: str, total: int | None) -> None:
        self._watch = watch
        self._label = label
        self._total = total
        self._read = 0

    def advance(self, count: int) -> None:
        self._read += count

    def finish(self, outcome: str) -> None:
        if outcome == "read" and self._total and not self._read:
            return  # its bytes were read, and told of, when a stream passed
        size = human(self._read) + " " if self._read else ""
        self._watch.tell(f"{short(self._label)}: {size}{outcome}\n")


class BarWatch(_Nobody):
    """A bar for each layer and one for all, for as long as there is something to watch."""

    def __init__(self) -> None:
        self.progress: Progress = self
        self._lock = threading.Lock()
        self._bars: Bars | None = None
        self._all: TaskID | None = None
        self._tasks: list[_Bar] = []
        self._expected: int | None = 0
        self._next = time.monotonic() + _PATIENCE

    def expect(self, blobs: Iterable[LayerBlob]) -> None:
        """The bar for all ends at the sum of these layers, each counted once."""
        sizes = {blob.digest or blob.diff_id: blob.size for blob in blobs if blob.passed is None}
        with self._lock:
            known = [size for size in sizes.values() if size is not None]
            self._expected = sum(known) if len(known) == len(sizes) else None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            bars, self._bars = self._bars, None
            self._next = math.inf  # a straggler's chunk must not bring them back
        if bars is not None:
            bars.stop()

    def start(self, label: str, total: int | None) -> Task:
        """A layer begins."""
        with self._lock:
            task = _Bar(self, short(label), total)
            self._tasks.append(task)
            if self._bars is not None:
                self._show(self._bars, task)
        return task

    def moved(self) -> None:
        """A layer got on, or ended."""
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + _EVERY
            if self._bars is None:
                self._bars = self._appear()
            for task in self._tasks:
                self._update(self._bars, task)
            self._make_room(self._bars)
            assert self._all is not None
            done = sum(task.done for task in self._tasks)
            self._bars.update(self._all, completed=done, total=self._expected or self._known_total())

    def drop(self, task: _Bar) -> None:
        """``task`` was nothing to watch: its bytes were read, and shown, when a stream passed."""
        with self._lock:
            self._tasks.remove(task)
            if self._bars is not None and task.id is not None:
                self._bars.remove_task(task.id)

    def _update(self, bars: Bars, task: _Bar) -> None:
        if task.id is None or task.settled:
            return
        style = _STYLES.get(task.outcome, "")
        state = f"[{style}]{task.outcome}[/]" if style else task.outcome
        bars.update(task.id, completed=task.done, state=state)
        task.settled = bool(task.outcome)

    def _known_total(self) -> int | None:
        totals = [task.total for task in self._tasks]
        return None if None in totals else sum(total or 0 for total in totals)

    def _appear(self) -> Bars:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, no_color=not takes_colour(True), highlight=False, emoji=False)
        bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            expand=True,
            refresh_per_second=8,
        )
        self._all = bars.add_task("all layers", total=None, state="")
        for task in self._tasks:
            self._show(bars, task)
        bars.start()
        return bars

    def _show(self, bars: Bars, task: _Bar) -> None:
        task.id = bars.add_task(task.label, total=task.total, completed=task.done, state="")

    def _make_room(self, bars: Bars) -> None:
        """Hide what is done, the longest done first, so far as the terminal is too low for all."""
        room = max(bars.console.height - 2, 1)
        shown = [task for task in self._tasks if task.id is not None and not task.hidden]
        for task in shown[: max(len(shown) - room, 0)]:
            if task.outcome and task.id is not None:
                bars.update(task.id, visible=False)
                task.hidden = True


class _Bar:
    def __init__(self, watch: BarWatch, label: str, total: int | None) -> None:
        self._watch = watch
        self.label = label
        self.total = total
        self.outcome = ""
        self.id: TaskID | None = None
        self.hidden = False
        self.settled = False
        """Shown as it ended."""
        self._read = 0

    @property
    def done(self) -> int:
        """Bytes that are behind us: all of a layer that the cache knew."""
        return self.total if self.outcome == "cached" and self.total is not None else self._read

    def advance(self, count: int) -> None:
        self._read += count
        self._watch.moved()

    def finish(self, outcome: str) -> None:
        if outcome == "read" and self.total and not self._read:
            self._watch.drop(self)
            return
        self.outcome = outcome
        self._watch.moved()


def short(label: str) -> str:
    """A label with digests cut to twelve digits."""
    return display(_DIGEST.sub(r"\1", label))
