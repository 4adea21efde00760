"""What long work tells whoever watches: a port, silent by default."""

from __future__ import annotations

from typing import Protocol


class Task(Protocol):
    """One thing in progress: a layer being read."""

    def advance(self, count: int) -> None:
        """``count`` more stored bytes have been read."""

    def finish(self, outcome: str) -> None:
        """The work ended: ``read``, ``cached``, ``skipped`` or ``failed``."""


class Progress(Protocol):
    """An observer of layer reads. Called from several threads; implementations do their own locking."""

    def start(self, label: str, total: int | None) -> Task:
        """A task begins; ``total`` is its size in stored bytes, None where the source does not tell."""


class _SilentTask:
    def advance(self, count: int) -> None:
        pass

    def finish(self, outcome: str) -> None:
        pass


class SilentProgress:
    """Tells nobody anything: the library's default."""

    def start(self, label: str, total: int | None) -> Task:
        """Begin a task nobody watches."""
        return _SilentTask()
