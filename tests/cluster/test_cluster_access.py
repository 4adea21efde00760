"""Every way to say who we are that a kubeconfig has, taken or refused by a real server; every way TLS goes wrong."""

from __future__ import annotations

import base64
import datetime
import json
import logging
import os
import shlex
import socket
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from layerscope.cluster.access import find_access
from layerscope.cluster.api import Cluster
from layerscope.cluster.certificate import expiry
from layerscope.errors import SourceUnreachable, UsageError

from .authority import make_authority
from .running import STATIC_TOKEN, STATIC_USER, Running

V1 = "client.authentication.k8s.io/v1"


def who(path: Path, context: str = "", environment: dict[str, str] | None = None) -> str:
    """Who the server takes us for."""
    named = None if environment else path
    with Cluster.open(find_access(named, context, "", environment or {}), timeout=10) as cluster:
        identity = cluster.identity()
        assert identity.confirmed, cluster
        return identity.username


def refusal(path: Path) -> str:
    with Cluster.open(find_access(path, "", "", {}), timeout=10) as cluster, pytest.raises(SourceUnreachable) as caught:
        cluster.groups()
    return caught.value.message


def changed(path: Path, **cluster: Any) -> Path:
    """The kubeconfig with other words about the cluster; None takes one out."""
    document = yaml.safe_load(path.read_text())
    about = document["clusters"][0]["cluster"] | cluster
    document["clusters"][0]["cluster"] = {key: value for key, value in about.items() if value is not None}
    path.write_text(yaml.safe_dump(document))
    return path


def inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


@pytest.fixture(scope="module")
def account(cluster: Running) -> str:
    return cluster.account(cluster.namespace("access"), "robot")


ROBOT = "system:serviceaccount:access:robot"


def test_two_contexts(cluster: Running, tmp_path: Path, account: str) -> None:
    pair = cluster.authority.sign("carla", "/O=developers/CN=carla")
    users: dict[str, Any] = {
        "token": {"token": account},
        "certificate": {"client-certificate": str(pair.certificate), "client-key": str(pair.key)},
    }
    config = cluster.kubeconfig(tmp_path / "config", users)
    assert who(config) == ROBOT
    assert who(config, "certificate") == "carla"


def test_a_list_of_two_files(cluster: Running, tmp_path: Path, account: str) -> None:
    first = cluster.kubeconfig(tmp_path / "first", {"robot": {"token": account}})
    second = cluster.kubeconfig(tmp_path / "second", {"tess": {"token": STATIC_TOKEN}, "robot": {"token": "not this"}})
    environment = {"KUBECONFIG": f"{first}{os.pathsep}{second}"}
    assert who(first, "", environment) == ROBOT
    assert who(first, "tess", environment) == STATIC_USER
    assert who(first, "robot", environment) == ROBOT  # the first file's user of that name, whole


def test_who_we_can_be(cluster: Running, tmp_path: Path, account: str) -> None:
    pair = cluster.authority.sign("dora", "/CN=dora")
    (tmp_path / "token").write_text(f"{account}\n")
    data = {"client-certificate-data": inline(pair.certificate), "client-key-data": inline(pair.key)}
    for user, name in (
        ({"tokenFile": "token"}, ROBOT),
        ({"tokenFile": "token", "token": "not this"}, ROBOT),
        ({"token": STATIC_TOKEN}, STATIC_USER),
        (data, "dora"),
    ):
        assert who(cluster.kubeconfig(tmp_path / "config", {"it": user})) == name


def test_as_a_pod(cluster: Running, tmp_path: Path, account: str) -> None:
    (tmp_path / "token").write_text(account)
    (tmp_path / "namespace").write_text("access")
    (tmp_path / "ca.crt").write_bytes(cluster.authority.certificate.read_bytes())
    host, port = cluster.server.removeprefix("https://").split(":")
    environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    with Cluster.open(find_access(None, "", "", environment, tmp_path)) as opened:
        assert opened.identity().username == ROBOT
        assert opened.namespace == "access"


def test_a_token_that_is_renewed_meanwhile(cluster: Running, tmp_path: Path, account: str) -> None:
    token = tmp_path / "token"
    token.write_text("an old one")
    config = cluster.kubeconfig(tmp_path / "config", {"it": {"tokenFile": "token"}})
    with Cluster.open(find_access(config, "", "", {})) as opened:
        with pytest.raises(SourceUnreachable, match="does not accept the credential of user 'it' of the kubeconfig"):
            opened.groups()
        token.write_text(account)
        assert "apps" in opened.groups()


@pytest.mark.parametrize("kind", ["token", "certificate"])
def test_exec_plugins(cluster: Running, tmp_path: Path, account: str, kind: str) -> None:
    pair = cluster.authority.sign("emil", "/CN=emil")
    status = {"token": account} if kind == "token" else {
        "clientCertificateData": pair.certificate.read_text(), "clientKeyData": pair.key.read_text(),
    }  # fmt: skip
    answer = json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status})
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\n[ \"$1\" = login ] || exit 7\nprintf '%s' {shlex.quote(answer)}\n")
    plugin.chmod(0o755)
    user = {"exec": {"apiVersion": V1, "command": "./plugin", "args": ["login"], "interactiveMode": "Never"}}
    assert who(cluster.kubeconfig(tmp_path / "config", {"it": user})) == {"token": ROBOT, "certificate": "emil"}[kind]
    user["exec"]["args"] = ["other"]
    with pytest.raises(SourceUnreachable, match="its plugin ./plugin ended with exit code 7"):
        who(cluster.kubeconfig(tmp_path / "config", {"it": user}))


def test_an_expired_certificate(cluster: Running, tmp_path: Path) -> None:
    pair = cluster.authority.sign("old", "/CN=old", end="20240229123456Z")
    assert expiry(pair.certificate.read_bytes()) == datetime.datetime(2024, 2, 29, 12, 34, 56, tzinfo=datetime.UTC)
    user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    said = refusal(cluster.kubeconfig(tmp_path / "config", {"old": user}))
    assert said.endswith(
        "refuses user 'old' of the kubeconfig: its client certificate expired on 2024-02-29 at 12:34 UTC"
    )


def test_a_stranger(cluster: Running, tmp_path: Path) -> None:
    pair = make_authority(tmp_path / "other").sign("stranger", "/CN=admin")
    user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    for stranger in (user, {"token": "not one that is known"}, {}):
        config = cluster.kubeconfig(tmp_path / "config", {"it": stranger})
        assert "does not accept the credential of user 'it'" in refusal(config)


def test_a_server_that_is_not_the_one(cluster: Running, tmp_path: Path) -> None:
    other = inline(make_authority(tmp_path / "other").certificate)
    config = cluster.kubeconfig(tmp_path / "config", {"it": {"token": STATIC_TOKEN}})
    assert "its certificate is not trusted" in refusal(changed(config, **{"certificate-authority-data": other}))
    assert "its certificate is not trusted" in refusal(changed(config, **{"certificate-authority-data": None}))


def test_a_name_of_its_own(cluster: Running, tmp_path: Path) -> None:
    """tls-server-name, which lightkube does not know: servers behind a tunnel have it."""
    server = cluster.server.replace("127.0.0.1", "127.0.0.2")
    relay = socket.create_server(("127.0.0.2", int(server.rpartition(":")[2])))
    threading.Thread(target=_pass_on, args=(relay, int(server.rpartition(":")[2])), daemon=True).start()
    try:
        config = cluster.kubeconfig(tmp_path / "config", {"it": {"token": STATIC_TOKEN}})
        assert "its certificate is not trusted" in refusal(changed(config, server=server))
        assert who(changed(config, **{"tls-server-name": "localhost"})) == STATIC_USER
        assert "its certificate is not trusted" in refusal(changed(config, **{"tls-server-name": "elsewhere.example"}))
    finally:
        relay.shutdown(socket.SHUT_RDWR)
        relay.close()


def test_no_verification_is_said(cluster: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = cluster.kubeconfig(tmp_path / "config", {"it": {"token": STATIC_TOKEN}})
    changed(config, **{"certificate-authority-data": None, "insecure-skip-tls-verify": True})
    with caplog.at_level(logging.WARNING):
        assert who(config) == STATIC_USER
    assert f"the certificate of {cluster.server} is not verified" in caplog.text


def test_no_tls_where_tls_is_meant(cluster: Running, tmp_path: Path) -> None:
    config = cluster.kubeconfig(tmp_path / "config", {"it": {}})
    assert "answered 400" in _listing(changed(config, server=cluster.server.replace("https", "http")))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=_plain, args=(listener,), daemon=True).start()
        assert "it speaks no TLS" in refusal(changed(config, server=f"https://127.0.0.1:{port}"))


def test_the_proxy_of_the_environment_is_not_for_this_machine(
    cluster: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    config = cluster.kubeconfig(tmp_path / "config", {"it": {"token": STATIC_TOKEN}})
    assert urllib.request.getproxies()["https"] == "http://127.0.0.1:1"
    assert who(config) == STATIC_USER
    assert "127.0.0.1:1" not in refusal(changed(config, **{"proxy-url": "http://u:canary@127.0.0.1:1"}))


def test_a_key_of_another_certificate(cluster: Running, tmp_path: Path) -> None:
    one, two = (cluster.authority.sign(name, f"/CN={name}") for name in ("fritz", "greta"))
    user = {"client-certificate": str(one.certificate), "client-key": str(two.key)}
    config = cluster.kubeconfig(tmp_path / "config", {"it": user})
    with pytest.raises(UsageError, match="its certificate, key or authority cannot be used"):
        Cluster.open(find_access(config, "", "", {}))


def _listing(path: Path) -> str:
    from layerscope.cluster.pulling import PODS

    with Cluster.open(find_access(path, "", "", {})) as opened, pytest.raises(SourceUnreachable) as caught:
        list(opened.list(PODS))
    return caught.value.message


def _plain(listener: socket.socket) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            client.recv(1024)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def _pass_on(listener: socket.socket, port: int) -> None:
    def copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", port))
        back = threading.Thread(target=copy, args=(server, client), daemon=True)
        back.start()
        copy(client, server)
        back.join(10)
        server.close()
        client.close()
