"""containers auth.json, rule by rule (containers-auth.json(5), containers/image pkg/docker/config)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from containersrules import APP, RULES
from looking_up import asked, encoded, in_store, login, make_helper

from layerscope.credentials.containersauth import ContainersAuth, default_files
from layerscope.credentials.credential import Kind
from layerscope.credentials.explanation import Outcome
from layerscope.credentials.helper import Helpers
from layerscope.credentials.local import LocalLogins
from layerscope.errors import UsageError
from layerscope.oci.reference import Reference


def write(directory: Path, document: object) -> ContainersAuth:
    file = directory / "auth.json"
    file.write_text(json.dumps(document))
    return ContainersAuth(file)


@pytest.mark.parametrize(("rule", "auths", "image", "user"), RULES, ids=[row[0] for row in RULES])
def test_which_entry(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rule: str, auths: object, image: str, user: str
) -> None:
    assert in_store(write(tmp_path, {"auths": auths}), image) == user, rule
    assert not caplog.records


LEGACY_RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("entries stand alone in the old file", {"quay.io": login("a")}, APP, "a"),
    ("keys are URLs", {"https://quay.io/v1/": login("a")}, APP, "a"),
    ("a path is cut off without a scheme, too", {"quay.io/v1/": login("a")}, APP, "a"),
    ("so a namespace counts for the registry", {"quay.io/other": login("a")}, APP, "a"),
    ("Docker Hub's URL", {"https://index.docker.io/v1/": login("a")}, "alpine", "a"),
    ("auths is one entry like any other", {"auths": {"quay.io": login("a")}}, APP, ""),
]


@pytest.mark.parametrize(("rule", "entries", "image", "user"), LEGACY_RULES, ids=[row[0] for row in LEGACY_RULES])
def test_which_entry_of_the_old_file(tmp_path: Path, rule: str, entries: object, image: str, user: str) -> None:
    store = ContainersAuth(write(tmp_path, entries).path, legacy=True)
    assert in_store(store, image) == user, rule


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"auth": "canary???"}, "base64"),
        ({"auth": encoded("canary")}, "base64"),
        ({"auth": encoded("canary:")}, "no whole user name"),
        ({"username": "u", "password": "canary"}, "Podman reads 'auth'"),
        ({"identitytoken": "canary"}, "Podman reads 'auth'"),
        ({"registrytoken": "canary"}, "Podman reads 'auth'"),
        ("canary", "not an object"),
    ],
)
def test_a_bad_entry_is_named_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, entry: object, said: str
) -> None:
    store = write(tmp_path, {"auths": {"quay.io/org": entry, "quay.io": login("wren")}})
    assert in_store(store, APP) == "wren"
    assert f"{store.path}: entry 'quay.io/org': " in caplog.text
    assert said in caplog.text
    assert "canary" not in caplog.text


def test_an_identity_token(tmp_path: Path) -> None:
    store = write(tmp_path, {"auths": {"quay.io": {"auth": encoded("u:"), "identitytoken": "canary"}}})
    (found,) = LocalLogins((store,)).find(Reference.parse(APP))
    assert (found.kind, found.secret, found.username) == (Kind.IDENTITY_TOKEN, "canary", "u")


# -- helpers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "image", "user", "questions"),
    [
        ({"credHelpers": {"quay.io": "one"}, "auths": {"quay.io/org": login("a")}}, APP, "h", ["quay.io"]),
        ({"credHelpers": {"docker.io": "one"}}, "alpine", "hub", ["docker.io"]),
        ({"credHelpers": {"https://quay.io": "one"}, "auths": {"quay.io": login("a")}}, APP, "a", []),
        ({"credHelpers": {"quay.io/org": "one"}, "auths": {"quay.io": login("a")}}, APP, "a", []),
        ({"credsStore": "one", "auths": {"quay.io": login("a")}}, APP, "a", []),
        ({"credsStore": "one"}, APP, "", []),
        ({"credHelpers": {"t.example": "one"}}, "t.example/x", "identity-token", ["t.example"]),
        ({"credHelpers": {"n.example": "one"}, "auths": {"n.example": login("a")}}, "n.example/x", "", ["n.example"]),
    ],
    ids=[
        "a helper of the registry goes before every entry",
        "Docker Hub is asked for as docker.io",
        "a helper's key is the host alone",
        "no helper has a namespace",
        "credsStore is not read, entries are",
        "credsStore is not read, nothing else is there",
        "<token> is the user of an identity token",
        "what a helper does not know, the file does not either",
    ],
)
def test_which_helper(tmp_path: Path, document: object, image: str, user: str, questions: list[str]) -> None:
    known = {"quay.io": ("h", "w"), "docker.io": ("hub", "w"), "t.example": ("<token>", "w")}
    make_helper(tmp_path / "bin", "one", known)
    assert in_store(write(tmp_path, document), image, Helpers(environment={"PATH": str(tmp_path / "bin")})) == user
    assert asked(tmp_path / "bin") == [["docker-credential-one", "get", key] for key in questions]


def test_credsstore_is_said_to_be_ignored(tmp_path: Path) -> None:
    store = write(tmp_path, {"credsStore": "one"})
    considered = LocalLogins((store,)).explain(Reference.parse(APP)).considered
    assert [each.outcome for each in considered] == [Outcome.NO_MATCH, Outcome.IGNORED]
    assert "credsStore" in considered[1].why


# -- which files -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="the run-time directory is Linux's")
def test_where_the_files_are() -> None:
    there = {"HOME": "/h", "XDG_RUNTIME_DIR": "/r", "XDG_CONFIG_HOME": "/c"}
    assert [str(each.path) for each in default_files(there)] == [
        "/r/containers/auth.json",
        "/c/containers/auth.json",
        "/h/.dockercfg",
    ]
    assert [str(each.path) for each in default_files({"HOME": "/h"})] == [
        f"/run/containers/{os.getuid()}/auth.json",
        "/h/.config/containers/auth.json",
        "/h/.dockercfg",
    ]
    assert [each.legacy for each in default_files(there)] == [False, False, True]
    relative = {"HOME": "h", "XDG_RUNTIME_DIR": "r", "XDG_CONFIG_HOME": "c"}
    assert default_files(relative) == []  # the working directory may be anybody's


@pytest.mark.parametrize("text", ["", "{", "[]", '{"auths": 1}', '{"credHelpers": {"quay.io": 1}}', "\0"])
def test_a_broken_file(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    file = tmp_path / "auth.json"
    file.write_text(text)
    assert in_store(ContainersAuth(file), APP) == ""
    assert str(file) in caplog.text
    named = LocalLogins((ContainersAuth(file, option="--authfile", required=True),))
    with pytest.raises(UsageError) as caught:
        named.find(Reference.parse(APP))
    assert f"{file} (--authfile): " in caught.value.message
    assert "podman login" in caught.value.hint
    assert named.explain(Reference.parse(APP)).blocked is not None


def test_a_file_that_is_not_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "none"
    assert in_store(ContainersAuth(file), APP) == ""
    assert not caplog.records
    assert in_store(ContainersAuth(file, option="REGISTRY_AUTH_FILE"), APP) == ""
    assert f"{file} (REGISTRY_AUTH_FILE): there is no such file" in caplog.text
    with pytest.raises(UsageError, match="there is no such file"):
        LocalLogins((ContainersAuth(file, option="--authfile", required=True),)).find(Reference.parse(APP))
