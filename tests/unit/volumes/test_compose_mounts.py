"""What the services of a compose file mount."""

from __future__ import annotations

import pytest

from layerscope.cluster.manifests import read_yaml
from layerscope.errors import UsageError
from layerscope.volumes.compose import compose_services, interpolated
from layerscope.volumes.matching import units_of
from layerscope.volumes.mountpoint import MountingUnit

FILE = b"""
services:
  web:
    image: registry.example/app:${TAG:-1}
    tmpfs: [/run, "/cache:size=1m"]
    volumes:
      - data:/var/lib/app
      - data:/elsewhere:nocopy
      - ./src:/src:ro
      - /host:/host
      - /only
      - nas:/nas
      - stranger:/stranger
      - {type: bind, source: /a, target: /b}
      - {type: volume, source: data, target: /c, volume: {nocopy: true}}
      - {type: tmpfs, target: /d}
  worker: {build: .}
volumes:
  data:
  nas: {driver_opts: {type: nfs, o: "addr=10.0.0.1,password=hunter2", device: ":/x"}}
"""


def services(environment: dict[str, str]) -> dict[str, MountingUnit]:
    (document,) = read_yaml(FILE, "compose.yaml")
    return {unit.short: unit for unit in compose_services(document, "compose.yaml", environment)}


def test_short_and_long_forms() -> None:
    web = services({})["web"]
    assert web.image == "registry.example/app:1"
    shown = [(mount.path, mount.kind, mount.name.partition(" ")[0], mount.copies) for mount in web.mounts]
    assert shown == [
        ("/var/lib/app", "volume", "data", True),
        ("/elsewhere", "volume", "data", False),
        ("/src", "bind", "./src", False),
        ("/host", "bind", "/host", False),
        ("/only", "volume", "", True),
        ("/nas", "volume", "nas", True),
        ("/stranger", "volume", "stranger", True),
        ("/b", "bind", "/a", False),
        ("/c", "volume", "data", False),
        ("/d", "tmpfs", "", False),
        ("/run", "tmpfs", "", False),
        ("/cache", "tmpfs", "", False),
    ]
    names = {mount.path: mount for mount in web.mounts}
    assert "NFS export 10.0.0.1:/x" in names["/nas"].name
    assert "hunter2" not in repr(web)
    assert "declares no volume" in names["/stranger"].warnings[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A-${A}", "x-x"),
        ("${B}", ""),
        ("${B:-y}${B-z}", "yz"),
        ("${E:-y}${E-z}", "y"),
        ("${A:+w}${B:+w}${E+w}", "ww"),
        ("$$A", "$A"),
        ("${A:?must be}", "x"),
        ("100$", "100$"),
    ],
)
def test_variables(text: str, expected: str) -> None:
    assert interpolated(text, {"A": "x", "E": ""}) == expected


@pytest.mark.parametrize("document", [None, 7, [], {}, {"services": []}, {"services": {}}, {"version": "3"}])
def test_what_is_no_compose_file_is_refused_by_name(document: object) -> None:
    with pytest.raises(UsageError, match=r"x\.yaml is not a compose file"):
        compose_services(document, "x.yaml")


@pytest.mark.parametrize("service", [None, 7, [], {"volumes": 7}, {"volumes": [7, {}]}, {"tmpfs": 7}])
def test_a_garbled_service_mounts_nothing(service: object) -> None:
    (unit,) = compose_services({"services": {"web": service}}, "x.yaml", {})
    assert unit.mounts == ()


def test_services_are_those_that_name_the_image() -> None:
    units = list(services({"TAG": "2"}).values())
    (found,) = units_of(units, "registry.example/app:2", set(), "compose.yaml")
    assert found.short == "web"
    assert units_of(units, "anything", set(), "compose.yaml", "worker")[0].short == "worker"
    with pytest.raises(UsageError, match="has no container of") as raised:
        units_of(units, "registry.example/app:3", set(), "compose.yaml")
    assert "registry.example/app:2" in raised.value.hint
    assert "worker is built" in raised.value.hint
    with pytest.raises(UsageError, match="nothing called 'x'"):
        units_of(units, "anything", set(), "compose.yaml", "x")


def test_an_image_is_known_by_its_digest_too() -> None:
    digest = "sha256:" + "a" * 64
    unit = MountingUnit("Pod web, container app", "app", f"mirror.example/app@{digest}", ())
    assert units_of([unit], "./image.tar", {digest}, "pod.yaml") == (unit,)
