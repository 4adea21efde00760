"""The lesson on Docker's storage: read-only layers, a container's own layer, volumes, a bind mount, a driver.

What layerscope reports beside what the engine, GNU tar, and a look from inside a container say.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from engines.volumeplugin import serving_plugin

from . import gnutar
from .built import BASE
from .command import run
from .need import need
from .product import Product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .engine import Engine

LESSON = f"""\
FROM {BASE}
COPY app /opt/app
RUN mkdir -p /srv/data/sub && echo seed > /srv/data/seed && echo deep > /srv/data/sub/deep
RUN head -c 200000 /dev/zero > /srv/big && ln /srv/big /srv/big2
RUN chmod 0600 /etc/debian_version && rm /opt/app/old
"""
AFTERWARDS = """\
FROM layerscope-live/lesson
VOLUME /srv/data
RUN echo later > /srv/data/later && echo beside > /srv/beside
COPY app /srv/data/copied
"""
PLUGINS = Path("/run/docker/plugins")
WRITES = "echo more >> /srv/big; echo own > /srv/own; rm /etc/debian_version; echo new > /srv/data/new"
SLEEP = f"{WRITES}; touch /ready; exec sleep 3600"


@dataclass(frozen=True, slots=True)
class Lesson:
    """The image, and where what is bound into its containers lies on the host."""

    engine: Engine
    name: str
    context: Path


@pytest.fixture(scope="module")
def lesson(base: Engine, tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    context = tmp_path_factory.mktemp("lesson")
    (context / "app" / "static").mkdir(parents=True)
    (context / "app" / "old").write_text("to be removed\n")
    (context / "app" / "main").write_text("#!/bin/sh\n")
    (context / "app" / "static" / "page").write_bytes(b"x" * 5000)
    name = "layerscope-live/lesson"
    _build(base, context, LESSON, name, "classic")
    return Lesson(base, name, context)


def _build(engine: Engine, context: Path, dockerfile: str, name: str, builder: str) -> None:
    (context / "Dockerfile").write_text(dockerfile)
    buildkit = str(int(builder == "buildkit"))
    engine.docker("build", "-q", "--network=none", "-t", name, context, DOCKER_BUILDKIT=buildkit)


@contextlib.contextmanager
def started(engine: Engine, image: str, *options: str) -> Iterator[str]:
    """A container that has done its writing and sleeps."""
    container = engine.docker("run", "-d", "--network=none", *options, image, "/bin/sh", "-c", SLEEP).strip()
    try:
        engine.docker("exec", container, "/bin/sh", "-c", "until [ -e /ready ]; do sleep 0.1; done")
        yield container
    finally:
        engine.docker("rm", "-f", "-v", container)


def seen(engine: Engine, image: str, path: str, *options: str) -> dict[str, int]:
    """What a new container finds below a path: sizes of files, 0 for anything else."""
    find = ("/usr/bin/find", path, "-mindepth", "1", "-printf", "%y %s %P\\n")
    lines = engine.docker("run", "--rm", "--network=none", *options, image, *find).splitlines()
    parts = [line.split(" ", 2) for line in lines]
    return {name: int(size) if kind == "f" else 0 for kind, size, name in parts}


def asking(product: Product, engine: Engine) -> Product:
    return Product(product.home, {"DOCKER_HOST": engine.host, "CONTAINER_HOST": f"unix://{product.home}/none"})


def reported(product: Product, engine: Engine, image: str, *arguments: str) -> Any:
    return asking(product, engine).json("volumes", f"docker:{image}", "--engine", "docker", *arguments)


def test_five_lines_make_five_layers_of_these_sizes(lesson: Lesson, product: Product, tmp_path: Path) -> None:
    found = asking(product, lesson.engine).json("inspect", f"docker:{lesson.name}", "--no-engine")
    lesson.engine.docker("save", "-o", tmp_path / "saved.tar", lesson.name)
    run(need("tar"), "-C", tmp_path, "-xf", tmp_path / "saved.tar")
    (saved,) = json.loads((tmp_path / "manifest.json").read_bytes())
    layers = [tmp_path / layer for layer in saved["Layers"]]
    told = [(gnutar.count(each), each.stat().st_size, gnutar.file_bytes(each)) for each in layers]
    shown = [(each["entries"], each["uncompressedBytes"], each["fileBytes"]) for each in found["layers"]]
    assert shown == told
    assert len(told) == len(LESSON.splitlines())
    assert [each["instruction"]["kind"] for each in found["layers"]][1:] == ["COPY", "RUN", "RUN", "RUN"]
    assert told[3][2] == 200_000  # a file with two names is shipped once
    (removed,) = [each for each in found["reclaimable"] if each["path"] == "/opt/app/old"]
    assert (removed["cause"], removed["layer"], removed["buriedBy"]) == ("deleted", 1, 4)


def test_what_a_container_writes_and_what_it_mounts(lesson: Lesson, product: Product, tmp_path: Path) -> None:
    engine, image = lesson.engine, lesson.name
    driver, named, driven = (f"ls{kind}{uuid.uuid4().hex[:6]}" for kind in ("driver", "named", "driven"))
    host = tmp_path / "host"
    host.mkdir()
    (host / "mine").write_text("of the host\n")
    mounts = {
        "/srv/data": f"type=volume,source={named},target=/srv/data",
        "/opt/app": f"type=bind,source={host},target=/opt/app",
        "/mnt/driven": f"type=volume,source={driven},target=/mnt/driven,volume-driver={driver}",
    }
    flags = [word for mount in mounts.values() for word in ("--mount", mount)]
    PLUGINS.mkdir(parents=True, exist_ok=True)
    before = asking(product, engine).json("inspect", f"docker:{image}", "--no-engine")
    bare = {path: seen(engine, image, path) for path in ("/srv/data", "/opt/app")}
    with serving_plugin(PLUGINS / f"{driver}.sock", tmp_path / "driver") as asked:
        copied = seen(engine, image, "/srv/data", *flags)
        over = seen(engine, image, "/opt/app", *flags)
        with started(engine, image, *flags) as container:
            document = reported(product, engine, image, *flags)
            told = engine.inspect(container)
            changes = {line[2:]: line[0] for line in engine.docker("diff", container).splitlines()}
            listed = engine.docker("volume", "ls", "-q").split()
            volumes = asking(product, engine).output("volumes", "--engine", "docker", "--format", "json")
            upper = Path(told["GraphDriver"]["Data"]["UpperDir"])
            assert (upper / "srv/big").stat().st_size == 200_000 + len("more\n")  # copied up whole for five bytes
        engine.docker("volume", "rm", named, driven)
    after = asking(product, engine).json("inspect", f"docker:{image}", "--no-engine")
    assert after == before  # what a container writes is no layer's

    assert [changes[path] for path in ("/srv/big", "/srv/own", "/etc/debian_version")] == ["C", "A", "D"]
    assert not any(path.startswith(("/srv/data/", "/opt/app/", "/mnt/driven/")) for path in changes)

    points = {each["path"]: each for each in document["mounts"]}
    assert set(points) == set(mounts)
    assert copied == bare["/srv/data"]
    assert over == {"mine": len("of the host\n")}
    for path, effect in (("/srv/data", "copied"), ("/opt/app", "hidden")):
        point = points[path]
        assert point["effect"] == effect
        assert (point["entries"], point["bytes"]) == (len(bare[path]), sum(bare[path].values()))
    assert points["/mnt/driven"]["effect"] == "nothing"
    assert points["/mnt/driven"]["storage"]["driver"] == driver

    (running,) = [each for each in document["containers"] if told["Name"] == f"/{each['container']}"]
    shown = {
        (each["target"], each["kind"], each["volume"], each["driver"], each["writable"]) for each in running["mounts"]
    }
    assert shown == {
        (each["Destination"], each["Type"], each.get("Name"), each.get("Driver") or None, each["RW"])
        for each in told["Mounts"]
    }
    report = json.loads(volumes)["engine"]
    by_name = {each["name"]: each for each in report["volumes"]}
    assert sorted(by_name) == sorted(listed)
    assert (by_name[named]["driver"], by_name[driven]["driver"]) == ("local", driver)
    assert {each["name"]: each for each in report["volumeDrivers"]}[driver]["reachable"]
    assert "/VolumeDriver.Mount" in asked


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_what_comes_after_a_volume_instruction(lesson: Lesson, product: Product, builder: str) -> None:
    """The classic builder drops what RUN writes there and keeps COPY; BuildKit keeps both."""
    image = f"layerscope-live/afterwards-{builder}"
    _build(lesson.engine, lesson.context, AFTERWARDS, image, builder)
    found = seen(lesson.engine, image, "/srv/data")
    (point,) = reported(product, lesson.engine, image)["mounts"]
    assert (point["path"], point["kind"], point["effect"]) == ("/srv/data", "anonymous volume", "copied")
    assert (point["entries"], point["bytes"]) == (len(found), sum(found.values()))
    assert ("later" in found) is (builder == "buildkit")
    assert bool(point["droppedSteps"]) is (builder == "classic")
    later = sum(size for name, size in found.items() if name.startswith(("later", "copied")))
    assert point["bytesAfterDeclaration"] == later
