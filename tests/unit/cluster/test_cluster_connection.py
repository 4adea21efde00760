"""Servers that are none, and answers that are none: each an error that says so, none with a credential in it."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from apianswers import TOKEN, answering, reply

from layerscope.cluster import api, connection
from layerscope.cluster.access import Access
from layerscope.cluster.api import Cluster, Refused, Resource
from layerscope.cluster.connection import Connection
from layerscope.cluster.pulling import PODS, SECRETS
from layerscope.errors import NotFound, SourceUnreachable, UsageError

VOLUMES = Resource("PersistentVolume", "persistentvolumes", namespaced=False)
CRON_JOBS = Resource("CronJob", "cronjobs", "batch", ("v1", "v1beta1"))


def failure(**replies: bytes | None) -> str:
    with answering(**replies) as (cluster, _), pytest.raises(SourceUnreachable) as caught:
        cluster.get(SECRETS, "regcred")
    assert TOKEN not in f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    return caught.value.message


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    cluster = Cluster(Connection(Access(f"https://127.0.0.1:{port}", "a test", "team", "nobody")))
    with cluster, pytest.raises(SourceUnreachable, match="connection refused"):
        cluster.get(SECRETS, "regcred")


def test_a_host_that_is_not_known() -> None:
    cluster = Cluster(Connection(Access("https://no.such.host.invalid", "a test", "team", "nobody")))
    with cluster, pytest.raises(SourceUnreachable, match="not known|resolution"):
        cluster.get(SECRETS, "regcred")


def test_answers_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no answer within 1 seconds" in failure(regcred=None)
    assert "does not speak HTTP" in failure(regcred=b"SSH-2.0-OpenSSH\r\n\r\n")
    assert "does not speak HTTP" in failure(regcred=b"")
    assert "not as Kubernetes does" in failure(regcred=reply("<html>hello</html>", kind="text/html"))
    assert "not as Kubernetes does" in failure(regcred=reply("[1, 2]"))
    assert "not as Kubernetes does" in failure(regcred=reply('{"a": ' * 70 + "1" + "}" * 70))
    assert "not as Kubernetes does" in failure(regcred=reply("[" * 100_000))
    assert "answered 302 to get secrets 'regcred' in namespace 'team'" in failure(
        regcred=b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    )
    assert "answered 500 to get secrets 'regcred' in namespace 'team': etcd" in failure(
        regcred=reply('{"message": "etcd is away"}', "500 Internal Server Error")
    )
    monkeypatch.setattr(connection, "MAX_ANSWER", 1 << 20)
    assert "more than 1 MiB" in failure(regcred=reply('"' + "x" * (2 << 20)))


def test_an_answer_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 1000, 3))
    monkeypatch.setattr(connection.time, "monotonic", lambda: float(next(moments)))
    assert "too slow" in failure(regcred=reply("{}" + " " * 200_000))


def test_who_we_say_we_are_is_not_believed() -> None:
    message = failure(regcred=reply('{"message": "Unauthorized"}', "401 Unauthorized"))
    assert message.endswith("does not accept the credential of user 'red'")


def test_a_refusal_without_reviews_goes_by_the_kubeconfig() -> None:
    with answering(regcred=reply("{}", "403 Forbidden")) as (cluster, _), pytest.raises(Refused) as caught:
        cluster.get(SECRETS, "regcred")
    [refusal] = caught.value.refusals
    assert (refusal.allowed, refusal.identity.username, refusal.identity.confirmed) == (None, "user 'red'", False)
    assert "does not let user 'red' get secrets 'regcred' in namespace 'team'" in caught.value.message
    assert "your name in the place of USER" in caught.value.hint


def test_a_refusal_that_the_rules_do_not_explain() -> None:
    allowed = reply('{"status": {"allowed": true}}', "201 Created")
    denied = reply('{"message": "a webhook says no"}', "403 Forbidden")
    with answering(regcred=denied, selfsubjectaccessreviews=allowed) as (cluster, _), pytest.raises(Refused) as caught:
        cluster.get(SECRETS, "regcred")
    assert caught.value.hint == "its rules allow it, so something else refuses: a webhook says no"
    assert caught.value.grant == ""


def test_the_token_and_the_namespace_are_sent() -> None:
    with answering(regcred=reply('{"data": {}}')) as (cluster, asked):
        assert cluster.get(SECRETS, "regcred") == {"data": {}, "kind": "Secret"}
    assert asked[0].startswith(b"GET /api/v1/namespaces/team/secrets/regcred HTTP/1.1\r\n")
    assert b"authorization: bearer canary-token\r\n" in asked[0].lower()


def test_a_list_page_by_page() -> None:
    first = reply('{"metadata": {"continue": "next"}, "items": [{"n": 1}, 3]}')
    with answering(pods=first) as (cluster, asked):
        pages = cluster.list(PODS)
        assert [next(pages), next(pages)] == [{"n": 1, "kind": "Pod"}] * 2
    assert asked[0].startswith(b"GET /api/v1/namespaces/team/pods?limit=500 ")
    assert asked[1].startswith(b"GET /api/v1/namespaces/team/pods?limit=500&continue=next ")


def test_a_list_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_OBJECTS", 10)
    endless = reply('{"metadata": {"continue": "next"}, "items": [{}, {}, {}]}')
    with answering(pods=endless) as (cluster, _), pytest.raises(SourceUnreachable, match="more than 10 pods"):
        list(cluster.list(PODS))


def test_a_list_that_is_none() -> None:
    volumes = reply('{"items": {"a": 1}}')
    with answering(persistentvolumes=volumes) as (cluster, _), pytest.raises(SourceUnreachable, match="not as Kuber"):
        list(cluster.list(VOLUMES))


def test_the_version_that_a_cluster_serves() -> None:
    def groups(*versions: str) -> bytes:
        listed = ", ".join(f'{{"version": "{each}"}}' for each in versions)
        return reply(f'{{"groups": [3, {{"name": "batch", "versions": [{listed}]}}]}}')

    for served, expected in ((("v1beta1",), b"v1beta1"), (("v1beta1", "v1"), b"v1")):
        with answering(apis=groups(*served), nightly=reply("{}")) as (cluster, asked):
            cluster.get(CRON_JOBS, "nightly")
        assert asked[1].startswith(b"GET /apis/batch/" + expected + b"/namespaces/team/cronjobs/nightly ")
    with answering(apis=groups("v2")) as (cluster, _), pytest.raises(NotFound, match="does not serve CronJob of batch"):
        cluster.get(CRON_JOBS, "nightly")
    with answering(apis=reply("{}", "403 Forbidden"), nightly=reply("{}")) as (cluster, asked):
        cluster.get(CRON_JOBS, "nightly")  # who may not ask takes it that the best is served


def test_certificates_that_are_none() -> None:
    for more in ({"authority": b"words"}, {"certificate": b"words", "key": b"words"}):
        with pytest.raises(UsageError, match="its certificate, key or authority cannot be used"):
            Connection(Access("https://127.0.0.1:1", "a test", "team", "nobody", **more))  # type: ignore[arg-type]


def test_a_proxy_that_cannot_be_used() -> None:
    with pytest.raises(UsageError, match="its proxy cannot be used"):
        Connection(Access("https://one.example", "a test", "team", "nobody", proxy="gopher://proxy"))


def test_without_the_extra() -> None:
    code = """
import sys
sys.modules["lightkube"] = sys.modules["httpx2"] = None
from layerscope.cluster.access import Access
from layerscope.cluster.connection import Connection
from layerscope.errors import UsageError
try:
    Connection(Access("https://127.0.0.1:1", "a test", "team", "nobody"))
except UsageError as error:
    print(error.message, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "not installed: lightkube" in done.stdout
    assert "pip install 'layerscope[kubernetes]'" in done.stdout
