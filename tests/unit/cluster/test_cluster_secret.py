"""A Secret's manifest as a value."""

from __future__ import annotations

from typing import Any

import pytest

from layerscope.cluster.secret import Secret, secret_of
from layerscope.errors import UsageError


def made(**more: Any) -> Secret:
    return secret_of({"kind": "Secret", "metadata": {"name": "pull", "namespace": "apps"}, **more}, "pull.yaml")


def refusal(**more: Any) -> str:
    with pytest.raises(UsageError) as caught:
        made(**more)
    return caught.value.message


def test_data_is_decoded_and_string_data_wins() -> None:
    secret = made(type="t", data={"a": "aGk=", "b": "aG\nk=\r\n", "c": None}, stringData={"a": "ho", "d": "é"})
    assert (secret.namespace, secret.name, secret.type, str(secret)) == ("apps", "pull", "t", "apps/pull")
    assert secret.data == {"a": b"ho", "b": b"hi", "c": b"", "d": "é".encode()}


def test_what_is_left_out() -> None:
    secret = secret_of({"kind": "Secret", "metadata": {"name": "pull"}}, "x")
    assert (secret.namespace, secret.type, secret.data, str(secret)) == ("", "Opaque", {}, "pull")


def test_the_values_are_never_shown() -> None:
    assert "aGk" not in repr(made(data={"a": "aGk="}))
    assert "hi" not in repr(made(data={"a": "aGk="}))


@pytest.mark.parametrize("value", ["hunter2", "aGk", "aGk=!", "aGk=\x00", "é", 3, True, [], {"a": "b"}])
def test_bad_base64_is_named_and_not_quoted(value: object) -> None:
    message = refusal(data={".dockerconfigjson": value})
    assert message == "pull.yaml: Secret 'pull': data['.dockerconfigjson'] is not base64"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kind": "ConfigMap"}, "a ConfigMap is not a Secret"),
        ({"metadata": None}, "a Secret without a name"),
        ({"metadata": {"name": ""}}, "a Secret without a name"),
        ({"metadata": {"name": ["x"]}}, "a Secret without a name"),
        ({"metadata": {"name": "x", "namespace": 3}}, "metadata.namespace is not text"),
        ({"type": 3}, "its type is not text"),
        ({"data": "aGk="}, "data is not a map"),
        ({"stringData": ["x"]}, "stringData is not a map"),
        ({"stringData": {"password": 12345}}, "stringData['password'] is not text"),
    ],
)
def test_what_is_no_secret(more: dict[str, Any], said: str) -> None:
    assert said in refusal(**more)
