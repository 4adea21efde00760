"""Writes README.md: every figure is asked of a tool that is not layerscope.

skopeo takes the images apart, gzip and zstd decompress the layers, GNU tar lists them, umoci unpacks the whole.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from images import BUILDKIT, CURRENT_BUILDKIT, IMAGES, Image

HEAD = """\
# testdata

Small real images, each made by a real builder. `testdata/make` remakes those of Debian 12's own builders on such a
machine, as root, from the Dockerfiles in `dockerfiles/` and the layers in `steps/handmade.sh`; `testdata/make-buildkit`
those that need a newer BuildKit, which it builds first. Both then write this page: no figure here is typed by hand.
What a RUN step writes carries the time of its build, so digests differ from one run to the next; contents do not.

The shell in the images is BusyBox, from Debian's source package `busybox` ({busybox}), GPL-2.0, unchanged,
configured as in `steps/busybox.sh` and linked statically against Debian's musl ({musl}).

## Images

- *layers* and *stored*: the manifest that `skopeo copy … dir:` writes, and the sum of its layer sizes; skopeo hands on
  the layers of a docker-archive uncompressed
- *entries*: lines of GNU `tar -t`, summed over the layers
- *uncompressed*: bytes of the layers after `gzip -dc` or `zstd -dc`
- *content*: sizes of the regular files that GNU `tar -tv` lists, without `.wh.*`
- *paths* and *merged*: what `umoci unpack` makes of the image, counted by `find`: its paths, and the bytes of its
  regular files, each inode once; – where umoci refuses the image

| image | layers | stored | entries | uncompressed | content | paths | merged | made by |
|---|--:|--:|--:|--:|--:|--:|--:|---|
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """The figures of one layer."""

    stored: int
    uncompressed: int
    entries: int
    content: int
    created_by: str


def main() -> None:
    """Writes the page to stdout: figures.py DIRECTORY. What was built from source is named by the environment."""
    directory = Path(sys.argv[1])
    page = HEAD.format(busybox=os.environ["BUSYBOX_VERSION"], musl=package_version("musl-tools"))
    details = "\n## Layers\n"
    images = [image for image in IMAGES if (directory / image.name).exists()]
    for image in images:
        with tempfile.TemporaryDirectory() as scratch:
            layers = read_layers(image, directory, Path(scratch))
            merged = unpack(image, directory, Path(scratch))
        page += image_row(image, layers, merged)
        details += layer_table(image, layers)
    page += "\n## What each shows\n\n"
    page += "".join(f"- `{title(image)}`: {image.shows}\n" for image in images)
    sys.stdout.write(page + details)


def image_row(image: Image, layers: list[Layer], merged: tuple[str, str]) -> str:
    """The line of one image in the first table."""
    sums = [
        len(layers),
        sum(layer.stored for layer in layers),
        sum(layer.entries for layer in layers),
        sum(layer.uncompressed for layer in layers),
        sum(layer.content for layer in layers),
    ]
    made_by = ", ".join(f"{package} {package_version(package)}" for package in image.packages)
    return "| " + " | ".join([f"`{title(image)}`", *(f"{n:,}" for n in sums), *merged, made_by]) + " |\n"


def layer_table(image: Image, layers: list[Layer]) -> str:
    """The section of one image: a line a layer."""
    table = f"\n### `{title(image)}`\n\n"
    table += "| layer | stored | entries | uncompressed | content | history |\n|--:|--:|--:|--:|--:|---|\n"
    for index, layer in enumerate(layers):
        figures = f"{layer.stored:,} | {layer.entries:,} | {layer.uncompressed:,} | {layer.content:,}"
        table += f"| {index} | {figures} | `{shorten(layer.created_by)}` |\n"
    return table


def title(image: Image) -> str:
    """The file, and which of the images in it."""
    many = sum(other.name == image.name for other in IMAGES) > 1
    suffix = image.reference or f" ({image.architecture})"
    return image.name + (suffix if many else "")


def shorten(text: str) -> str:
    """A history line that fits a table cell."""
    text = " ".join(text.split()).replace("|", "¦").replace("`", "'")
    return text if len(text) <= 90 else text[:89] + "…"


def source(image: Image, directory: Path, scratch: Path) -> str:
    """The image as skopeo's argument. Debian's skopeo stumbles over a compressed archive: gzip opens it first."""
    path = directory / image.name
    if path.suffix == ".gz":
        plain = scratch / path.stem
        with plain.open("wb") as target:
            subprocess.run(["gzip", "-dc", str(path)], stdout=target, check=True)
        path = plain
    return f"{image.transport}:{path}{image.reference}"


def read_layers(image: Image, directory: Path, scratch: Path) -> list[Layer]:
    """Every layer of the image, with the history entry that made it."""
    copy = scratch / "dir"
    origin = source(image, directory, scratch)
    run("skopeo", "copy", "-q", "--override-arch", image.architecture, origin, f"dir:{copy}")
    manifest = json.loads((copy / "manifest.json").read_text())
    config = json.loads((copy / blob_name(manifest["config"]["digest"])).read_text())
    made = [entry.get("created_by", "") for entry in config["history"] if not entry.get("empty_layer")]
    layers = []
    for descriptor, created_by in zip(manifest["layers"], made, strict=True):
        blob = copy / blob_name(descriptor["digest"])
        plain = scratch / "layer.tar"
        with plain.open("wb") as target:
            subprocess.run([*decompressor(blob), str(blob)], stdout=target, check=True)
        entries = len(run("tar", "-tf", str(plain)).splitlines())
        layers.append(Layer(blob.stat().st_size, plain.stat().st_size, entries, content_bytes(plain), created_by))
    return layers


def blob_name(digest: str) -> str:
    """The name of a blob in skopeo's `dir:` layout."""
    return digest.removeprefix("sha256:")


def decompressor(blob: Path) -> list[str]:
    """The command that writes a layer blob uncompressed."""
    with blob.open("rb") as stream:
        magic = stream.read(4)
    if magic[:2] == b"\x1f\x8b":
        return ["gzip", "-dc"]
    return ["zstd", "-dcq"] if magic == b"\x28\xb5\x2f\xfd" else ["cat"]


def content_bytes(layer: Path) -> int:
    """Σ sizes of the regular files that GNU tar lists; whiteout markers carry none."""
    total = 0
    for line in run("tar", "-tv", "--numeric-owner", "--quoting-style=escape", "-f", str(layer)).splitlines():
        mode, _owner, size, _day, _time, name = line.split(maxsplit=5)
        if mode.startswith("-") and not name.rpartition("/")[2].startswith(".wh."):
            total += int(size)
    return total


def unpack(image: Image, directory: Path, scratch: Path) -> tuple[str, str]:
    """Paths and bytes of the merged tree; dashes where umoci does not take the image."""
    layout = scratch / "layout"
    origin = source(image, directory, scratch)
    run("skopeo", "copy", "-q", "--override-arch", image.architecture, origin, f"oci:{layout}:unpack")
    bundle = scratch / "bundle"
    unpacked = subprocess.run(
        ["umoci", "unpack", "--image", f"{layout}:unpack", str(bundle)], capture_output=True, check=False
    )
    if unpacked.returncode != 0:
        return "–", "–"
    listed = run("find", str(bundle / "rootfs"), "-mindepth", "1", "-printf", r"%y %i %s\0").split("\0")[:-1]
    files = {inode: int(size) for kind, inode, size in (line.split() for line in listed) if kind == "f"}
    return f"{len(listed):,}", f"{sum(files.values()):,}"


def package_version(package: str) -> str:
    """The installed version of a Debian package, or of BuildKit."""
    if package == BUILDKIT:
        return os.environ["BUILDKIT_VERSION"]
    if package == CURRENT_BUILDKIT:
        return os.environ["CURRENT_BUILDKIT_VERSION"]
    return run("dpkg-query", "-W", "-f", "${Version}", package)


def run(*command: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    main()
