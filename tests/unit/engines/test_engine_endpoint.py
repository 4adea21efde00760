"""Which engine is meant, as the docker CLI would decide; and Podman's sockets."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from layerscope.engines.endpoint import docker_endpoint, podman_endpoint
from layerscope.engines.tls import Tls
from layerscope.errors import UsageError

DEFAULT = "unix:///var/run/docker.sock"
FILES = ("ca.pem", "cert.pem", "key.pem")


class Settings:
    """A directory of docker CLI settings, and the environment that names it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {"DOCKER_CONFIG": str(directory), "HOME": "/nowhere"}

    def config(self, content: Any) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (self.directory / "config.json").write_text(text)

    def context(self, name: str, *files: str, **endpoint: Any) -> Path:
        identity = hashlib.sha256(name.encode()).hexdigest()
        meta = self.directory / "contexts/meta" / identity / "meta.json"
        meta.parent.mkdir(parents=True)
        meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
        tls = self.directory / "contexts/tls" / identity / "docker"
        for file in files:
            tls.mkdir(parents=True, exist_ok=True)
            (tls / file).touch()
        return tls


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings")


def url(settings: Settings, **environment: str) -> str:
    return docker_endpoint({**settings.environment, **environment}).url


def test_nothing_said_is_the_default_socket(settings: Settings) -> None:
    endpoint = docker_endpoint(settings.environment)
    assert (endpoint.url, endpoint.tls, endpoint.socket) == (DEFAULT, None, Path("/var/run/docker.sock"))
    assert docker_endpoint({"HOME": "/nowhere"}).url == DEFAULT


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
        ("tcp://10.0.0.1:1234", "tcp://10.0.0.1:1234"),
        ("tcp://:1234", "tcp://localhost:1234"),
        ("tcp://[::1]:1234/prefix/", "tcp://[::1]:1234/prefix"),
        ("10.0.0.1:1234", "tcp://10.0.0.1:1234"),
        ("unix:///run/x.sock", "unix:///run/x.sock"),
        ("unix://", DEFAULT),
        ("  unix:///run/x.sock ", "unix:///run/x.sock"),
        ("ssh://me@host:22", "ssh://me@host:22"),
        ("ssh://host", "ssh://host"),
    ],
)
def test_addresses(settings: Settings, host: str, expected: str) -> None:
    assert url(settings, DOCKER_HOST=host) == expected


def test_a_relative_socket_is_relative_to_here(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert url(settings, DOCKER_HOST="unix://x.sock") == f"unix://{tmp_path}/x.sock"


@pytest.mark.parametrize(
    "host",
    ["http://x:1", "https://x:1", "foo://x", "/run/x.sock", "unix:/run/x.sock", "tcp://a@b:1", "tcp://x:y", "ssh://"],
)
def test_what_is_no_address_is_refused(settings: Settings, host: str) -> None:
    with pytest.raises(UsageError, match="DOCKER_HOST") as caught:
        url(settings, DOCKER_HOST=host)
    assert "unix:///PATH" in caught.value.hint


def test_docker_host_beats_docker_context_beats_current_context(settings: Settings) -> None:
    settings.config({"currentContext": "current"})
    settings.context("current", Host="unix:///run/current.sock")
    settings.context("named", Host="unix:///run/named.sock")
    assert url(settings) == "unix:///run/current.sock"
    assert url(settings, DOCKER_CONTEXT="named") == "unix:///run/named.sock"
    assert url(settings, DOCKER_CONTEXT="named", DOCKER_HOST="unix:///run/host.sock") == "unix:///run/host.sock"
    assert url(settings, DOCKER_CONTEXT="default") == DEFAULT
    assert url(settings, DOCKER_CONTEXT="gone", DOCKER_HOST="unix:///run/host.sock") == "unix:///run/host.sock"


def test_the_endpoint_says_who_named_it(settings: Settings) -> None:
    settings.config({"currentContext": "current"})
    settings.context("current", Host="unix:///run/current.sock")
    told = str(docker_endpoint(settings.environment))
    assert told.startswith("the Docker engine at unix:///run/current.sock (context 'current' by currentContext of ")
    told = str(docker_endpoint({**settings.environment, "DOCKER_HOST": "unix:///x"}))
    assert told == "the Docker engine at unix:///x (DOCKER_HOST)"


@pytest.mark.parametrize("by", ["DOCKER_CONTEXT", "currentContext"])
def test_an_unknown_context_is_an_error_that_lists_the_known(settings: Settings, by: str) -> None:
    """The SDK would go on with the local socket."""
    settings.context("one", Host="unix:///run/one.sock")
    settings.context("two", Host="unix:///run/two.sock")
    settings.config({"currentContext": "gone"} if by == "currentContext" else {})
    environment = {"DOCKER_CONTEXT": "gone"} if by == "DOCKER_CONTEXT" else {}
    with pytest.raises(UsageError, match=f"'gone', which {by}") as caught:
        url(settings, **environment)
    assert "default, one, two" in caught.value.hint


def test_contexts_of_the_working_directory_are_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a config.json the SDK looks below the working directory, which may be a stranger's."""
    Settings(tmp_path).context("trap", Host="tcp://evil:1")
    monkeypatch.chdir(tmp_path)
    for environment in ({"DOCKER_CONFIG": str(tmp_path / "none")}, {"HOME": str(tmp_path / "none")}, {"HOME": "."}):
        with pytest.raises(UsageError, match="no Docker context"):
            docker_endpoint({"DOCKER_CONTEXT": "trap", **environment})


@pytest.mark.parametrize("content", ["{", "[]", '{"currentContext": 3}', "\ud800".encode("utf-8", "surrogatepass")])
def test_settings_that_cannot_be_read_count_for_nothing_and_are_named(
    settings: Settings, content: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    settings.config("")
    data = content if isinstance(content, bytes) else content.encode()
    (settings.directory / "config.json").write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert url(settings) == DEFAULT
    assert "config.json" in caplog.text


def test_logins_in_the_settings_do_not_matter(settings: Settings) -> None:
    settings.config({"auths": {"x": {"auth": ""}}, "currentContext": "one"})
    settings.context("one", Host="unix:///run/one.sock")
    assert url(settings) == "unix:///run/one.sock"


@pytest.mark.parametrize("files", [("ca.pem",), FILES, ("cert.pem", "key.pem"), ("cert.pem",)])
def test_a_context_with_any_tls_file_speaks_tls(settings: Settings, files: tuple[str, ...]) -> None:
    """The SDK speaks TLS only where all three files are there, and plain HTTP otherwise."""
    directory = settings.context("far", *files, Host="tcp://far:2376")
    tls = docker_endpoint({**settings.environment, "DOCKER_CONTEXT": "far"}).tls
    assert tls is not None and tls.verify
    assert tls.ca == (directory / "ca.pem" if "ca.pem" in files else None)
    assert tls.key == (directory / "key.pem" if "key.pem" in files else None)
    assert (tls.certificate is None) == (tls.key is None)


def test_a_context_without_tls_files(settings: Settings) -> None:
    settings.context("plain", Host="tcp://far:2375")
    settings.context("http", Host="http://far:2375")
    settings.context("blind", Host="tcp://far:2376", SkipTLSVerify=True)
    settings.context("empty")
    environment = settings.environment
    assert docker_endpoint({**environment, "DOCKER_CONTEXT": "plain"}).tls is None
    assert docker_endpoint({**environment, "DOCKER_CONTEXT": "http"}).url == "tcp://far:2375"
    assert docker_endpoint({**environment, "DOCKER_CONTEXT": "blind"}).tls == Tls(verify=False)
    assert docker_endpoint({**environment, "DOCKER_CONTEXT": "empty"}).url == DEFAULT


def test_a_key_without_its_certificate(settings: Settings) -> None:
    settings.context("half", "key.pem", Host="tcp://far:2376")
    with pytest.raises(UsageError, match="key.pem"):
        url(settings, DOCKER_CONTEXT="half")


@pytest.mark.parametrize("content", ["{", "[]", '{"Endpoints": {}}', '{"Endpoints": {"docker": {"Host": 1}}}'])
def test_a_broken_context(settings: Settings, content: str) -> None:
    settings.context("broken", Host="x")
    next(settings.directory.glob("contexts/meta/*/meta.json")).write_text(content)
    with pytest.raises(UsageError, match=r"meta\.json"):
        url(settings, DOCKER_CONTEXT="broken")


def certificates(directory: Path, *names: str) -> str:
    directory.mkdir()
    for name in names:
        (directory / name).touch()
    return str(directory)


def test_tls_variables(settings: Settings, tmp_path: Path) -> None:
    place = certificates(tmp_path / "certs", *FILES)
    host = {**settings.environment, "DOCKER_HOST": "tcp://far:2376", "DOCKER_CERT_PATH": place}
    assert docker_endpoint(host).tls is None  # the path alone asks for nothing
    ca, certificate, key = (Path(place, name) for name in FILES)
    assert docker_endpoint({**host, "DOCKER_TLS_VERIFY": "1"}).tls == Tls(ca, certificate, key, verify=True)
    assert docker_endpoint({**host, "DOCKER_TLS_VERIFY": "0"}).tls == Tls(ca, certificate, key, verify=True)
    assert docker_endpoint({**host, "DOCKER_TLS": "1"}).tls == Tls(ca, certificate, key, verify=False)
    del host["DOCKER_HOST"]
    assert docker_endpoint({**host, "DOCKER_TLS_VERIFY": "1"}).url == "tcp://localhost:2376"


def test_tls_variables_with_a_ca_alone(settings: Settings, tmp_path: Path) -> None:
    place = certificates(tmp_path / "certs", "ca.pem")
    host = {**settings.environment, "DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS_VERIFY": "1"}
    assert docker_endpoint({**host, "DOCKER_CERT_PATH": place}).tls == Tls(Path(place, "ca.pem"), verify=True)


def test_tls_variables_without_certificates(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"there is no .*settings/ca\.pem"):
        url(settings, DOCKER_TLS_VERIFY="1", DOCKER_HOST="tcp://far:2376")
    with pytest.raises(UsageError, match="DOCKER_TLS_VERIFY"):
        docker_endpoint({"DOCKER_TLS_VERIFY": "1", "HOME": "."})


def test_podman(tmp_path: Path) -> None:
    socket = tmp_path / "podman" / "podman.sock"
    assert podman_endpoint({"XDG_RUNTIME_DIR": str(tmp_path)}).url == "unix:///run/podman/podman.sock"
    socket.parent.mkdir()
    socket.touch()
    assert podman_endpoint({"XDG_RUNTIME_DIR": str(tmp_path)}).url == f"unix://{socket}"
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "CONTAINER_HOST": "unix:///run/other.sock"}
    endpoint = podman_endpoint(environment)
    assert (endpoint.url, endpoint.origin, endpoint.engine) == ("unix:///run/other.sock", "CONTAINER_HOST", "podman")
    assert podman_endpoint({"CONTAINER_HOST": "tcp://far:8080"}).url == "tcp://far:8080"


def test_podman_over_ssh_is_refused_with_the_way_round(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SSH") as caught:
        podman_endpoint({"CONTAINER_HOST": "ssh://me@far/run/podman/podman.sock"})
    assert "ssh -nNT -L" in caught.value.hint
