"""BuildKit's own parser reads what layerscope writes, and finds in it what layerscope finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from live.reconstructed import Reconstructed, reconstruct, references_of_testdata
from live.workshop import NOT_BY, SMALL

from layerscope.history.dockerfile.parse import parse_dockerfile

from .daemon import parsed
from .test_buildkit_rebuilds import NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from live.product import Product
    from live.workshop import Workshop


def seen(answer: Any) -> list[Any]:
    """What BuildKit sees: keyword, first and last line, texts of here-documents."""
    assert answer["error"] == ""
    return [(each["keyword"], each["start"], each["end"], each["heredocs"]) for each in answer["instructions"]]


def ours(text: str) -> list[Any]:
    """The same by layerscope's parser."""
    return [
        (each.keyword, each.start, each.end, {found.name: found.content for found in each.heredocs})
        for each in parse_dockerfile(text).statements
    ]


def reads_as_those_instructions(binaries: Path, found: Reconstructed, scratch: Path) -> None:
    file = scratch / "Dockerfile"
    file.write_text(found.text)
    answer = parsed(binaries, file)
    assert answer["warnings"] == []
    read = seen(answer)
    assert [keyword for keyword, *_ in read] == [text.split(None, 1)[0].upper() for text in found.instructions]
    assert read == ours(found.text)


@pytest.mark.parametrize("image", references_of_testdata())
def test_what_is_written_of_testdata(binaries: Path, image: str, product: Product, tmp_path: Path) -> None:
    reads_as_those_instructions(binaries, reconstruct(product, *image.split(" ")), tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_of_its_own_images(binaries: Path, workshop: Workshop, name: str, tmp_path: Path) -> None:
    reads_as_those_instructions(binaries, workshop.reconstructed(workshop.image(name)), tmp_path)


@pytest.mark.parametrize("name", SMALL)
def test_what_is_written_of_images_by_other_builders(
    binaries: Path, older: Workshop, name: str, tmp_path: Path
) -> None:
    if older.builder.name not in NOT_BY.get(name, ()):
        reads_as_those_instructions(binaries, older.reconstructed(older.image(name)), tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_real_dockerfiles(binaries: Path, workshop: Workshop, name: str) -> None:
    file = workshop.dockerfile(name)
    assert seen(parsed(binaries, file)) == ours(file.read_text())
