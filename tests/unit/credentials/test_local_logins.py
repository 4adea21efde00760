"""The order in which places count, and that nothing behind the first login is asked."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from looking_up import asked, login, make_helper, users

from layerscope.credentials.explanation import Outcome, Rules
from layerscope.credentials.local import LocalLogins
from layerscope.oci.reference import Reference

APP = "ghcr.io/org/app"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A login in every place, each of another user."""
    places = {
        "docker/config.json": {"auths": {"ghcr.io": login("docker")}},
        "run/containers/auth.json": {"auths": {"ghcr.io": login("runtime")}},
        "config/containers/auth.json": {"auths": {"ghcr.io": login("config")}},
        "home/.dockercfg": {"ghcr.io": login("legacy")},
        "named.json": {"auths": {"ghcr.io": login("named")}},
    }
    for place, document in places.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(json.dumps(document))
    return {
        "HOME": str(tmp_path / "home"),
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"ghcr.io": login("variable")}}),
        "REGISTRY_AUTH_FILE": str(tmp_path / "named.json"),
        "PATH": "",
    }


def test_each_place_goes_before_the_next(environment: dict[str, str], tmp_path: Path) -> None:
    assert users(LocalLogins.from_environment(environment), APP) == ["named"]
    del environment["REGISTRY_AUTH_FILE"]
    assert users(LocalLogins.from_environment(environment), APP) == ["variable"]
    del environment["DOCKER_AUTH_CONFIG"]
    for place, user in [
        ("docker/config.json", "docker"),
        ("run/containers/auth.json", "runtime"),
        ("config/containers/auth.json", "config"),
        ("home/.dockercfg", "legacy"),
    ]:
        assert users(LocalLogins.from_environment(environment), APP) == [user]
        (tmp_path / place).unlink()
    assert users(LocalLogins.from_environment(environment), APP) == []


def test_beside_registry_auth_file_nothing_counts(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "named.json").write_text("{}")
    assert users(LocalLogins.from_environment(environment), APP) == []


def test_everything_considered_is_told_in_order(environment: dict[str, str], tmp_path: Path) -> None:
    del environment["REGISTRY_AUTH_FILE"], environment["DOCKER_AUTH_CONFIG"]
    (tmp_path / "docker/config.json").write_text('{"auths": {"quay.io": {}}}')
    (tmp_path / "config/containers/auth.json").unlink()
    explained = LocalLogins.from_environment(environment).explain(Reference.parse(APP))
    assert explained.rules is Rules.LOCAL
    assert [(each.place.name or Path(each.place.file).name, each.outcome) for each in explained.considered] == [
        ("DOCKER_AUTH_CONFIG", Outcome.ABSENT),
        ("config.json", Outcome.NO_MATCH),
        ("auth.json", Outcome.USED),
        ("auth.json", Outcome.ABSENT),
        (".dockercfg", Outcome.SHADOWED),
    ]
    assert "-word" not in repr(explained)


def test_no_helper_behind_the_first_login_is_asked(environment: dict[str, str], tmp_path: Path) -> None:
    del environment["REGISTRY_AUTH_FILE"]
    make_helper(tmp_path / "bin", "one", {"ghcr.io": ("helped", "w")})
    environment["PATH"] = str(tmp_path / "bin")
    (tmp_path / "docker/config.json").write_text('{"credsStore": "one"}')
    logins = LocalLogins.from_environment(environment)
    assert users(logins, APP) == ["variable"]
    helped = logins.explain(Reference.parse(APP)).considered[1]
    assert (helped.outcome, helped.place.name) == (Outcome.IGNORED, "docker-credential-one")
    assert asked(tmp_path / "bin") == []


def test_a_helper_that_knows_nothing_lets_the_next_place_speak(environment: dict[str, str], tmp_path: Path) -> None:
    del environment["REGISTRY_AUTH_FILE"], environment["DOCKER_AUTH_CONFIG"]
    make_helper(tmp_path / "bin", "one", {})
    environment["PATH"] = str(tmp_path / "bin")
    (tmp_path / "docker/config.json").write_text('{"credsStore": "one"}')
    assert users(LocalLogins.from_environment(environment), APP) == ["runtime"]


def test_a_mirror_is_asked_as_whom_its_own_host_is_known(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "named.json").write_text(json.dumps({"auths": {"m.example": login("m"), "docker.io": login("hub")}}))
    logins = LocalLogins.from_environment(environment)
    assert users(logins, "alpine") == ["hub"]
    assert users(logins, "m.example/library/alpine") == ["m"]


def test_what_lies_behind_is_not_even_read(
    environment: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del environment["REGISTRY_AUTH_FILE"]
    (tmp_path / "docker/config.json").write_text("{broken")
    logins = LocalLogins.from_environment(environment)
    with caplog.at_level(logging.DEBUG):
        (found,) = logins.find(Reference.parse(APP))
    assert found.username == "variable"
    assert not caplog.records
    assert logins.explain(Reference.parse(APP)).considered[1].outcome is Outcome.UNUSABLE
