"""Pull secrets out of files of every shape."""

from __future__ import annotations

import base64
import json

import pytest

from layerscope.cli.secretfile import pull_secrets
from layerscope.credentials.keyring import KubeletKeyring
from layerscope.credentials.pullsecret import DOCKER_CFG, DOCKER_CONFIG_JSON
from layerscope.errors import UsageError
from layerscope.oci.reference import Reference

AUTHS = {"gcr.io": {"auth": base64.b64encode(b"wren:canary").decode()}}
CONFIG = json.dumps({"auths": AUTHS})
ENCODED = base64.b64encode(CONFIG.encode()).decode()

MANIFEST = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: pull, namespace: team}}
type: {DOCKER_CONFIG_JSON}
data:
  .dockerconfigjson: {ENCODED}
"""
STRING_DATA = f"""\
kind: Secret
metadata: {{name: plain}}
type: {DOCKER_CONFIG_JSON}
stringData:
  .dockerconfigjson: |
    {CONFIG}
"""
OLD = json.dumps(
    {
        "kind": "Secret",
        "metadata": {"name": "old"},
        "type": DOCKER_CFG,
        "data": {".dockercfg": base64.b64encode(json.dumps(AUTHS).encode()).decode()},
    }
)
OPAQUE = "kind: Secret\nmetadata: {name: other}\ntype: Opaque\ndata: {password: Y2FuYXJ5}\n"
LIST = json.dumps({"kind": "List", "items": [json.loads(OLD), json.loads(OLD)]})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (MANIFEST, ["team/pull"]),
        (STRING_DATA, ["plain"]),
        (OLD, ["old"]),
        (LIST, ["old", "old"]),
        (f"{MANIFEST}---\n{STRING_DATA}---\n---\n{OLD}", ["team/pull", "plain", "old"]),
        (f"kind: Deployment\nmetadata: {{name: app}}\n---\n{MANIFEST}---\n{OPAQUE}", ["team/pull", "other"]),
        (CONFIG, [""]),
        (json.dumps(AUTHS), [""]),
    ],
    ids=["data", "stringData", "dockercfg as JSON", "a List", "several documents", "among others", "bare", "bare old"],
)
def test_every_shape(text: str, names: list[str]) -> None:
    secrets = pull_secrets(text.encode(), "secret.yaml")
    assert [each.origin for each in secrets] == names
    assert all(each.file == "secret.yaml" for each in secrets)
    found = KubeletKeyring(tuple(secrets)).find(Reference.parse("gcr.io/org/app"))
    assert {(each.username, each.secret) for each in found} == {("wren", "canary")}
    assert "canary" not in repr(secrets)


def test_how_a_bare_one_is_called() -> None:
    (secret,) = pull_secrets(CONFIG.encode(), "config.json")
    (found,) = KubeletKeyring((secret,)).find(Reference.parse("gcr.io/org/app"))
    assert str(found) == "user 'wren' (entry 'gcr.io' of pull secret of config.json)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "secret.yaml holds no Secret"),
        ("kind: ConfigMap\nmetadata: {name: x}\n", "secret.yaml holds no Secret"),
        ("canary", "secret.yaml"),
        ("{canary", "secret.yaml is not YAML"),
        ("a: [canary", "secret.yaml is not YAML"),
        (MANIFEST.replace(ENCODED, "canary!"), "is not base64"),
        (OPAQUE, "its type is Opaque"),
        (MANIFEST.replace(".dockerconfigjson: ", ".dockercfg: "), "it has no '.dockerconfigjson'"),
        (MANIFEST.replace(ENCODED, ""), "it has no '.dockerconfigjson'"),
        (MANIFEST.replace(ENCODED, "Y2FuYXJ5"), "cannot be read"),
        ("{}", "no entry below 'auths'"),
        (f"{OPAQUE}---\n{OPAQUE}", "its type is Opaque"),
    ],
)
def test_what_cannot_be_used_is_an_error(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        KubeletKeyring(tuple(pull_secrets(text.encode(), "secret.yaml"))).find(Reference.parse("gcr.io/a"))
    assert said in caught.value.message
    assert "secret.yaml" in caught.value.message
    assert "canary" not in caught.value.message
