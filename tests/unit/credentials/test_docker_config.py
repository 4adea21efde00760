"""The plain logins of the Docker client's configuration file."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from layerscope.credentials.dockerconfig import DockerConfig, hostname_form
from layerscope.oci.reference import Reference


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def found(directory: Path, auths: object, name: str = "ghcr.io/org/app", **more: Any) -> tuple[str, str, str] | None:
    file = directory / "config.json"
    file.write_text(json.dumps({"auths": auths, **more}))
    credentials = DockerConfig(file).find(Reference.parse(name))
    assert len(credentials) <= 1
    for credential in credentials:
        assert credential.place.file == str(file)
        return credential.username, credential.secret, credential.key
    return None


def test_an_entry_of_exactly_the_registry(tmp_path: Path) -> None:
    assert found(tmp_path, {"ghcr.io": {"auth": encoded("wren:word")}}) == ("wren", "word", "ghcr.io")


def test_the_first_colon_divides(tmp_path: Path) -> None:
    assert found(tmp_path, {"ghcr.io": {"auth": encoded("wren:a:b:")}}) == ("wren", "a:b:", "ghcr.io")


def test_trailing_zeros_are_padding(tmp_path: Path) -> None:
    assert found(tmp_path, {"ghcr.io": {"auth": encoded("wren:word\0\0")}}) == ("wren", "word", "ghcr.io")


def test_user_and_password_fields(tmp_path: Path) -> None:
    assert found(tmp_path, {"ghcr.io": {"username": "wren", "password": "word"}}) == ("wren", "word", "ghcr.io")


def test_auth_wins_over_the_fields(tmp_path: Path) -> None:
    entry = {"username": "other", "password": "other", "auth": encoded("wren:word")}
    assert found(tmp_path, {"ghcr.io": entry}) == ("wren", "word", "ghcr.io")


def test_docker_hub_has_a_key_of_its_own(tmp_path: Path) -> None:
    auths = {"https://index.docker.io/v1/": {"auth": encoded("wren:word")}, "docker.io": {"auth": encoded("no:no")}}
    for name in ("alpine", "docker.io/library/alpine", "index.docker.io/a/b"):
        assert found(tmp_path, auths, name) == ("wren", "word", "https://index.docker.io/v1/")
    assert found(tmp_path, auths, "registry-1.docker.io/a/b") is None


def test_the_exact_entry_comes_before_its_hostname_form(tmp_path: Path) -> None:
    auths = {"https://ghcr.io/v1/": {"auth": encoded("old:old")}, "ghcr.io": {"auth": encoded("wren:word")}}
    assert found(tmp_path, auths) == ("wren", "word", "ghcr.io")


@pytest.mark.parametrize(
    "key", ["https://ghcr.io", "https://ghcr.io/v2/", "http://ghcr.io/", "ghcr.io/v1/", "ghcr.io/ns"]
)
def test_an_entry_whose_hostname_form_it_is(tmp_path: Path, key: str) -> None:
    assert found(tmp_path, {"a.example": {"auth": encoded("n:n")}, key: {"auth": encoded("wren:word")}}) == (
        "wren",
        "word",
        key,
    )


@pytest.mark.parametrize(
    "key", ["ghcr.io.evil.example", "evil-ghcr.io", "ghcr.i", "https://evil/ghcr.io", "ghcr.io:443", ""]
)
def test_no_other_host_is_meant(tmp_path: Path, key: str) -> None:
    assert found(tmp_path, {key: {"auth": encoded("wren:word")}}) is None


def test_a_port_belongs_to_the_name(tmp_path: Path) -> None:
    auths = {"host.example": {"auth": encoded("a:a")}, "https://host.example:5000/v2": {"auth": encoded("b:b")}}
    assert found(tmp_path, auths, "host.example:5000/x") == ("b", "b", "https://host.example:5000/v2")
    assert found(tmp_path, auths, "host.example/x") == ("a", "a", "host.example")
    assert found(tmp_path, auths, "host.example:5001/x") is None


@pytest.mark.parametrize(
    "entry",
    [
        {"auth": "???"},
        {"auth": 7},
        {"auth": encoded("nocolon")},
        {"auth": encoded(":nouser")},
        {"auth": encoded("nopassword:")},
        {"auth": base64.b64encode(b"\xff\xfe:x").decode()},
        {"username": "only"},
        {"username": "wren", "password": 7},
        {"identitytoken": "canary"},
        "canary",
        [],
        None,
    ],
)
def test_a_bad_entry_is_named_and_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture, entry: object) -> None:
    auths = {"ghcr.io": entry, "https://ghcr.io": {"auth": encoded("wren:word")}, "b.example": {"auth": encoded("b:b")}}
    with caplog.at_level(logging.WARNING):
        assert found(tmp_path, auths) == ("wren", "word", "https://ghcr.io")
    assert "'ghcr.io'" in caplog.text
    assert "canary" not in caplog.text
    caplog.clear()
    assert found(tmp_path, auths, "b.example/x") == ("b", "b", "b.example")
    assert not caplog.records  # of entries that play no part nothing is said


def test_an_empty_entry_is_no_login_and_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert found(tmp_path, {"ghcr.io": {}}) is None
        assert found(tmp_path, {"ghcr.io": {"auth": "", "email": "a@b"}}) is None
    assert not caplog.records


@pytest.mark.parametrize("more", [{"credsStore": "desktop"}, {"credHelpers": {"ghcr.io": "desktop"}}])
def test_a_helper_is_mentioned(tmp_path: Path, caplog: pytest.LogCaptureFixture, more: dict[str, Any]) -> None:
    with caplog.at_level(logging.INFO):
        assert found(tmp_path, {"ghcr.io": {}}, **more) is None
    assert "'desktop'" in caplog.text


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"auths": [1]}', '{"auths": {"ghcr.io": ', "\0", "[" * 9999])
def test_a_broken_file_is_named_and_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    assert DockerConfig(file).find(Reference.parse("ghcr.io/a/b")) == ()
    assert str(file) in caplog.text


def test_no_auths_no_file_no_directory_are_fine(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "config.json").write_text("{}")
    for path in (tmp_path / "config.json", tmp_path / "none.json", tmp_path / "config.json" / "below", None):
        assert DockerConfig(path).find(Reference.parse("ghcr.io/a/b")) == ()
    assert not caplog.records


def test_a_directory_in_its_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert DockerConfig(tmp_path).find(Reference.parse("ghcr.io/a/b")) == ()
    assert str(tmp_path) in caplog.text


def test_where_the_file_is() -> None:
    assert DockerConfig.from_environment({"DOCKER_CONFIG": "/etc/d", "HOME": "/h"}).path == Path("/etc/d/config.json")
    assert DockerConfig.from_environment({"HOME": "/h"}).path == Path("/h/.docker/config.json")
    assert DockerConfig.from_environment({"HOME": "relative"}).path is None


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    config = DockerConfig.from_environment({})
    assert config.path is None
    assert config.find(Reference.parse("ghcr.io/a/b")) == ()


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("ghcr.io", "ghcr.io"),
        ("https://ghcr.io/v1/", "ghcr.io"),
        ("host:5000/x", "host:5000"),
        ("http://user:word@host:5000/x", "host:5000"),
        ("https://[bad", ""),
    ],
)
def test_hostname_forms(key: str, host: str) -> None:
    assert hostname_form(key) == host
