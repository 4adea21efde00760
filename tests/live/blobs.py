"""An image's bytes as skopeo fetches them, and its layers as gzip and zstd open them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .command import run
from .need import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = {b"\x1f\x8b": ["gzip", "-dc"], b"\x28\xb5": ["zstd", "-dcq"]}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A copy of an image in skopeo's `dir:` layout: blobs as they were stored."""

    directory: Path

    @property
    def manifest(self) -> Any:
        """The manifest, parsed."""
        return json.loads((self.directory / "manifest.json").read_bytes())

    @property
    def config(self) -> Any:
        """The config, parsed."""
        return json.loads(self.blob(self.manifest["config"]["digest"]).read_bytes())

    def blob(self, digest: str) -> Path:
        """Where a blob is."""
        return self.directory / digest.partition(":")[2]

    def plain_layers(self) -> Iterator[Path]:
        """The layers' tar streams, decompressed, one after the other in the same place."""
        for descriptor in self.manifest["layers"]:
            blob = self.blob(descriptor["digest"])
            with blob.open("rb") as stream:
                command = MAGIC.get(stream.read(2), ["cat"])
            plain = self.directory / "layer.tar"
            with plain.open("wb") as target:
                subprocess.run([need(command[0]), *command[1:], str(blob)], stdout=target, check=True)
            yield plain
            plain.unlink()


def fetch(source: str, directory: Path) -> Fetched:
    """Copies an image, in skopeo's notation, into a directory."""
    run(need("skopeo"), "copy", "-q", "--src-tls-verify=false", source, f"dir:{directory}")
    return Fetched(directory)
