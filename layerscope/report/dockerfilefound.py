"""Everything the ``dockerfile`` command found out: what its renderers read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.history.dockerfile.match import Match
from layerscope.report.quantities import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.history.dockerfile.match import Annotated
    from layerscope.history.dockerfile.reconstruct import Reconstruction
    from layerscope.history.provenance import Provenance
    from layerscope.inspection import Inspection


@dataclass(frozen=True, slots=True)
class DockerfileFound:
    """An image, the Dockerfile written from its history, and the real one where it was given."""

    inspection: Inspection
    written: Reconstruction
    annotated: Annotated | None = None
    provenance: Provenance | None = None
    notes: tuple[str, ...] = ()

    @property
    def source_notes(self) -> tuple[str, ...]:
        """What to know of where the lines come from."""
        return (*self.notes, *_of_provenance(self), *_of_the_match(self))


def _of_provenance(found: DockerfileFound) -> Iterator[str]:
    provenance = found.provenance
    if provenance is None or provenance.text is None:
        return
    if found.annotated is None:
        name = provenance.filename or "Dockerfile"
        yield f"the image's provenance carries the Dockerfile it was built from, {name}: --original shows it"
    elif provenance.text != found.annotated.dockerfile.text:
        yield "this is not the Dockerfile that the image's provenance carries, so no line is exact; --original shows it"


def _of_the_match(found: DockerfileFound) -> Iterator[str]:
    annotated = found.annotated
    if annotated is None or annotated.matched == annotated.expected:
        return
    share = f"{annotated.matched} of {count(annotated.expected, 'instruction')} of {annotated.dockerfile.name}"
    if annotated.matched * 2 < annotated.expected:
        yield f"only {share} match: it may be the Dockerfile of another image, or of another version"
    else:
        yield f"{share} match: it may have changed since the image was built"


def summary(annotated: Annotated) -> str:
    """How far a Dockerfile matched, in a line."""
    exact = sum(line.match is Match.EXACT for line in annotated.lines)
    how = f", {exact} exact by the provenance" if exact else ""
    recorded = count(annotated.expected, "instruction")
    strays = count(len(annotated.strays), "history entry", "history entries")
    left = f"; no line made {strays}" if annotated.strays else ""
    return f"{annotated.matched} of {recorded} matched{how}{left}"


WORDS = {
    Match.EXACT: "exact",
    Match.INFERRED: "inferred",
    Match.SIMILAR: "similar",
    Match.UNMATCHED: "unmatched",
    Match.BASE: "base",
    Match.NOT_RECORDED: "not recorded",
    Match.OTHER_STAGE: "other stage",
    Match.GLOBAL: "",
}
"""What stands beside a line."""
