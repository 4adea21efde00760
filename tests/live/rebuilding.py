"""A Dockerfile written from a history, built again by the builder of the first image; and the real one against it."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

from .builders import builder_arguments
from .feeding import feed
from .varying import timeless
from .workshop import INSTALLING, TARGETS, Workshop, settings

if TYPE_CHECKING:
    from pathlib import Path

    from .workshop import Made

SUM = re.compile(r"(?:file:|dir:|multi:)?[0-9a-f]{64}(?= in )")
HEREDOC = re.compile(r"(?<= )<<(?=[\w.]+ )")
NO_OWNERS = {"owners", "modes"}
"""Here --chown counts, which Debian's BuildKit and Buildah do not record."""


def rebuilds_the_same(workshop: Workshop, made: Made, scratch: Path) -> None:
    """Builds what is written anew, each ADD and COPY fed from its layer: same history, config and content."""
    builder, name = workshop.builder, made.name
    told = workshop.reconstructed(made).told
    context = scratch / "context"
    context.mkdir()
    saved = made.saved
    lines = feed(context, told["instructions"], saved, told["buildArguments"])
    if name == "onbuild":  # what the base's triggers take, the base's config names
        shutil.copy(workshop.context / "note.txt", context)
    written = scratch / "Dockerfile"
    written.write_text("\n".join(lines).replace(f"FROM {made.base}", f"FROM {workshop.below(name)}") + "\n")
    given = [f"{key}={value}" for key, value in told["buildArguments"].items()]
    builder.build("again", written, context, *builder_arguments(given), cached=False)
    archive = scratch / "again.tar"
    builder.save("again", archive)
    again = builder.read(archive)
    archive.unlink()
    assert [normal(each) for each in again.history] == [normal(each) for each in saved.history]
    assert settings(again) == settings(saved)
    if name in INSTALLING:
        assert timeless(again) == timeless(saved)
    else:
        owners = builder.records_owners or name not in NO_OWNERS
        assert again.tree(owners=owners) == saved.tree(owners=owners)


def held_against(workshop: Workshop, made: Made, dockerfile: Path) -> Any:
    """How the real Dockerfile matches: wholly, and every layer above the base has a line, or the test ends here."""
    target = ["--target", TARGETS[made.name]] if made.name in TARGETS else []
    told = workshop.reconstructed(made, "--against", str(dockerfile), *target).told
    against = told["against"]
    wrong = [line for line in against["lines"] if line["match"] in ("similar", "unmatched")]
    assert not wrong
    assert against["unmatchedHistory"] == []
    assert against["matched"] == against["expected"] > 0
    makers = [index for index, entry in enumerate(made.saved.config["history"]) if not entry.get("empty_layer")]
    lowest = told["base"]["layers"] if told["base"] else 0
    assert sorted(layer for line in against["lines"] for layer in line["layers"]) == list(range(lowest, len(makers)))
    for line in against["lines"]:
        assert line["layers"] == [makers.index(index) for index in line["historyIndexes"] if index in makers]
    return against


def normal(created_by: str) -> str:
    """A record without what only the first build can have: checksums of sources, which differ with the times of files,
    and the mark of a here-document, whose text no history has: it is copied from a file again."""
    record = SUM.sub("<sources>", created_by)
    return HEREDOC.sub("", record) if record.startswith(("COPY ", "ADD ")) else record
