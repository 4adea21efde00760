"""What is written for the images of testdata is a Dockerfile to a parser that is not ours, and says the same to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .dockerfileast import expected
from .reconstructed import reconstruct, references_of_testdata

if TYPE_CHECKING:
    from .dockerfileast import DockerfileAst
    from .product import Product


@pytest.mark.parametrize("image", references_of_testdata())
def test_what_is_written_reads_as_those_instructions(
    dockerfile_ast: DockerfileAst, image: str, product: Product
) -> None:
    found = reconstruct(product, *image.split(" "))
    assert dockerfile_ast.read(found.text) == expected(found)


def test_here_documents_are_among_them(dockerfile_ast: DockerfileAst, product: Product) -> None:
    found = reconstruct(product, "testdata/heredocs.oci-archive.tar")
    assert [each.heredocs for each in dockerfile_ast.read(found.text) if each.heredocs] == [("EOF",), ("MOTD",)]
