"""Storage, volume drivers, volumes and mounts of real engines, held against what the engines themselves say."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from live.need import need_root
from live.product import Product

from layerscope.engines.client import first_engine
from layerscope.errors import SourceUnreachable
from layerscope.report.schema import schema_text

from .running import Running, serving_docker
from .volumeplugin import serving_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .certificates import Certificates

IMAGE = "tour:classic"
SECRET = "hunter2-canary"
PLUGINS = Path("/run/docker/plugins")
SPECS = Path("/etc/docker/plugins")


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """layerscope with an empty home."""
    return Product(tmp_path)


def asking(product: Product, engine: Running) -> Product:
    """The same, with this engine in its environment."""
    variable = "DOCKER_HOST" if engine.scheme == "docker" else "CONTAINER_HOST"
    return Product(product.home, {variable: engine.host})


def volumes(product: Product, engine: Running, *arguments: str) -> Any:
    """The engine's part of ``layerscope volumes``."""
    command = ["volumes", "--engine", engine.scheme, "--format", "json", *arguments]
    document = json.loads(asking(product, engine).output(*command))
    jsonschema.validate(document, json.loads(schema_text("volumes")))
    return document["engine"]


@contextlib.contextmanager
def made(engine: Running, *arguments: str) -> Iterator[str]:
    """A volume with a name of its own."""
    name = f"ls-{uuid.uuid4().hex[:8]}"
    engine.client("volume", "create", *arguments, name)
    try:
        yield name
    finally:
        engine.client("volume", "rm", "-f", name)


@contextlib.contextmanager
def container(engine: Running, *arguments: str) -> Iterator[str]:
    """A container that sleeps for as long as the block lasts, and its anonymous volumes."""
    name = f"ls-{uuid.uuid4().hex[:8]}"
    options = ["--network", "none", "--name", name, *arguments]
    engine.client("run", "-d", "--entrypoint", "/bin/sh", *options, IMAGE, "-c", "sleep 3600")
    try:
        yield name
    finally:
        engine.client("rm", "-f", "-v", name)


def test_the_storage_driver_is_the_one_that_the_engine_names(engine: Running, product: Product) -> None:
    found = volumes(product, engine)["storage"]
    if engine.scheme == "podman":
        told = json.loads(engine.client("info", "--format", "json"))["store"]
        assert found["driver"] == told["graphDriverName"]
        assert found["root"] == told["graphRoot"]
        assert found["store"] == "containers-storage"
        return
    told = json.loads(engine.client("info", "--format", "{{json .}}"))
    assert found["driver"] == told["Driver"]
    assert [[each["name"], each["value"]] for each in found["status"]] == (told["DriverStatus"] or [])
    assert found["root"] == told["DockerRootDir"]
    image = json.loads(engine.client("inspect", IMAGE))[0]
    assert image["GraphDriver"]["Name"] == found["driver"]


def test_what_lies_in_the_root_directory_is_what_du_counts(overlay2: Running, product: Product) -> None:
    need_root()
    found = volumes(product, overlay2)["storage"]
    parts = {part["name"]: part["bytes"] for part in found["parts"]}
    assert {"overlay2", "image", "volumes", "containers"} <= set(parts)
    for name in ("overlay2", "image", "volumes", "containers"):
        counted = subprocess.run(
            ["du", "-s", "-x", "-B1", str(Path(found["root"], name))], capture_output=True, text=True, check=True
        )
        assert parts[name] == int(counted.stdout.split()[0]), name
    assert volumes(product, overlay2, "--no-sizes")["storage"]["parts"] is None


def test_volumes_of_the_local_driver_in_words_and_without_secrets(overlay2: Running, product: Product) -> None:
    smb = ("--opt", "type=cifs", "--opt", f"o=username=me,password={SECRET}", "--opt", "device=//nas/share")
    tmpfs = ("--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=1m", "--label", "team=blue")
    nfs = ("--opt", "type=nfs", "--opt", "o=addr=192.0.2.1,rw", "--opt", "device=:/export")
    bind = ("--opt", "type=none", "--opt", "o=bind", "--opt", f"device={product.home}")
    with (
        made(overlay2) as plain,
        made(overlay2, *tmpfs) as memory,
        made(overlay2, *nfs) as export,
        made(overlay2, *bind) as bound,
        made(overlay2, *smb) as share,
    ):
        found = {each["name"]: each for each in volumes(product, overlay2)["volumes"]}
        told = {name: json.loads(overlay2.client("volume", "inspect", name))[0] for name in found}
        shown = b"".join(
            asking(product, overlay2).output("volumes", "--format", format_, "-vv")
            for format_ in ("table", "json", "markdown")
        )
    for name, each in found.items():
        assert each["driver"] == told[name]["Driver"]
        assert each["scope"] == told[name]["Scope"]
        assert each["mountpoint"] == told[name]["Mountpoint"]
        assert each["labels"] == (told[name]["Labels"] or {})
    assert found[plain]["what"] == "a directory of the engine's host"
    assert found[plain]["bytes"] == 0
    assert found[memory]["what"].startswith("memory, at most 1m")
    assert found[memory]["labels"] == {"team": "blue"}
    assert found[export]["what"].startswith("NFS export 192.0.2.1:/export")
    assert found[bound]["what"] == f"the host's own {product.home} (bind mount)"
    assert found[share]["what"].startswith("SMB share //nas/share as me")
    assert all(each["dangling"] and not each["anonymous"] for each in found.values())
    assert SECRET.encode() not in shown
    assert b"[redacted]" in shown


def test_an_image_s_volumes_are_copied_as_said_and_mounts_hide_as_said(overlay2: Running, product: Product) -> None:
    """What the container really has: anonymous volumes with the image's content, an empty directory over another."""
    reference = f"docker:{IMAGE}"
    empty = product.home / "empty"
    empty.mkdir()
    with made(overlay2) as named:
        mounts = ["-v", f"{named}:/srv/cache", "--mount", f"type=bind,source={empty},target=/app/static"]
        with container(overlay2, *mounts) as name:
            document = json.loads(
                asking(product, overlay2).output(
                    "volumes", reference, "--mount", f"type=bind,source={empty},target=/app/static", "--format", "json"
                )
            )
            points = {point["path"]: point for point in document["mounts"]}
            (running,) = [each for each in document["containers"] if each["container"] == name]
            targets = {mount["target"]: mount for mount in running["mounts"]}
            assert set(targets) == {"/srv/data", "/var/lib/app", "/srv/cache", "/app/static"}
            assert targets["/srv/cache"]["volume"] == named
            assert targets["/app/static"]["source"] == str(empty)
            engine = volumes(product, overlay2)
            by_name = {each["name"]: each for each in engine["volumes"]}
            for path in ("/srv/data", "/var/lib/app"):
                volume = by_name[targets[path]["volume"]]
                place = Path(volume["mountpoint"])
                copied = list(place.rglob("*"))
                assert points[path]["effect"] == "copied"
                assert points[path]["entries"] == len(copied)
                assert points[path]["bytes"] == sum(each.stat().st_size for each in copied if each.is_file())
                assert volume["anonymous"]
                assert volume["bytes"] == points[path]["bytes"]
                assert [each["container"] for each in volume["mountedBy"]] == [name]
            assert points["/app/static"]["effect"] == "hidden"
            assert overlay2.client("exec", name, "/bin/sh", "-c", "ls -A /app/static") == ""
    without = asking(product, overlay2).output(
        "files", reference, "--format", "jsonl"
    )  # what the image itself has there
    below = [each for each in map(json.loads, without.splitlines()) if each["path"].startswith("/app/static/")]
    assert points["/app/static"]["entries"] == len(below)


@pytest.fixture
def own(certificates: Certificates, short: Path) -> Iterator[Running]:
    """An engine for plugins alone: one that hangs holds up whatever the engine is asked about volumes."""
    (short / "engine").mkdir()
    with serving_docker(short / "engine", "vfs", certificates, ask_client=False) as running:
        yield running


@contextlib.contextmanager
def announcing(**files: str | None) -> Iterator[None]:
    """Files in the system's directory of plugins for as long as the block lasts."""
    SPECS.mkdir(parents=True, exist_ok=True)
    paths = {SPECS / name.replace("_", "."): text for name, text in files.items() if text is not None}
    try:
        for path, text in paths.items():
            path.write_text(text)
        yield
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def test_a_plugin_of_our_own_drives_a_volume_and_every_bad_one_beside_it_is_told(
    own: Running, product: Product, short: Path
) -> None:
    good, dead, mute, spec, full = (
        f"ls{kind}{uuid.uuid4().hex[:6]}" for kind in ("good", "dead", "mute", "spec", "full")
    )
    PLUGINS.mkdir(parents=True, exist_ok=True)
    named = json.dumps({"Name": full, "Addr": f"unix://{short}/spec.sock"})
    with contextlib.ExitStack() as stack:
        asked = stack.enter_context(serving_plugin(PLUGINS / f"{good}.sock", short / "good"))
        stack.enter_context(serving_plugin(short / "spec.sock", short / "spec"))
        stack.enter_context(announcing(**{f"{spec}_spec": f"unix://{short}/spec.sock\n", f"{full}_json": named}))
        with made(own, "-d", good) as volume, container(own, "-v", f"{volume}:/mnt") as name:
            engine = volumes(product, own)
            told = json.loads(own.client("info", "--format", "{{json .Plugins.Volume}}"))
        drivers = {driver["name"]: driver for driver in engine["volumeDrivers"]}
        assert set(told) <= set(drivers)
        used = drivers[good]
        assert (used["kind"], used["loaded"], used["enabled"], used["volumes"]) == ("plugin", True, True, 1)
        assert (used["scope"], used["reachable"]) == ("global", True)
        assert used["found"] == ["engine", str(PLUGINS / f"{good}.sock"), "volumes"]
        for other in (spec, full):
            assert drivers[other]["reachable"], other
            assert any("/etc/docker/plugins" in place for place in drivers[other]["found"])
        (mounted,) = [each for each in engine["volumes"] if each["name"] == volume]
        assert (mounted["driver"], mounted["mountpoint"]) == (good, str(short / "good" / volume))
        assert [each["container"] for each in mounted["mountedBy"]] == [name]

        stack.callback((PLUGINS / f"{dead}.sock").unlink, missing_ok=True)
        with socket.socket(socket.AF_UNIX) as nobody:
            nobody.bind(str(PLUGINS / f"{dead}.sock"))
        mute_listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # accepts, and says nothing
        stack.enter_context(announcing(**{f"{mute}_spec": f"tcp://127.0.0.1:{mute_listener.getsockname()[1]}"}))
        done = asking(product, own).run("volumes", "--engine", "docker", "--format", "json")
        assert done.returncode == 0, done.stderr
        engine = json.loads(done.stdout)["engine"]
        drivers = {driver["name"]: driver for driver in engine["volumeDrivers"]}
        assert drivers[good]["reachable"]
        assert drivers[dead]["why"].startswith("connection refused")
        assert drivers[mute]["why"].startswith("no answer within")
        if engine["volumes"] is None:  # the engine waits for the one that says nothing, and we do not
            assert any("no answer" in warning for warning in engine["warnings"])
    assert {each for each in asked if each.startswith("/VolumeDriver.")} >= {"/VolumeDriver.Capabilities"}


def test_podman_answers_what_it_can_and_says_what_it_cannot(podman: Running, product: Product) -> None:
    with made(podman, "--label", "team=blue") as name:
        found = volumes(product, podman)
    (volume,) = [each for each in found["volumes"] if each["name"] == name]
    assert volume["driver"] == "local"
    assert volume["labels"] == {"team": "blue"}
    assert any("no managed plugins" in warning for warning in found["warnings"])
    assert "local" in {driver["name"] for driver in found["volumeDrivers"]}


def test_podman_s_containers_of_an_image_and_what_they_mount(podman: Running, product: Product) -> None:
    bound = product.home / "bound"
    bound.mkdir()
    with made(podman) as named:
        options = ["--network", "none", "-v", f"{named}:/srv/cache", "-v", f"{bound}:/mnt:ro"]
        created = podman.client("create", *options, IMAGE).split()[-1]
        try:
            told = json.loads(podman.client("inspect", created))[0]
            arguments = ("volumes", f"podman:{IMAGE}", "--engine", "podman")
            document = json.loads(asking(product, podman).output(*arguments, "--format", "json"))
            table = asking(product, podman).output(*arguments).decode()
        finally:
            podman.client("rm", "-f", "-v", created)
    (shown,) = document["containers"]
    assert (shown["container"], shown["state"]) == (told["Name"], "created")
    assert {(each["target"], each["kind"], each["volume"], each["writable"]) for each in shown["mounts"]} == {
        (each["Destination"], each["Type"], each.get("Name"), each["RW"]) for each in told["Mounts"]
    }
    assert {each["target"] for each in shown["mounts"]} == {"/srv/cache", "/mnt", "/srv/data", "/var/lib/app"}
    assert f"/mntbind{bound},read-only" in "".join(table.split())  # wherever its lines break
    assert "/srv/data  anonymous volume " in table


def test_names_of_any_length_leave_room_at_80_columns(overlay2: Running, product: Product) -> None:
    name = "shop-production-" + "of-a-name-that-goes-on-" * 3 + uuid.uuid4().hex[:8]
    overlay2.client("volume", "create", "--label", "team=blue", name)
    try:
        for width in ("80", "200"):
            settings = {**asking(product, overlay2).settings, "COLUMNS": width}
            table = Product(product.home, settings).output("volumes").decode()
            assert name in table.replace("\n", "")
            assert "a directory of the engine's host" in table
            assert max(map(len, table.splitlines())) <= int(width)
    finally:
        overlay2.client("volume", "rm", name)


def test_a_volume_whose_driver_is_gone(own: Running, product: Product, short: Path) -> None:
    driver = f"lsgone{uuid.uuid4().hex[:6]}"
    PLUGINS.mkdir(parents=True, exist_ok=True)
    with serving_plugin(PLUGINS / f"{driver}.sock", short / "gone"):
        own.client("volume", "create", "-d", driver, "left")
        own.client("create", "--network", "none", "-v", "left:/mnt", IMAGE)
    done = asking(product, own).run("volumes", "--engine", "docker", "--no-sizes", "--format", "json")
    assert done.returncode == 0, done.stderr
    engine = json.loads(done.stdout)["engine"]
    named = {each["name"]: each for each in engine["volumeDrivers"]}
    assert named[driver]["loaded"]
    assert "nothing announces it on this host any more" in named[driver]["why"]
    if engine["volumes"] is None:  # the engine goes on looking for it, and we do not wait
        assert any("no answer" in warning for warning in engine["warnings"])
    else:
        (left,) = [each for each in engine["volumes"] if each["driver"] == driver]
        assert left["name"] == "left"
        assert left["problem"] == named[driver]["why"]
        assert left["mountedBy"] != []


def test_an_inspection_carries_three_lines_of_the_engine(overlay2: Running, product: Product) -> None:
    reference = f"docker:{IMAGE}"
    with made(overlay2):
        told = json.loads(overlay2.client("info", "--format", "{{json .}}"))
        document = asking(product, overlay2).json("inspect", reference)
        count = len(overlay2.client("volume", "ls", "-q").split())
    assert document["volumes"]["engine"] == {
        "reachable": True,
        "name": "docker",
        "storageDriver": told["Driver"],
        "volumeDrivers": told["Plugins"]["Volume"],
        "volumes": count,
    }
    assert asking(product, overlay2).json("inspect", reference, "--no-engine")["volumes"]["engine"] is None


def test_an_engine_that_hangs_neither_fails_nor_holds_an_inspection(product: Product, short: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(short / "silent.sock"))
        silent.listen()
        hanging = Product(product.home, {"DOCKER_HOST": f"unix://{short}/silent.sock"})
        document = hanging.json("inspect", "testdata/classic.docker-archive.tar")
        assert document["complete"]
        assert document["volumes"]["engine"] == dict.fromkeys(
            ("name", "storageDriver", "volumeDrivers", "volumes"), None
        ) | {"reachable": False}


@pytest.mark.parametrize("arguments", [("volumes",), ("volumes", "--engine", "docker")])
def test_no_engine_is_an_error_that_says_where_it_was_looked_for(product: Product, arguments: tuple[str, ...]) -> None:
    missing = Product(product.home, {"CONTAINER_HOST": f"unix://{product.home}/none.sock"})
    done = missing.run(*arguments)
    assert done.returncode == 3
    assert f"{product.home}/no-engine" in done.stderr.decode()
    assert b"there is no such socket" in done.stderr
    assert done.stdout == b""


def test_permission_denied_is_said(overlay2: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    need_root()
    monkeypatch.setenv("DOCKER_HOST", overlay2.host)
    mode, above = overlay2.socket.stat().st_mode, overlay2.socket.parent.stat().st_mode
    overlay2.socket.parent.chmod(0o755)
    overlay2.socket.chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(SourceUnreachable, match="permission denied on the socket"):
            first_engine("docker")
    finally:
        os.seteuid(0)
        overlay2.socket.chmod(mode)
        overlay2.socket.parent.chmod(above)
