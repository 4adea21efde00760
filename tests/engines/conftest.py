"""Two Docker engines and a Podman for the whole run: starting them is what takes time."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .certificates import Certificates, make_certificates
from .running import Running, serving_docker, serving_podman
from .watched import Watched, watching

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "XDG_RUNTIME_DIR")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Whom engines and clients of this run trust."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def overlay2(certificates: Certificates) -> Iterator[Running]:
    """Docker on overlay2; over TCP it wants to see a client certificate."""
    with _short() as directory, serving_docker(directory, "overlay2", certificates, ask_client=True) as running:
        yield running


@pytest.fixture(scope="session")
def vfs(certificates: Certificates) -> Iterator[Running]:
    """Docker on vfs; over TCP it speaks TLS to anybody."""
    with _short() as directory, serving_docker(directory, "vfs", certificates, ask_client=False) as running:
        yield running


@pytest.fixture(scope="session")
def podman() -> Iterator[Running]:
    """Podman's API service."""
    with _short() as directory, serving_podman(directory) as running:
        yield running


@pytest.fixture(params=["overlay2", "vfs", "podman"])
def engine(request: pytest.FixtureRequest) -> Running:
    """Each engine in turn."""
    running: Running = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory with a name so short that sockets may lie in it."""
    with _short() as directory:
        yield directory


@pytest.fixture
def watched(engine: Running, short: Path) -> Iterator[Watched]:
    """The engine, behind somebody who counts requests."""
    with watching(engine.socket, short / "watched.sock") as seen:
        yield seen


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No engine, context or login but the test's own."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/no-podman.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-docker.sock")


class _short(tempfile.TemporaryDirectory[str]):  # a function in all but name
    def __init__(self) -> None:
        super().__init__(prefix="ls-")

    def __enter__(self) -> Path:  # type: ignore[override]
        return Path(super().__enter__())
