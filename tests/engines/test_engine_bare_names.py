"""A name without a scheme: an engine that has the image, else the registry, and every attempt told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from live.server import free_port

from layerscope.errors import PlatformNotFound, SourceUnreachable
from layerscope.sources.location import locate

from .looking import look, same_figures
from .running import TESTDATA

if TYPE_CHECKING:
    from pathlib import Path

    from .running import Running

CLASSIC = str(TESTDATA / "classic.docker-archive.tar")


def test_docker_has_it(overlay2: Running, podman: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", overlay2.host)
    monkeypatch.setenv("CONTAINER_HOST", podman.host)
    found = look("tour:classic")
    assert found.image.source == "docker"
    same_figures(found, look(CLASSIC))


def test_podman_has_it(overlay2: Running, podman: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", overlay2.host)
    monkeypatch.setenv("CONTAINER_HOST", podman.host)
    podman.client("tag", "localhost/tour:classic", "localhost/only:here")
    try:
        found = look("localhost/only:here")
    finally:
        podman.client("untag", "localhost/tour:classic", "localhost/only:here")
    assert found.image.source == "podman"
    assert found.image.reference == "localhost/only:here"
    same_figures(found, look(CLASSIC))


def test_podman_where_docker_is_expected_says_who_it_is(podman: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", podman.host)
    assert look("docker:localhost/tour:classic").image.source == "podman"


def test_nobody_has_it(overlay2: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", overlay2.host)
    with pytest.raises(SourceUnreachable) as caught:
        look(f"127.0.0.1:{free_port()}/nothing:1")
    told = caught.value.message
    order = ["as a file: there is none", "has no image '127.0.0.1:", "no-podman.sock", "tried the registry:"]
    assert [told.index(part) for part in order] == sorted(told.index(part) for part in order)


@pytest.mark.parametrize("broken", ["context", "address", "tls"])
def test_settings_that_name_no_engine_do_not_keep_from_the_registry(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_HOST")
    if broken == "context":
        (tmp_path / "docker").mkdir()
        (tmp_path / "docker/config.json").write_text(json.dumps({"currentContext": "gone"}))
    elif broken == "address":
        monkeypatch.setenv("DOCKER_HOST", "http://x")
    else:
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    with pytest.raises(SourceUnreachable, match="tried the registry:") as caught:
        look(f"127.0.0.1:{free_port()}/nothing:1")
    reason = {"context": "called 'gone'", "address": "not the address", "tls": "ca.pem"}[broken]
    assert reason in caught.value.message


def test_another_platform_than_the_engine_has_is_asked_of_the_registry(
    overlay2: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", overlay2.host)
    name = f"127.0.0.1:{free_port()}/tour:1"
    overlay2.client("tag", "tour:classic", name)
    try:
        assert look(name).image.source == "docker"
        with pytest.raises(SourceUnreachable, match="not linux/arm64.*tried the registry"):
            look(name, platform="linux/arm64")
        with pytest.raises(PlatformNotFound):
            look(f"docker:{name}", platform="linux/arm64")
    finally:
        overlay2.client("rmi", name)


def test_schemes(overlay2: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", overlay2.host)
    assert look("docker-daemon:tour:classic").totals == look("docker:tour:classic").totals
    assert "docker.io/library/docker:24" in locate("docker:24").remark
    assert locate("docker:tour:classic").remark == ""
    assert locate("docker:nginx").remark == ""
