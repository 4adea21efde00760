"""Dockerfiles of today by a current BuildKit: here-documents, and the provenance that knows the line of every layer.

What layerscope writes of its images it builds again: the same history, config and content.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.rebuilding import held_against, rebuilds_the_same
from live.workshop import SMALL

if TYPE_CHECKING:
    from live.workshop import Workshop

HEREDOCS = tuple(each.stem for each in sorted(Path(__file__).parent.glob("dockerfiles/*.Dockerfile")))
NAMES = (*SMALL, *HEREDOCS)
LOST = {"heredoc-lost"}
"""Of these the history has not kept what running them again takes."""
SCORES: dict[str, tuple[int, int, int]] = {}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LOST])
def test_a_reconstructed_dockerfile_builds_the_same_image(workshop: Workshop, name: str, tmp_path: Path) -> None:
    rebuilds_the_same(workshop, workshop.image(name), tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_a_layer_is_exact(workshop: Workshop, name: str) -> None:
    against = held_against(workshop, workshop.image(name), workshop.dockerfile(name))
    # what FROM brings are layers of the base's triggers, which have no line here
    own = [line for line in against["lines"] if line["layers"] and line["keyword"] != "FROM"]
    assert {line["match"] for line in own} <= {"exact"}
    SCORES[name] = against["matched"], against["expected"], len(own)


@pytest.mark.parametrize("name", NAMES)
def test_the_dockerfile_of_the_provenance_is_the_one_built(workshop: Workshop, name: str) -> None:
    told = workshop.reconstructed(workshop.image(name), "--original").told
    assert told["provenance"]["dockerfile"] == workshop.dockerfile(name).read_text()
    assert told["against"]["matched"] == told["against"]["expected"]  # the stage that was built is told, too


def test_the_score(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed for whoever reads the log."""
    if not SCORES:
        pytest.skip("the tests before did not run")
    matched, expected, exact = (sum(numbers) for numbers in zip(*SCORES.values(), strict=True))
    with capsys.disabled():
        print(f"\n{matched} of {expected} lines of {len(SCORES)} Dockerfiles, {exact} that made a layer exact", end="")
    assert matched == expected
