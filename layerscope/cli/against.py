"""A real Dockerfile: read from its file, or from the image's own provenance, and held against the image."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerscope.cli.inputs import read_file
from layerscope.errors import UsageError
from layerscope.history.base import PROVENANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.cli.options import MatchOptions
    from layerscope.history.base import Candidate
    from layerscope.history.dockerfile.match import Annotated
    from layerscope.history.dockerfile.parse import Dockerfile
    from layerscope.history.dockerfile.reconstruct import Reconstruction
    from layerscope.history.provenance import Provenance
    from layerscope.inspection import Inspection


def read_dockerfile(name: str) -> Dockerfile:
    """The Dockerfile in a file. UsageError where there is none, or it does not parse."""
    from layerscope.history.dockerfile.parse import parse_dockerfile

    data = read_file(name, "Dockerfile")
    return parse_dockerfile(data.decode("utf-8", "surrogateescape"), name)


def original(provenance: Provenance | None) -> Dockerfile:
    """The Dockerfile that the image's provenance carries. UsageError where it carries none."""
    from layerscope.history.dockerfile.parse import parse_dockerfile

    if provenance is None or provenance.text is None:
        what = "no provenance" if provenance is None else "provenance without its source"
        raise UsageError(
            f"the image brings {what}, so its own Dockerfile is not known",
            hint="BuildKit attaches it with --provenance=mode=max; or name the file with --against",
        )
    return parse_dockerfile(provenance.text, provenance.filename or "Dockerfile")


def given_arguments(texts: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` of each ``--build-arg``."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"not a build argument: {text!r}", hint="write NAME=VALUE")
        found[name] = value
    return found


def written_of(inspection: Inspection, bases: Sequence[Candidate]) -> Reconstruction:
    """The Dockerfile that the image's history tells."""
    from layerscope.history.dockerfile.reconstruct import reconstruct

    triggers = triggers_of(inspection, bases)
    return reconstruct(inspection.image.config, inspection.history, len(inspection.layers), inspection.base, triggers)


def triggers_of(inspection: Inspection, bases: Sequence[Candidate]) -> Sequence[str]:
    """The ONBUILD instructions of the base, where it was named and found."""
    base = inspection.base
    return next((each.triggers for each in bases if base is not None and each.name == base.name), ())


def annotate(
    dockerfile: Dockerfile,
    inspection: Inspection,
    found: Reconstruction,
    options: MatchOptions,
    provenance: Provenance | None,
    bases: Sequence[Candidate],
) -> Annotated:
    """Hold the Dockerfile against the image: lines are exact, the stage known, where the provenance is of that file."""
    from layerscope.history.dockerfile.match import match_dockerfile

    told = provenance if provenance is not None and provenance.text == dockerfile.text else None
    return match_dockerfile(
        dockerfile,
        found,
        inspection.image.config,
        target=options.target or (told.target if told is not None else None),
        given=given_arguments(options.build_arg),
        triggers=triggers_of(inspection, bases),
        exact=told.lines if told is not None else None,
    )


def with_base_border(
    inspection: Inspection, provenance: Provenance | None, options: MatchOptions, bases: Sequence[Candidate]
) -> Inspection:
    """The inspection, and which history entries are the base's where only the provenance tells of it.

    It tells the base's layers; what follows the last of them can still be the base's. The Dockerfile that it carries
    says where its own steps begin, if every line of it has a step and every step behind them a line.
    """
    base = inspection.base
    if base is None or base.told_by != PROVENANCE or base.steps is not None or base.layers is None:
        return inspection
    try:
        written = written_of(inspection, bases)
        annotated = annotate(original(provenance), inspection, written, options, provenance, bases)
    except UsageError:  # it carries none, or one that does not read: nothing more is known
        return inspection
    if annotated.matched < annotated.expected or annotated.strays or not annotated.own_steps:
        return inspection
    return dataclasses.replace(inspection, base=dataclasses.replace(base, steps=min(annotated.own_steps)))


def with_dockerfile(
    inspection: Inspection,
    dockerfile: Dockerfile,
    options: MatchOptions,
    provenance: Provenance | None,
    bases: Sequence[Candidate],
) -> Inspection:
    """The inspection with the line of the Dockerfile at each instruction, and a note on how far it matched."""
    from layerscope.inspection import Note, with_lines
    from layerscope.report.dockerfilefound import summary

    written = written_of(inspection, bases)
    annotated = annotate(dockerfile, inspection, written, options, provenance, bases)
    lined = with_lines(inspection, annotated.line_of_step, annotated.line_of_layer)
    note = Note(None, f"{dockerfile.name}: {summary(annotated)}")
    return dataclasses.replace(lined, notes=(*lined.notes, note))
