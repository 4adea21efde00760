"""The Docker client's configuration, rule by rule (docker/cli v29 cli/config)."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from looking_up import asked, encoded, in_store, login, make_helper

from layerscope.credentials.credential import Kind, Source
from layerscope.credentials.dockerconfig import DockerConfig, hostname_form
from layerscope.credentials.dockerenvironment import DockerEnvironment
from layerscope.credentials.explanation import Outcome
from layerscope.credentials.helper import Helpers
from layerscope.credentials.local import LocalLogins
from layerscope.oci.reference import Reference

APP = "ghcr.io/org/app"
HUB = "https://index.docker.io/v1/"

RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("an entry of exactly the host counts", {"ghcr.io": login("a")}, APP, "a"),
    ("an entry of another host does not", {"quay.io": login("a")}, APP, ""),
    ("docker.io is filed under the v1 URL of index.docker.io", {HUB: login("a")}, "alpine", "a"),
    ("docker.io's own name is no key", {"docker.io": login("a")}, "alpine", ""),
    ("index.docker.io's bare name is no key", {"index.docker.io": login("a")}, "alpine", ""),
    ("Hub's key without the slash is another one", {HUB[:-1]: login("a")}, "alpine", ""),
    ("index.docker.io/x is an image of docker.io", {HUB: login("a")}, "index.docker.io/o/x", "a"),
    ("registry-1.docker.io is no other name of docker.io", {HUB: login("a")}, "registry-1.docker.io/o/x", ""),
    ("ConvertToHostname cuts https", {"https://ghcr.io": login("a")}, APP, "a"),
    ("ConvertToHostname cuts http", {"http://ghcr.io": login("a")}, APP, "a"),
    ("ConvertToHostname cuts the path of a URL", {"https://ghcr.io/v1/": login("a")}, APP, "a"),
    ("ConvertToHostname cuts the path without a scheme", {"ghcr.io/v2/": login("a")}, APP, "a"),
    ("ConvertToHostname cuts a user", {"https://u:p@ghcr.io/": login("a")}, APP, "a"),
    ("ConvertToHostname keeps the port", {"https://ghcr.io:443/": login("a")}, APP, ""),
    ("a port belongs to the key", {"h.example:5000": login("a")}, "h.example:5000/x", "a"),
    ("a port has to be the same", {"h.example:5000": login("a")}, "h.example:5001/x", ""),
    ("a host without port is another one than with", {"h.example": login("a")}, "h.example:5000/x", ""),
    ("exact goes before converted", {"https://ghcr.io/": login("b"), "ghcr.io": login("a")}, APP, "a"),
    ("an exact entry decides though it is empty", {"ghcr.io": {}, "https://ghcr.io/": login("b")}, APP, ""),
    ("no suffix of a host is the host", {"evil-ghcr.io": login("a"), "ghcr.io.evil.example": login("a")}, APP, ""),
    ("hosts are compared as they are written", {"GHCR.IO": login("a")}, APP, ""),
    ("there are no patterns", {"*.io": login("a")}, APP, ""),
    ("a namespaced key counts for the whole host", {"ghcr.io/other": login("a")}, APP, "a"),
    ("of namespaced keys the one that fits comes first (ours: Docker takes any)",
     {"ghcr.io/other": login("a"), "ghcr.io/org": login("b")}, APP, "b"),
    ("of those that fit the longest (ours)",
     {"ghcr.io/org": login("a"), "ghcr.io/org/app": login("b")}, APP, "b"),
    ("a namespace is of whole components (ours)",
     {"ghcr.io/or": login("a"), "https://ghcr.io": login("b")}, APP, "a"),
    ("the exact host goes before a namespace", {"ghcr.io/org/app": login("b"), "ghcr.io": login("a")}, APP, "a"),
    ("auth wins over username and password", {"ghcr.io": {**login("a"), "username": "b", "password": "b"}}, APP, "a"),
    ("username and password count without auth", {"ghcr.io": {"username": "a", "password": "w"}}, APP, "a"),
    ("an IPv6 host with a port is a host", {"[::1]:5000": login("a")}, "[::1]:5000/x", "a"),
    ("identitytoken counts with an empty password",
     {"ghcr.io": {"auth": encoded("0000:"), "identitytoken": "t"}}, APP, "0000"),
    ("identitytoken wins over a password", {"ghcr.io": {**login("a"), "identitytoken": "t"}}, APP, "a"),
    ("identitytoken counts alone", {"ghcr.io": {"identitytoken": "t"}}, APP, "identity-token"),
    ("registrytoken wins over everything",
     {"ghcr.io": {**login("a"), "identitytoken": "t", "registrytoken": "r"}}, APP, "registry-token"),
    ("an entry of email alone holds no login", {"ghcr.io": {"auth": "", "email": "a@b"}}, APP, ""),
]  # fmt: skip


def write(directory: Path, document: object) -> DockerConfig:
    file = directory / "config.json"
    file.write_text(json.dumps(document))
    return DockerConfig(file)


@pytest.mark.parametrize(("rule", "auths", "image", "user"), RULES, ids=[row[0] for row in RULES])
def test_which_entry(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rule: str, auths: object, image: str, user: str
) -> None:
    config = write(tmp_path, {"auths": auths})
    assert in_store(config, image) == user, rule
    assert not caplog.records


@pytest.mark.parametrize(
    ("auth", "user", "password"),
    [
        ("wren:word", "wren", "word"),
        ("wren:a:b:", "wren", "a:b:"),
        ("wren:\0word\0\0", "wren", "word"),
        ("<token>:x", "<token>", "x"),
        ("wrén:wörd", "wrén", "wörd"),
    ],
)
def test_what_auth_holds(tmp_path: Path, auth: str, user: str, password: str) -> None:
    config = write(tmp_path, {"auths": {"ghcr.io": {"auth": encoded(auth)}}})
    (found,) = LocalLogins((config,)).find(Reference.parse(APP))
    assert (found.username, found.secret, found.kind) == (user, password, Kind.PASSWORD)
    assert (found.place.source, found.place.file, found.key) == (Source.FILE, str(config.path), "ghcr.io")


def test_kinds(tmp_path: Path) -> None:
    auths = {"a.example": {"identitytoken": "canary-i"}, "b.example": {"registrytoken": "canary-r"}}
    logins = LocalLogins((write(tmp_path, {"auths": auths}),))
    (identity,) = logins.find(Reference.parse("a.example/x"))
    (registry,) = logins.find(Reference.parse("b.example/x"))
    assert (identity.kind, identity.secret) == (Kind.IDENTITY_TOKEN, "canary-i")
    assert (registry.kind, registry.secret) == (Kind.REGISTRY_TOKEN, "canary-r")


def test_line_breaks_in_base64_are_passed_over(tmp_path: Path) -> None:
    auth = encoded("wren:a-rather-long-word")
    assert in_store(write(tmp_path, {"auths": {"ghcr.io": {"auth": f"{auth[:8]}\r\n{auth[8:]}"}}}), APP) == "wren"


@pytest.mark.parametrize(
    "entry",
    [
        {"auth": "canary???"},
        {"auth": 7},
        {"auth": encoded("canary")},
        {"auth": encoded(":canary")},
        {"auth": encoded("canary:")},
        {"auth": encoded("canary:canary").rstrip("=")[:-1]},
        {"auth": base64.b64encode(b"\xff\xfe:canary").decode()},
        {"username": "canary"},
        {"username": "canary", "password": 7},
        {"identitytoken": ["canary"]},
        "canary",
        [],
    ],
)
def test_a_bad_entry_is_named_and_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture, entry: object) -> None:
    auths = {"ghcr.io": entry, "https://ghcr.io": login("wren"), "b.example": login("b")}
    config = write(tmp_path, {"auths": auths})
    with caplog.at_level(logging.DEBUG):
        assert in_store(config, APP) == "wren"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert (
        f"{config.path}: entry 'ghcr.io': its" in caplog.text
        or "it is not an object" in caplog.text
        or ("no whole user name" in caplog.text)
    )
    assert "canary" not in caplog.text
    assert "Y2FuYXJ5" not in caplog.text
    caplog.clear()
    assert in_store(config, "b.example/x") == "b"
    assert not caplog.records  # of entries that play no part nothing is said


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"auths": [1]}', '{"auths": {"ghcr.io": ', "\0", "[" * 9999, '{"credHelpers": 1}']
)
def test_a_broken_file_is_named_and_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    assert in_store(DockerConfig(file), "ghcr.io/a/b") == ""
    assert str(file) in caplog.text


def test_no_auths_no_file_no_directory_are_fine(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "config.json").write_text("{}")
    nobody = Helpers(environment={"PATH": ""})
    for path in (tmp_path / "config.json", tmp_path / "none.json", tmp_path / "config.json" / "below", None):
        assert in_store(DockerConfig(path), "ghcr.io/a/b", nobody) == ""
    assert not caplog.records


def test_a_directory_in_its_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert in_store(DockerConfig(tmp_path), "ghcr.io/a/b") == ""
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
    assert in_store(config, "ghcr.io/a/b", Helpers(environment={"PATH": ""})) == ""


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("ghcr.io", "ghcr.io"),
        ("https://ghcr.io/v1/", "ghcr.io"),
        ("host:5000/x", "host:5000"),
        ("http://user:word@host:5000/x", "host:5000"),
        ("https://host:/x", "host"),
        ("https://[bad", ""),
    ],
)
def test_hostname_forms(key: str, host: str) -> None:
    assert hostname_form(key) == host


# -- helpers ---------------------------------------------------------------------------------------------------------

HELPER_RULES: list[tuple[str, dict[str, Any], str, str, list[list[str]]]] = [
    ("credsStore is asked for every registry", {"credsStore": "one"}, APP, "one", [["one", "ghcr.io"]]),
    ("credHelpers is asked for its registry", {"credHelpers": {"ghcr.io": "two"}}, APP, "two", [["two", "ghcr.io"]]),
    ("credHelpers goes before credsStore",
     {"credsStore": "one", "credHelpers": {"ghcr.io": "two"}}, APP, "two", [["two", "ghcr.io"]]),
    ("credHelpers of another registry plays no part",
     {"credsStore": "one", "credHelpers": {"quay.io": "two"}}, APP, "one", [["one", "ghcr.io"]]),
    ("credHelpers wants exactly the key",
     {"auths": {"ghcr.io": login("a")}, "credHelpers": {"https://ghcr.io": "two"}}, APP, "a", []),
    ("an empty name in credHelpers turns credsStore off",
     {"auths": {"ghcr.io": login("a")}, "credsStore": "one", "credHelpers": {"ghcr.io": ""}}, APP, "a", []),
    ("Docker Hub is asked for by its v1 URL", {"credsStore": "one"}, "alpine", "hub", [["one", HUB]]),
    ("credHelpers knows Docker Hub by its v1 URL", {"credHelpers": {HUB: "one"}}, "alpine", "hub", [["one", HUB]]),
    ("the helper's answer takes the entry's place",
     {"auths": {"ghcr.io": login("a")}, "credsStore": "one"}, APP, "one", [["one", "ghcr.io"]]),
    ("also where it has nothing: no entry counts then",
     {"auths": {"q.example": login("a")}, "credsStore": "one"}, "q.example/x", "", [["one", "q.example"]]),
    ("a registrytoken in the file survives the helper",
     {"auths": {"ghcr.io": {"registrytoken": "r"}}, "credsStore": "one"}, APP, "registry-token", []),
    ("<token> is the user of an identity token",
     {"credsStore": "one"}, "t.example/x", "identity-token", [["one", "t.example"]]),
    ("empty fields are nothing", {"credsStore": "one"}, "e.example/x", "", [["one", "e.example"]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "document", "image", "user", "questions"), HELPER_RULES, ids=[r[0] for r in HELPER_RULES]
)
def test_which_helper(
    tmp_path: Path, rule: str, document: object, image: str, user: str, questions: list[list[str]]
) -> None:
    known = {"ghcr.io": ("one", "w"), HUB: ("hub", "w"), "t.example": ("<token>", "w"), "e.example": ("", "")}
    make_helper(tmp_path / "bin", "one", known)
    make_helper(tmp_path / "bin", "two", {"ghcr.io": ("two", "w")})
    helpers = Helpers(environment={"PATH": str(tmp_path / "bin")})
    assert in_store(write(tmp_path, document), image, helpers) == user, rule
    expected = [[f"docker-credential-{suffix}", "get", key] for suffix, key in questions]
    assert asked(tmp_path / "bin") == expected  # once, though it was found and explained


@pytest.mark.parametrize("document", ["{}", '{"auths": {}, "credHelpers": {}, "psFormat": "x"}', None])
@pytest.mark.parametrize(("present", "store"), [(("pass",), "pass"), ((), "secretservice")])
def test_the_default_store_is_asked_where_there_is_no_login_at_all(
    tmp_path: Path, document: str | None, present: tuple[str, ...], store: str
) -> None:
    for name in ("pass", "secretservice"):
        make_helper(tmp_path / "bin", name, {"ghcr.io": (name, "w")})
    for name in present:
        (tmp_path / "bin" / name).symlink_to("/bin/true")
    file = tmp_path / "config.json"
    if document is not None:
        file.write_text(document)
    helpers = Helpers(environment={"PATH": str(tmp_path / "bin")})
    assert in_store(DockerConfig(file), APP, helpers) == store


def test_no_default_store_where_there_is_any_login(tmp_path: Path) -> None:
    make_helper(tmp_path / "bin", "secretservice", {"ghcr.io": ("s", "w")})
    helpers = Helpers(environment={"PATH": str(tmp_path / "bin")})
    assert in_store(write(tmp_path, {"auths": {"q.example": {}}}), APP, helpers) == ""
    assert in_store(write(tmp_path, {"credHelpers": {"q.example": "x"}}), APP, helpers) == ""
    assert asked(tmp_path / "bin") == []


def test_a_missing_helper_is_named_and_sends_nobody_elsewhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = write(tmp_path, {"auths": {"ghcr.io": login("inline")}, "credsStore": "gone"})
    assert in_store(config, APP, Helpers(environment={"PATH": str(tmp_path)})) == ""
    assert "the credential helper docker-credential-gone is not on PATH" in caplog.text
    assert "inline-word" not in caplog.text


def test_helpers_can_be_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make_helper(tmp_path / "bin", "one", {"ghcr.io": ("one", "w")})
    helpers = Helpers(refusal="--no-helpers was given", environment={"PATH": str(tmp_path / "bin")})
    config = write(tmp_path, {"credsStore": "one"})
    assert in_store(config, APP, helpers) == ""
    (considered,) = LocalLogins((config,), helpers).explain(Reference.parse(APP)).considered
    assert (considered.outcome, considered.place.name) == (Outcome.IGNORED, "docker-credential-one")
    assert "--no-helpers" in considered.why
    assert asked(tmp_path / "bin") == []
    assert not caplog.records


# -- DOCKER_AUTH_CONFIG ----------------------------------------------------------------------------------------------

VARIABLE_RULES: list[tuple[str, object, str, str]] = [
    ("an entry of exactly the key counts", {"auths": {"ghcr.io": login("a")}}, APP, "a"),
    ("Docker Hub's key is the v1 URL", {"auths": {HUB: login("a")}}, "alpine", "a"),
    ("no other form of the key counts", {"auths": {"https://ghcr.io": login("a")}}, APP, ""),
    ("auths alone is known: another field spoils it all",
     {"auths": {"ghcr.io": login("a")}, "credsStore": "x"}, APP, ""),
    ("auth alone is known: another field spoils it all",
     {"auths": {"ghcr.io": {"username": "a", "password": "w"}}}, APP, ""),
    ("also the field of another entry",
     {"auths": {"ghcr.io": login("a"), "q.example": {**login("b"), "email": "x"}}}, APP, ""),
    ("an entry without auth is none", {"auths": {"ghcr.io": {}}}, APP, ""),
    ("it is JSON", "{", APP, ""),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "image", "user"), VARIABLE_RULES, ids=[row[0] for row in VARIABLE_RULES])
def test_the_variable(rule: str, value: object, image: str, user: str) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    assert in_store(DockerEnvironment(text), image) == user, rule
    assert "word" not in repr(DockerEnvironment(text))


def test_a_refused_variable_is_named(caplog: pytest.LogCaptureFixture) -> None:
    in_store(DockerEnvironment('{"auths": {}, "credsStore": "canary"}'), APP)
    assert "DOCKER_AUTH_CONFIG: Docker refuses its field 'credsStore'" in caplog.text
    assert "canary" not in caplog.text
