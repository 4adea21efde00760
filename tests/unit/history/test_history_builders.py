"""Who wrote an entry that does not say so itself: the neighbours tell, or nobody does."""

from __future__ import annotations

import pytest

from layerscope.history.builders import builders_of
from layerscope.history.forms import read_forms
from layerscope.oci.config import HistoryEntry

SHARED = "/bin/sh -c apt-get update"
CLASSIC = '/bin/sh -c #(nop)  CMD ["bash"]'
BUILDAH = '/bin/sh -c #(nop) CMD ["a","b"]'
BUILDKIT = "RUN /bin/sh -c x # buildkit"
NAMED = "FROM docker.io/library/alpine:3.20"
INTERMEDIATE = "FROM 0a71ea89da8d"


def told(*entries: str | tuple[str, str]) -> list[str | None]:
    history = tuple(
        HistoryEntry(created_by=entry)
        if isinstance(entry, str)
        else HistoryEntry(created_by=entry[0], comment=entry[1])
        for entry in entries
    )
    return list(builders_of(history, read_forms(history)))


@pytest.mark.parametrize(
    ("entries", "builder"),
    [
        ([SHARED], None),
        ([SHARED, SHARED], None),
        ([SHARED, CLASSIC], "classic"),
        ([CLASSIC, SHARED], "classic"),
        ([CLASSIC, SHARED, CLASSIC], "classic"),
        ([BUILDAH, SHARED, BUILDAH], "buildah"),
        ([CLASSIC, SHARED, BUILDAH], None),
        ([BUILDAH, SHARED, CLASSIC], None),
        ([BUILDKIT, SHARED], None),
        ([BUILDKIT, SHARED, CLASSIC], "classic"),
        ([SHARED, BUILDKIT], None),
        (["bash", SHARED], None),
        (["something else", SHARED, CLASSIC], "classic"),
    ],
)
def test_neighbours_tell_where_they_agree(entries: list[str], builder: str | None) -> None:
    assert told(*entries)[entries.index(SHARED)] == builder


@pytest.mark.parametrize(
    ("entries", "builders"),
    [
        # The base is named on the first new entry; what follows is of the same build.
        ([(SHARED, NAMED), SHARED, SHARED], ["buildah", "buildah", "buildah"]),
        # It says nothing of what lies before: that may be the base, or (buildah 1.28 without --layers) the build.
        ([SHARED, (SHARED, NAMED)], [None, "buildah"]),
        ([CLASSIC, SHARED, (SHARED, NAMED)], ["classic", None, "buildah"]),
        ([BUILDAH, SHARED, (SHARED, NAMED)], ["buildah", "buildah", "buildah"]),
        # An image ID is that of the step before, which --layers commits as an image.
        ([SHARED, (SHARED, INTERMEDIATE)], ["buildah", "buildah"]),
    ],
)
def test_a_base_in_the_comment(entries: list[str | tuple[str, str]], builders: list[str | None]) -> None:
    assert told(*entries) == builders


@pytest.mark.parametrize("form", ["/bin/bash -c make", "cmd /S /C dir", "/bin/sh -ec make"])
def test_buildah_writes_no_other_shell(form: str) -> None:
    assert told(BUILDAH, form) == ["buildah", None]
    assert told(CLASSIC, form) == ["classic", "classic"]


@pytest.mark.parametrize("form", ["COPY a b", "nginx -g daemon off;", "", "KIWI 10.0.1"])
def test_other_forms_ask_no_neighbour(form: str) -> None:
    assert told(CLASSIC, form, CLASSIC)[1] is None


def test_an_inherited_author_is_no_sign() -> None:
    # buildah writes the author of the base's config into its own entries.
    history = (HistoryEntry(created_by=SHARED, author="kaniko"), HistoryEntry(created_by=SHARED, author="Jib"))
    assert builders_of(history, read_forms(history)) == (None, None)
