"""The images of testdata, as archives that dive can read."""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
from pathlib import Path

from making import Item, directory, docker_archive, file, opaque, symlink, tar_of, whiteout

ROOT = Path(__file__).resolve().parents[2]
TESTDATA = ROOT / "testdata"
IMAGES = (
    "classic.docker-archive.tar",
    "buildkit.docker-archive.tar.gz",
    "podman.docker-archive.tar",
    "containerd.docker-archive.tar",
    "buildkit.oci-archive.tar",
    "buildah.oci-archive.tar",
    "attested.oci-archive.tar",
    "estargz.oci-archive.tar",
    "platforms.oci-dir",
    "handmade.oci-dir",
)
"""From six builders: whiteouts, deleted directories, opaque markers, hard links, one layer, many layers."""
_NAMES = ("a", "b", "-c", ".d", "d", ".wh")


def archive(image: str, directory: Path) -> Path:
    """The image as a plain docker-archive: itself, unpacked, or converted by skopeo."""
    source = TESTDATA / image
    if image.endswith(".docker-archive.tar"):
        return source
    target = directory / f"{image}.plain.tar"
    if image.endswith(".gz"):
        with gzip.open(source) as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        return target
    scheme = "oci" if image.endswith("-dir") else "oci-archive"
    command = ["skopeo", "--insecure-policy", "--override-arch", "amd64", "copy", "-q", f"{scheme}:{source}"]
    subprocess.run([*command, f"docker-archive:{target}:layerscope/test:1"], check=True)
    return target


def random_archive(seed: int, path: Path) -> Path:
    """An image of a few layers that no builder would make: names that sort oddly, markers that hide nothing."""
    rolls = random.Random(seed)
    tars = [tar_of(*(_item(rolls) for _ in range(rolls.randint(1, 9)))) for _ in range(rolls.randint(1, 6))]
    return docker_archive(path, *tars, history=[{"created_by": "RUN"}] * len(tars))


def _item(rolls: random.Random) -> Item:
    path = "/".join(rolls.choice(_NAMES) for _ in range(rolls.randint(1, 3)))
    name = rolls.choice(_NAMES)
    makers = [
        (40, lambda: file(path, bytes(rolls.choice([0, 1, 5, 100])))),
        (20, lambda: directory(path)),
        (25, lambda: whiteout(path)),
        (5, lambda: opaque(path)),
        (3, lambda: file(f"{path}/.wh.")),
        (2, lambda: directory(f"x/.wh.{name}")),
        (2, lambda: file(f".wh.{name}/q", b"12")),
        (3, lambda: symlink(path, "a")),
    ]
    weights, functions = zip(*makers, strict=True)
    (chosen,) = rolls.choices(functions, weights)
    return chosen()
