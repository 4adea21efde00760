"""What `layerscope dockerfile` writes, beside what it says it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .product import Product

TESTDATA = Path(__file__).parents[2] / "testdata"


@dataclass(frozen=True, slots=True)
class Reconstructed:
    """One answer in two formats."""

    told: Any
    """As JSON."""
    text: str
    """As a Dockerfile."""

    @property
    def instructions(self) -> list[str]:
        """Each instruction of the Dockerfile: the base's own stand there as comments."""
        return [each["text"] for each in self.told["instructions"] if each["text"] and not each["base"]]


def reconstruct(product: Product, reference: str, *arguments: str) -> Reconstructed:
    """Asks for both at once."""
    file = product.home / "Dockerfile"
    told = product.json("dockerfile", reference, "--report", f"dockerfile={file}", *arguments)
    return Reconstructed(told, file.read_text())


def references_of_testdata() -> list[str]:
    """Every image of testdata, as layerscope names it: the page of figures lists them."""
    lines = (TESTDATA / "README.md").read_text().splitlines()
    named = [line.split("`")[1] for line in lines if line.startswith("| `")]
    found = []
    for name in named:
        file, _, rest = name.partition(" ")
        found.append(" ".join((f"testdata/{file}", *(("--platform", f"linux/{rest.strip('()')}") if rest else ()))))
    return found
