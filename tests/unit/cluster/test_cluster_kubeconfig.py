"""kubeconfig files as kubectl reads them: which, in what order, and what is wrong with them."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from layerscope.cluster.access import Access, find_access
from layerscope.cluster.kubeconfig import load_kubeconfig
from layerscope.errors import UsageError

SERVER = "https://one.example:6443"


def config(
    path: Path,
    *contexts: str,
    current: str = "",
    server: str = SERVER,
    user: dict[str, Any] | None = None,
    **cluster: Any,
) -> Path:
    """A file whose contexts each have a user and a cluster of their own, called as they are."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, **cluster}} for name in contexts],
        "users": [{"name": name, "user": user or {"token": f"token-of-{name}"}} for name in contexts],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in contexts],
        "current-context": current or (contexts[0] if contexts else ""),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document))
    return path


def access(path: Path, context: str = "", namespace: str = "") -> Access:
    return find_access(path, context, namespace, {})


def refusal(path: Path | None = None, context: str = "", environment: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        find_access(path, context, "", environment or {})
    return f"{caught.value.message} {caught.value.hint}"


def changed(path: Path, **changes: Any) -> Path:
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))
    return path


def test_the_current_context_and_a_named_one(tmp_path: Path) -> None:
    file = config(tmp_path / "config", "red", "blue", current="blue")
    assert access(file).token == "token-of-blue"
    assert access(file, "red").token == "token-of-red"
    assert access(file).origin == f"context 'blue' of {file}"


def test_namespace_flag_before_context_before_default(tmp_path: Path) -> None:
    file = config(tmp_path / "config", "red")
    assert access(file).namespace == "default"
    context = {"name": "red", "context": {"cluster": "red", "user": "red", "namespace": "team"}}
    changed(file, contexts=[context])
    assert access(file).namespace == "team"
    assert access(file, namespace="other").namespace == "other"


def test_a_list_of_files_where_the_first_wins_whole(tmp_path: Path) -> None:
    first = config(tmp_path / "a" / "first", "red", server="https://first.example")
    second = config(tmp_path / "second", "red", "blue", current="blue", server="https://second.example")
    changed(first, **{"current-context": ""})
    listed = os.pathsep.join(["", str(first), str(tmp_path / "missing"), str(second), str(first)])
    found = load_kubeconfig(None, {"KUBECONFIG": listed})
    assert found is not None
    assert found.current == "blue"  # the first file names none
    assert sorted(found.contexts) == ["blue", "red"]
    assert found.clusters["red"].text("server") == "https://first.example"
    assert find_access(None, "red", "", {"KUBECONFIG": listed}).server == "https://first.example"
    assert find_access(None, "", "", {"KUBECONFIG": listed}).server == "https://second.example"


def test_a_context_of_one_file_for_a_user_of_another(tmp_path: Path) -> None:
    first, second = config(tmp_path / "first", "red"), config(tmp_path / "second", "blue")
    contexts = [{"name": "mixed", "context": {"cluster": "red", "user": "blue"}}]
    changed(second, contexts=contexts)
    found = find_access(None, "mixed", "", {"KUBECONFIG": f"{first}{os.pathsep}{second}"})
    assert (found.server, found.token) == (SERVER, "token-of-blue")


def test_the_flag_is_one_file_and_wins_over_the_variable(tmp_path: Path) -> None:
    named, other = config(tmp_path / "named", "red"), config(tmp_path / "other", "blue")
    assert find_access(named, "", "", {"KUBECONFIG": str(other)}).token == "token-of-red"
    assert "no kubeconfig" in refusal(Path(f"{named}{os.pathsep}{other}"))


def test_the_usual_file_is_in_the_home(tmp_path: Path) -> None:
    config(tmp_path / ".kube" / "config", "red")
    assert find_access(None, "", "", {"HOME": str(tmp_path)}).token == "token-of-red"


def test_a_relative_home_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path / ".kube" / "config", "red")
    monkeypatch.chdir(tmp_path)
    assert "no cluster is known" in refusal(environment={"HOME": "."})


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    file = config(
        tmp_path / "deep" / "config", "red", user={"tokenFile": "token"}, **{"certificate-authority": "ca.pem"}
    )
    (tmp_path / "deep" / "ca.pem").write_bytes(b"whom to trust")
    (tmp_path / "deep" / "token").write_text("word")
    found = access(file)
    assert (found.authority, found.token_file) == (b"whom to trust", tmp_path / "deep" / "token")


def test_data_wins_over_a_file(tmp_path: Path) -> None:
    data = base64.b64encode(b"inline").decode()
    more = {"certificate-authority": "gone.pem", "certificate-authority-data": data}
    assert access(config(tmp_path / "config", "red", **more)).authority == b"inline"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("https://one.example:6443/", "https://one.example:6443"),
        ("one.example:6443", "https://one.example:6443"),
        ("https://rancher.example/k8s/clusters/c-1", "https://rancher.example/k8s/clusters/c-1"),
        ("https://[::1]:6443", "https://[::1]:6443"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
    ],
)
def test_servers(tmp_path: Path, server: str, expected: str) -> None:
    assert access(config(tmp_path / "config", "red", server=server)).server == expected


@pytest.mark.parametrize("server", ["", "ftp://x", "https://", "https://u:p@host", "https://h:99999", "https://[::"])
def test_no_server(tmp_path: Path, server: str) -> None:
    said = refusal(config(tmp_path / "config", "red", server=server))
    assert "cluster 'red' of " in said
    assert "u:p" not in said


def test_in_a_pod_without_a_kubeconfig(tmp_path: Path) -> None:
    for name, content in (("token", "word"), ("ca.crt", "trusted"), ("namespace", "team\n")):
        (tmp_path / name).write_text(content)
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path / "no")}
    found = find_access(None, "", "", environment, tmp_path)
    assert (found.server, found.namespace, found.authority) == ("https://[fd00::1]:443", "team", b"trusted")
    assert found.token_file == tmp_path / "token"
    # KUBECONFIG is looked at first, as kubectl does
    environment["KUBECONFIG"] = str(config(tmp_path / "config", "red"))
    assert find_access(None, "", "", environment, tmp_path).token == "token-of-red"


def test_in_a_pod_without_its_token(tmp_path: Path) -> None:
    environment = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(UsageError, match=r"this looks like a pod, and .*token is missing"):
        find_access(None, "", "", environment, tmp_path)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    data = base64.b64encode(b"canary-key").decode()
    user = {
        "token": "canary-token", "username": "u", "password": "canary-password",
        "client-certificate-data": data, "client-key-data": data,
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "args": ["canary-arg"],
                 "env": [{"name": "N", "value": "canary-env"}]},
    }  # fmt: skip
    file = config(tmp_path / "config", "red", user=user, **{"proxy-url": "http://u:canary-proxy@proxy"})
    shown = f"{access(file)!r} {access(file)} {load_kubeconfig(file)!r}"
    assert "canary" not in shown
    assert data not in shown


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"client-certificate-data": "aGk="}, "a client certificate or a key without the other"),
        ({"client-certificate-data": "aGk=", "client-key-data": "!"}, "client-key-data is not base64"),
        ({"client-certificate-data": 3}, "client-certificate-data is not text"),
        ({"client-certificate": "/none/cert.pem"}, "client-certificate /none/cert.pem cannot be read: No such file"),
        (
            {
                "client-certificate-data": "aGk=",
                "client-key-data": base64.b64encode(b"-----BEGIN ENCRYPTED PRIVATE KEY-----").decode(),
            },
            "its client key has a passphrase",
        ),
        ({"tokenFile": "/none/token"}, "tokenFile is /none/token, and there is no such file"),
        ({"token": ["x"]}, "token is not text"),
        ({"auth-provider": {"name": "gcp"}}, "through an auth-provider"),
        ({"token": "t", "as-groups": ["g"]}, "acts as groups without a user"),
        ({"token": "t", "as": "u", "as-groups": 3}, "is not what kubectl takes"),
        ({"token": "t", "as": "u\r\nX: y"}, "has control characters"),
        ({"exec": "aws"}, "exec is not a map"),
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}, "exec names no command"),
        ({"exec": {"apiVersion": "v9", "command": "x"}}, "exec is of a version that is not known"),
        (
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "interactiveMode": "Always"}},
            "wants a terminal",
        ),
    ],
)
def test_users_that_cannot_be_used(tmp_path: Path, user: dict[str, Any], said: str) -> None:
    found = refusal(config(tmp_path / "config", "red", user=user))
    assert said in found
    assert "user 'red' of " in found


def test_a_token_never_goes_over_plain_http(tmp_path: Path) -> None:
    assert "in the clear" in refusal(config(tmp_path / "config", "red", server="http://one.example"))


def test_an_authority_and_no_verification(tmp_path: Path) -> None:
    more = {"certificate-authority-data": "aGk=", "insecure-skip-tls-verify": True}
    assert "one excludes the other" in refusal(config(tmp_path / "config", "red", **more))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "is not YAML: "),
        ("- a\n", "is not a kubeconfig"),
        ("kind: Pod\n", "is not a kubeconfig"),
        ("a: 1\n---\nb: 2\n", "is not a kubeconfig"),
        ("clusters: 3\n", "clusters is not a list"),
        ("users: [{user: {}}]\n", "an entry of users has no name"),
        ("users: [{name: a, user: 3}]\n", "an entry of users has no name, or no map under 'user'"),
        ("users: [{name: a}, {name: a}]\n", "users has 'a' twice"),
        ("current-context: 3\n", "current-context is not text"),
        ("", "names no current context choose one with --context: none at all"),
        ("contexts: [{name: a}]\n", "names no current context choose one with --context: a"),
        ("current-context: b\ncontexts: [{name: a}]\n", "has no context 'b', its current context it has: a"),
        ("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n", "is for the cluster 'c', which"),
        (
            "current-context: a\nclusters: [{name: c}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n",
            "is for the user 'u', whom",
        ),
        ("current-context: a\nclusters: [{name: c}]\ncontexts: [{name: a, context: {cluster: c}}]\n", "has no server"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)
    assert said in refusal(file)
    assert str(file) in refusal(file)


def test_what_is_not_there(tmp_path: Path) -> None:
    assert f"there is no kubeconfig {tmp_path / 'none'}" in refusal(tmp_path / "none")
    missing = {"KUBECONFIG": f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}"}
    assert "and there is no such file" in refusal(environment=missing)
    assert "no cluster is known" in refusal(environment={"HOME": str(tmp_path)})
    assert "no context 'gone' it has: blue, red" in refusal(config(tmp_path / "config", "red", "blue"), "gone")
    assert "cannot be read: Is a directory" in refusal(tmp_path)
