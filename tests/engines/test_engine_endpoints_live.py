"""The endpoint that is really spoken to: the docker CLI's own, over a socket or TLS, and never plain HTTP for TLS."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from layerscope.engines.client import connect
from layerscope.engines.endpoint import docker_endpoint
from layerscope.errors import LayerscopeError, SourceUnreachable

from .fake import serving_fake
from .looking import look, same_figures
from .running import TESTDATA, docker_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .certificates import Certificates
    from .fake import FakeEngine
    from .running import Running

CASES = [
    ({"DOCKER_HOST": "host"}, None),
    ({"DOCKER_CONTEXT": "named"}, None),
    ({"DOCKER_HOST": "host", "DOCKER_CONTEXT": "named"}, None),
    ({"DOCKER_HOST": "host", "DOCKER_CONTEXT": "gone"}, None),
    ({"DOCKER_HOST": "host"}, "current"),
    ({"DOCKER_CONTEXT": "named"}, "current"),
    ({}, "current"),
    ({"DOCKER_CONTEXT": "gone"}, "current"),
    ({}, "gone"),
]


def write_context(directory: Path, name: str, host: str, *files: Path, **more: Any) -> None:
    """A context as ``docker context create`` makes it."""
    identity = hashlib.sha256(name.encode()).hexdigest()
    meta = directory / "contexts/meta" / identity / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, **more}}}))
    for file in files:
        target = directory / "contexts/tls" / identity / "docker" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty CLI settings, and no variable set."""
    directory = tmp_path / "docker"
    directory.mkdir()
    monkeypatch.delenv("DOCKER_HOST")
    return directory


@pytest.fixture
def fakes(short: Path, settings: Path) -> Iterator[dict[str, FakeEngine]]:
    """An engine for DOCKER_HOST, and one for each of two contexts."""
    directories = {name: short / name for name in ("host", "named", "current")}
    for directory in directories.values():
        directory.mkdir()
    with (
        serving_fake(directories["host"]) as host,
        serving_fake(directories["named"]) as named,
        serving_fake(directories["current"]) as current,
    ):
        write_context(settings, "named", named.host)
        write_context(settings, "current", current.host)
        yield {"host": host, "named": named, "current": current}


@pytest.mark.parametrize(("variables", "current"), CASES)
def test_the_same_engine_as_the_docker_cli(
    fakes: dict[str, FakeEngine],
    settings: Path,
    variables: dict[str, str],
    current: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if current:
        (settings / "config.json").write_text(json.dumps({"currentContext": current}))
    for name, value in variables.items():
        monkeypatch.setenv(name, fakes["host"].host if name == "DOCKER_HOST" else value)
    command = [docker_client(), "version"]
    cli = subprocess.run(command, env=dict(os.environ), capture_output=True, check=False, timeout=60)
    theirs = [name for name, fake in fakes.items() if fake.requests]
    assert bool(theirs) == (cli.returncode == 0)
    for fake in fakes.values():
        fake.requests.clear()
    try:
        connect(docker_endpoint()).close()
    except LayerscopeError:
        assert not theirs
    assert [name for name, fake in fakes.items() if fake.requests] == theirs


@pytest.mark.parametrize("files", [("ca",), ("ca", "certificate", "key")], ids=["ca alone", "all three"])
@pytest.mark.parametrize("by", ["context", "variables"])
def test_tls_with_a_ca_alone_where_no_certificate_is_asked_for(
    vfs: Running, settings: Path, files: tuple[str, ...], by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure(vfs, settings, files, by, tmp_path, monkeypatch)
    found = look("docker:tour:classic")
    same_figures(found, look(str(TESTDATA / "classic.docker-archive.tar")))


@pytest.mark.parametrize("by", ["context", "variables"])
def test_tls_with_a_client_certificate(
    overlay2: Running, settings: Path, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure(overlay2, settings, ("ca", "certificate", "key"), by, tmp_path, monkeypatch)
    found = look("docker:tour:classic")
    same_figures(found, look(str(TESTDATA / "classic.docker-archive.tar")))


def test_tls_without_the_client_certificate_that_is_asked_for(
    overlay2: Running, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure(overlay2, settings, ("ca",), "context", tmp_path, monkeypatch)
    with pytest.raises(SourceUnreachable, match="certificate") as caught:
        look("docker:tour:classic")
    assert "cert.pem and key.pem" in caught.value.hint


def test_a_certificate_of_another_authority(
    vfs: Running, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from .certificates import make_certificates

    strangers = make_certificates(tmp_path / "strangers")
    write_context(settings, "far", vfs.secure, strangers.ca)
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    with pytest.raises(SourceUnreachable, match="not trusted") as caught:
        look("docker:tour:classic")
    assert "ca.pem" in caught.value.hint


def test_without_any_ca_the_system_decides(
    vfs: Running, certificates: Certificates, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_context(settings, "far", vfs.secure, certificates.certificate, certificates.key)
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    with pytest.raises(SourceUnreachable, match="not trusted"):
        look("docker:tour:classic")


def test_verification_turned_off(vfs: Running, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_context(settings, "blind", vfs.secure, SkipTLSVerify=True)
    monkeypatch.setenv("DOCKER_CONTEXT", "blind")
    assert look("docker:tour:classic").totals.layers == 12  # and no warning: they are errors here


def test_plain_http_to_an_engine_behind_tls(vfs: Running, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", vfs.secure)
    with pytest.raises(SourceUnreachable, match="speaks TLS only") as caught:
        look("docker:tour:classic")
    assert "DOCKER_TLS_VERIFY" in caught.value.hint


def test_tls_is_never_given_up_for_http(
    certificates: Certificates, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a CA and no client certificate the SDK by itself speaks plain HTTP."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    heard.append(client.recv(4096))
                    client.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK")

        threading.Thread(target=answer, daemon=True).start()
        write_context(settings, "plain", f"tcp://localhost:{listener.getsockname()[1]}", certificates.ca)
        monkeypatch.setenv("DOCKER_CONTEXT", "plain")
        with pytest.raises(SourceUnreachable, match="speaks no TLS"):
            look("docker:tour:classic")
        listener.shutdown(socket.SHUT_RDWR)
    assert heard and all(first[:1] == b"\x16" for first in heard)  # a TLS handshake, and nothing else


def secure(
    running: Running,
    settings: Path,
    files: tuple[str, ...],
    by: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Point this process at an engine's TLS port, with so much to show."""
    paths: list[Path] = [getattr(running.certificates, name) for name in files]
    if by == "context":
        write_context(settings, "far", running.secure, *paths)
        monkeypatch.setenv("DOCKER_CONTEXT", "far")
        return
    place = tmp_path / "shown"
    place.mkdir()
    for path in paths:
        (place / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("DOCKER_HOST", running.secure)
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(place))
