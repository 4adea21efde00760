"""The image that is measured: one set of bytes as an OCI layout, a docker-archive and a registry's storage."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.live.command import run
from tests.live.need import need
from tests.live.registry import serving_registry

from .stored import LayerFacts, facts_of

LOCAL = "layerscope-benchmark/image"
"""Its name in an engine."""
REPOSITORY = "benchmark/image:1"
"""Its name in the registry, after the host."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a directory, complete: `facts.json` is written last."""

    directory: Path

    @property
    def layout(self) -> Path:
        """An OCI layout with gzip layers, holding the one image `latest`."""
        return self.directory / "layout"

    @property
    def archive(self) -> Path:
        """What `docker save` writes: plain tar layers."""
        return self.directory / "image.docker-archive.tar"

    @property
    def registry(self) -> Path:
        """Where a registry keeps its storage, settings and log."""
        return self.directory / "registry"

    @property
    def facts(self) -> Path:
        """What is known of the layers."""
        return self.directory / "facts.json"

    @property
    def complete(self) -> bool:
        """Whether making it came to its end."""
        return self.facts.is_file()

    def layers(self) -> list[LayerFacts]:
        """The layers, bottom first."""
        return [LayerFacts(**each) for each in json.loads(self.facts.read_bytes())]

    def described(self) -> str:
        """One line of its size."""
        layers = self.layers()
        entries, content = sum(each.entries for each in layers), sum(each.file_bytes for each in layers)
        return (
            f"{len(layers)} layers, {entries:,} entries, {content / 1e6:,.0f} MB of file content, "
            f"{sum(each.uncompressed for each in layers) / 1e6:,.0f} MB of tar, "
            f"{sum(each.compressed for each in layers) / 1e6:,.0f} MB of gzip"
        )


def finish(image: Image) -> None:
    """Reads every layer once and writes down what the floor and the checks need to know."""
    facts = facts_of(image.layout, image.archive, image.directory)
    unfinished = image.facts.with_suffix(".unfinished")
    unfinished.write_text(json.dumps([each.as_dict() for each in facts], indent=1))
    unfinished.replace(image.facts)


def converted(archive: Path, directory: Path) -> Image:
    """A small image from an OCI archive, by skopeo alone: for a quick run."""
    image = Image(directory)
    skopeo = need("skopeo")
    run(skopeo, "copy", "-q", f"oci-archive:{archive}", f"oci:{image.layout}:latest")
    run(skopeo, "copy", "-q", f"oci:{image.layout}:latest", f"docker-archive:{image.archive}:docker.io/{LOCAL}:latest")
    image.registry.mkdir()
    with serving_registry(image.registry) as registry:
        target = f"docker://{registry.address}/{REPOSITORY}"
        run(skopeo, "copy", "-q", "--dest-tls-verify=false", f"oci:{image.layout}:latest", target)
    finish(image)
    return image
