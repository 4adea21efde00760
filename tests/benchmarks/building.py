"""The large image: built once by BuildKit in a real engine, then kept; built again when its Dockerfile changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.built import BASE, import_base
from tests.live.command import run
from tests.live.engine import serving_engine
from tests.live.machine import proxy_arguments
from tests.live.need import need
from tests.live.registry import serving_registry

from .image import LOCAL, REPOSITORY, Image, finish

if TYPE_CHECKING:
    from collections.abc import Callable

CONTEXT = Path(__file__).parent / "image"
LEAST_BYTES = 10**9
LEAST_ENTRIES = 50_000


def cache_directory() -> Path:
    """Where the tests keep what takes long to make."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "layerscope-tests"


def large_image(say: Callable[[str], None], *, again: bool = False) -> Image:
    """The kept image, or a new one if there is none of this Dockerfile or one is asked for `again`."""
    directory = cache_directory() / f"benchmark-{fingerprint()}"
    if Image(directory).complete and not again:
        return Image(directory)
    for other in cache_directory().glob("benchmark-*"):
        shutil.rmtree(other)
    unfinished = directory.with_name(f"{directory.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    build(Image(unfinished), say)
    unfinished.rename(directory)
    return Image(directory)


def fingerprint() -> str:
    """Changes with the build context."""
    context = hashlib.sha256()
    for file in sorted(path for path in CONTEXT.rglob("*") if path.is_file()):
        context.update(f"{file.relative_to(CONTEXT)}\0".encode() + file.read_bytes())
    return context.hexdigest()[:12]


def build(image: Image, say: Callable[[str], None]) -> None:
    """Builds, pushes, copies and saves the image."""
    skopeo = need("skopeo")
    image.registry.mkdir()
    with (
        tempfile.TemporaryDirectory(prefix="ls-") as scratch,
        serving_engine(Path(scratch)) as engine,
        serving_registry(image.registry) as registry,
    ):
        say("building the image: the base")
        import_base(engine)
        say("building the image: its Dockerfile")
        arguments = ["build", "-q", "--network=host", "--build-arg", f"BASE={BASE}", *proxy_arguments()]
        engine.docker(*arguments, "-t", LOCAL, CONTEXT, DOCKER_BUILDKIT="1")
        say("building the image: docker save")
        engine.docker("save", "-o", image.archive, LOCAL)
        say("building the image: docker push, skopeo copy")
        pushed = f"{registry.address}/{REPOSITORY}"
        engine.docker("tag", LOCAL, pushed)
        engine.docker("push", "-q", pushed)
        run(skopeo, "copy", "-q", "--src-tls-verify=false", f"docker://{pushed}", f"oci:{image.layout}:latest")
    say("building the image: reading its layers")
    finish(image)
    entries, content = (sum(getattr(each, name) for each in image.layers()) for name in ("entries", "file_bytes"))
    if content < LEAST_BYTES or entries < LEAST_ENTRIES:
        raise AssertionError(f"the image is too small to measure with: {image.described()}")
