"""Inspections of several images as one output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layerscope.errors import LayerscopeError
from layerscope.inspection import Inspection
from layerscope.report.display import display_words
from layerscope.report.document import SCHEMA_VERSION, inspection_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from layerscope.report.document import Document
    from layerscope.volumes.summary import EngineSummary


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that could not be inspected, and why."""

    name: str
    platform: str | None
    error: LayerscopeError | OSError

    @property
    def message(self) -> str:
        """The error in one line."""
        return self.error.message if isinstance(self.error, LayerscopeError) else str(self.error)


@dataclass(frozen=True, slots=True)
class Several:
    """What became of each image, in the order they were named."""

    outcomes: tuple[Inspection | Failure, ...]

    def beside(self, engine: EngineSummary) -> Several:
        """The same, with what an engine says of itself in every inspection."""
        return Several(
            tuple(
                replace(outcome, engine=engine) if isinstance(outcome, Inspection) else outcome
                for outcome in self.outcomes
            )
        )


def several_document(several: Several) -> Document:
    """The document of ``inspect`` with several images: kind ``inspections``."""
    inspections = [outcome for outcome in several.outcomes if isinstance(outcome, Inspection)]
    failures = [outcome for outcome in several.outcomes if isinstance(outcome, Failure)]
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "inspections",
        "complete": not failures and all(inspection.complete for inspection in inspections),
        "inspections": [inspection_document(inspection) for inspection in inspections],
        "errors": [_failure_document(failure) for failure in failures],
    }


def one_after_the_other(
    several: Several, render: Callable[[Inspection], Iterable[str]], failed: Callable[[str], str]
) -> Iterator[str]:
    """Each inspection as ``render`` has it, with an empty line between; ``failed`` words what was not inspected."""
    for number, outcome in enumerate(several.outcomes):
        if number:
            yield "\n"
        if isinstance(outcome, Inspection):
            yield from render(outcome)
        else:
            platform = f" ({outcome.platform})" if outcome.platform else ""
            yield failed(display_words(f"{outcome.name}{platform}: {outcome.message}")) + "\n"


def _failure_document(failure: Failure) -> Document:
    known = failure.error if isinstance(failure.error, LayerscopeError) else None
    return {
        "reference": failure.name,
        "platform": failure.platform,
        "code": known.code if known else "source-unreachable",
        "message": failure.message,
        "hint": known.hint if known else "",
    }
