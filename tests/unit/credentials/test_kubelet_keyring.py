"""The kubelet's keyring, rule by rule (kubernetes v1.37 pkg/credentialprovider)."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest
from kubeletrules import APP, RULES
from looking_up import encoded, login, users

from layerscope.credentials.explanation import Outcome, Rules
from layerscope.credentials.keyring import KubeletKeyring
from layerscope.credentials.pullsecret import DOCKER_CFG, DOCKER_CONFIG_JSON, PullSecret, UnreadSecret
from layerscope.errors import UsageError
from layerscope.oci.reference import Reference


def secret(auths: object, name: str = "team/pull", **more: Any) -> PullSecret:
    data = json.dumps({"auths": auths, **more}).encode()
    return PullSecret(name, DOCKER_CONFIG_JSON, {".dockerconfigjson": data})


def logins(*keys: str) -> dict[str, Any]:
    """An entry a key, whose user is the key's number."""
    return {key: login(str(number)) for number, key in enumerate(keys)}


@pytest.mark.parametrize(("rule", "keys", "image", "tried"), RULES, ids=[row[0] for row in RULES])
def test_which_entries_are_tried(rule: str, keys: tuple[str, ...], image: str, tried: list[str]) -> None:
    assert users(KubeletKeyring((secret(logins(*keys)),)), image) == tried, rule


def test_docker_hubs_login_goes_to_docker_hub_alone(caplog: pytest.LogCaptureFixture) -> None:
    """The one rule of the kubelet's that is not followed: it takes a host without dot and port for Docker Hub."""
    keyring = KubeletKeyring((secret(logins("https://index.docker.io/v1/")),))
    assert users(keyring, "localhost/library/alpine") == []
    assert "a kubelet would send Docker Hub's login to localhost, which is not done here" in caplog.text


def test_secrets_are_one_keyring_and_equal_keys_keep_their_order() -> None:
    first = secret({"gcr.io": login("a"), "gcr.io/org": login("b")}, "team/one")
    second = secret({"gcr.io": login("c"), "gcr.io/org/app": login("d")}, "team/two")
    keyring = KubeletKeyring((first, second))
    assert users(keyring, APP) == ["d", "b", "a", "c"]
    explained = keyring.explain(Reference.parse(APP))
    assert explained.rules is Rules.KUBELET
    assert [each.outcome for each in explained.considered] == [Outcome.USED] + [Outcome.NEXT] * 3
    assert [each.place.name for each in explained.considered] == ["team/two", "team/one", "team/one", "team/two"]


@pytest.mark.parametrize(
    ("entry", "user", "password"),
    [
        ({"auth": encoded("u:p")}, "u", "p"),
        ({"auth": encoded("u:p:q")}, "u", "p:q"),
        ({"auth": encoded("u:longer").rstrip("=")}, "u", "longer"),
        ({"auth": encoded("u:longer"), "username": "other", "password": "other"}, "u", "longer"),
        ({"username": "u", "password": "p", "email": "e"}, "u", "p"),
        ({"auth": encoded("u:p\0")}, "u", "p\0"),
    ],
    ids=[
        "auth",
        "the first colon divides",
        "auth without padding",
        "auth wins",
        "the fields count without auth",
        "a NUL is part of a password, unlike for Docker",
    ],
)
def test_what_an_entry_holds(entry: object, user: str, password: str) -> None:
    (found,) = KubeletKeyring((secret({"gcr.io": entry}),)).find(Reference.parse(APP))
    assert (found.username, found.secret) == (user, password)
    assert password not in repr(found) + str(found).replace("pull", "") or len(password) == 1


def test_the_old_type_is_the_map_alone() -> None:
    old = PullSecret("team/old", DOCKER_CFG, {".dockercfg": json.dumps({"gcr.io": login("a")}).encode()})
    assert users(KubeletKeyring((old,)), APP) == ["a"]


@pytest.mark.parametrize(
    ("ignored", "tried", "said"),
    [
        (secret({"gcr.io": {**login("a"), "identitytoken": "canary"}}), ["a"], "ignores its 'identitytoken'"),
        (secret({"gcr.io": {**login("a"), "registrytoken": "canary"}}), ["a"], "ignores its 'registrytoken'"),
        (secret({"gcr.io": {"email": "canary"}}), [], "pulls anonymously"),
        (secret({"gcr.io": login("a")}, credsStore="canary"), ["a"], "ignores its 'credsStore'"),
        (secret({"gcr.io": login("a")}, credHelpers={"gcr.io": "canary"}), ["a"], "ignores its 'credHelpers'"),
        (secret({"https://index.docker.io/v1": login("a")}), [], "with the slash"),
        (secret({"gcr .io": login("a"), "gcr.io": login("b")}), ["b"], "entry 'gcr .io': its name is no URL"),
        (secret({}), [], "no entry below 'auths'"),
        (PullSecret("team/pull", "Opaque", {".dockerconfigjson": b"canary"}), [], "its type is Opaque"),
        (PullSecret("team/pull", DOCKER_CONFIG_JSON, {"config.json": b"canary"}), [], "it has no '.dockerconfigjson'"),
        (PullSecret("team/pull", DOCKER_CONFIG_JSON, {".dockercfg": b"canary"}), [], "it has no '.dockerconfigjson'"),
        (PullSecret("team/pull", DOCKER_CFG, {".dockercfg": b""}), [], "it has no '.dockercfg'"),
        (UnreadSecret("team/pull", "there is no such secret"), [], "there is no such secret; the kubelet goes on"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_kubelet_ignores_is_warned_about(
    caplog: pytest.LogCaptureFixture, ignored: PullSecret | UnreadSecret, tried: list[str], said: str
) -> None:
    image = "alpine" if "slash" in said else APP
    with caplog.at_level(logging.DEBUG):
        assert users(KubeletKeyring((ignored,)), image) == tried
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("pull secret team/pull")
    assert said in record.getMessage()
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "data",
    [
        b"canary",
        b"[]",
        b'{"auths": ["canary"]}',
        b'{"auths": {"gcr.io": "canary"}}',
        b'{"auths": {"gcr.io": {"auth": "canary!"}}}',
        b'{"auths": {"quay.io": {"auth": "' + base64.b64encode(b"canary") + b'"}, "gcr.io": {}}}',
        b'{"auths": {"gcr.io": {"auth": "' + base64.b64encode(b"canary:xx") + b'="}}}',
        b'{"auths": {"gcr.io": {"username": 1, "password": "canary"}}}',
    ],
)
def test_what_makes_the_kubelet_give_up_is_an_error(data: bytes) -> None:
    good = secret({"gcr.io": login("a")}, "team/good")
    bad = PullSecret("team/bad", DOCKER_CONFIG_JSON, {".dockerconfigjson": data}, via="service account team/default")
    keyring = KubeletKeyring((good, bad))
    with pytest.raises(UsageError) as caught:
        keyring.find(Reference.parse(APP))
    assert caught.value.message.startswith("pull secret team/bad of service account team/default: ")
    assert "the kubelet refuses every pull" in caught.value.message
    assert "canary" not in caught.value.message + caught.value.hint
    assert caught.value.hint
    blocked = keyring.explain(Reference.parse(APP)).blocked
    assert blocked is not None and blocked.place.name == "team/bad"


@pytest.mark.parametrize(
    "named",
    [
        PullSecret("team/pull", "Opaque", {}, required=True),
        PullSecret("team/pull", DOCKER_CFG, {}, required=True),
        UnreadSecret("team/pull", "there is no such secret", "name another", required=True),
    ],
)
def test_a_secret_that_was_named_must_be_usable(named: PullSecret | UnreadSecret) -> None:
    with pytest.raises(UsageError) as caught:
        KubeletKeyring((named,)).find(Reference.parse(APP))
    assert caught.value.message.startswith("pull secret team/pull: ")
    assert caught.value.hint


def test_without_secrets_the_pull_is_anonymous() -> None:
    explained = KubeletKeyring(()).explain(Reference.parse(APP))
    assert (explained.rules, explained.considered, explained.credentials) == (Rules.KUBELET, (), ())


def test_no_form_shows_the_data() -> None:
    keyring = KubeletKeyring((secret({"gcr.io": login("canary")}),))
    encoded_word = encoded("canary:canary-word")[:12]
    assert "canary" not in repr(keyring)
    assert encoded_word not in repr(keyring)
    assert "canary-word" not in repr(keyring.explain(Reference.parse(APP)))
