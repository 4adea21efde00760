"""Pull secrets as a kubelet would have them, read from a real cluster as users who may."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layerscope.cluster.access import find_access
from layerscope.cluster.api import Cluster
from layerscope.cluster.pulling import Found, Missing, PullSecrets, Subject, pull_secrets
from layerscope.errors import NotFound, SourceUnreachable

from .running import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view-everything-pods-need}
rules:
- {apiGroups: [""], resources: [pods, serviceaccounts, secrets, replicationcontrollers], verbs: [get]}
- {apiGroups: [apps, batch], resources: ["*"], verbs: [get]}
"""
WORKLOADS = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"]


def secret(name: str, content: bytes, kind: str = "kubernetes.io/dockerconfigjson") -> dict[str, Any]:
    key = ".dockerconfigjson" if kind.endswith("json") else ".dockercfg"
    data = {key: base64.b64encode(content).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": data}


def pod_spec(*names: str, account: str = "") -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]}
    if names:
        spec["imagePullSecrets"] = [{"name": name} for name in names]
    return spec | ({"serviceAccountName": account} if account else {})


def workload(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    template: dict[str, Any] = {"metadata": {"labels": {"app": name}}, "spec": spec}
    document: dict[str, Any] = {"kind": kind, "metadata": {"name": name}, "apiVersion": "apps/v1"}
    selector = {"matchLabels": {"app": name}}
    if kind in ("Job", "CronJob"):
        template["spec"] = spec | {"restartPolicy": "Never"}
        job = {"template": template}
        body = {"schedule": "0 0 * * *", "jobTemplate": {"spec": job}} if kind == "CronJob" else job
        return document | {"apiVersion": "batch/v1", "spec": body}
    if kind == "ReplicationController":
        return document | {"apiVersion": "v1", "spec": {"selector": {"app": name}, "template": template}}
    more = {"serviceName": name} if kind == "StatefulSet" else {}
    return document | {"spec": {"selector": selector, "template": template, **more}}


@pytest.fixture(scope="module")
def team(cluster: Running) -> str:
    namespace = cluster.namespace("team")
    cluster.apply(READER)
    cluster.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "reader"},
            "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "view-everything-pods-need",
            },
        },
        namespace,
    )
    for name in ("first", "second", "account-one", "account-two"):
        cluster.create(secret(name, b'{"auths": {"' + name.encode() + b'.example": {}}}'), namespace)
    cluster.account(namespace, "reader")
    cluster.account(namespace, "puller", "account-one", "gone", "account-two")
    return namespace


@pytest.fixture(scope="module")
def opened(cluster: Running, team: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    config = tmp_path_factory.mktemp("reader") / "config"
    cluster.kubeconfig(config, {"reader": {"token": cluster.token(team, "reader")}}, namespace=team)
    with Cluster.open(find_access(config)) as reading:
        yield reading


def names(found: PullSecrets) -> list[str]:
    return [each.secret.name if isinstance(each, Found) else f"({each.name})" for each in found.listed]


def test_a_secret_by_its_name(opened: Cluster) -> None:
    found = pull_secrets(opened, Subject.SECRET, "first")
    [only] = found.listed
    assert isinstance(only, Found)
    assert only.secret.data == {".dockerconfigjson": b'{"auths": {"first.example": {}}}'}
    assert (only.secret.namespace, only.secret.type) == ("team", "kubernetes.io/dockerconfigjson")
    assert only.why == ""


def test_a_secret_of_another_namespace(cluster: Running, team: str, tmp_path: Path) -> None:
    cluster.namespace("elsewhere")
    cluster.create(secret("there", b'{"auths": {}}'), "elsewhere")
    admin = {"client-certificate": str(cluster.admin.certificate), "client-key": str(cluster.admin.key)}
    with Cluster.open(find_access(cluster.kubeconfig(tmp_path / "config", {"admin": admin}))) as opened:
        assert names(pull_secrets(opened, Subject.SECRET, "there", "elsewhere")) == ["there"]
        with pytest.raises(NotFound) as caught:
            pull_secrets(opened, Subject.SECRET, "there")
    assert "there is no Secret default/there in the cluster at " in caught.value.message


def test_a_service_account_lists_in_order_and_names_what_is_missing(opened: Cluster) -> None:
    found = pull_secrets(opened, Subject.SERVICE_ACCOUNT, "puller")
    assert names(found) == ["account-one", "(gone)", "account-two"]
    missing = found.listed[1]
    assert missing == Missing("team", "gone", "there is no such secret", "service account team/puller")


def test_a_pod_lists_its_own_in_order(cluster: Running, team: str, opened: Cluster) -> None:
    spec = pod_spec("second", "first", account="puller")
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "own"}, "spec": spec}, team)
    found = pull_secrets(opened, Subject.POD, "own")
    assert names(found) == ["second", "first"]
    assert {each.why for each in found.listed} == {"pod team/own"}


def test_admission_gives_a_pod_those_of_its_account(cluster: Running, team: str, opened: Cluster) -> None:
    spec = pod_spec(account="puller")
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "given"}, "spec": spec}, team)
    assert names(pull_secrets(opened, Subject.POD, "given")) == ["account-one", "(gone)", "account-two"]


def test_a_pod_older_than_its_accounts_secrets_has_none(cluster: Running, team: str, opened: Cluster) -> None:
    cluster.account(team, "late")
    spec = pod_spec(account="late")
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "early"}, "spec": spec}, team)
    path = f"api/v1/namespaces/{team}/serviceaccounts/late"
    cluster.ask("PUT", path, cluster.ask("GET", path) | {"imagePullSecrets": [{"name": "first"}]})
    found = pull_secrets(opened, Subject.POD, "early")
    assert found.listed == ()
    [remark] = found.remarks
    assert "service account team/late now does (first)" in remark
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new"}, "spec": spec}, team)
    assert names(pull_secrets(opened, Subject.POD, "new")) == ["first"]  # as the remark says


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_workloads_template(cluster: Running, team: str, opened: Cluster, kind: str) -> None:
    cluster.create(workload(kind, "lists", pod_spec("second", "first", account="puller")), team)
    cluster.create(workload(kind, "leaves-out", pod_spec(account="puller")), team)
    cluster.create(workload(kind, "plain", pod_spec()), team)
    listed = pull_secrets(opened, Subject.WORKLOAD, "lists", kind=kind)
    assert names(listed) == ["second", "first"]
    assert listed.listed[0].why == f"{kind} team/lists"
    left_out = pull_secrets(opened, Subject.WORKLOAD, "leaves-out", kind=kind.lower())
    assert names(left_out) == ["account-one", "(gone)", "account-two"]
    assert left_out.listed[0].why == f"service account team/puller of {kind} team/leaves-out"
    plain = pull_secrets(opened, Subject.WORKLOAD, "plain", kind=kind)
    assert plain.listed == ()
    assert plain.remarks == (f"service account team/default of {kind} team/plain lists no pull secrets",)


@pytest.mark.parametrize(
    ("subject", "kind", "said"),
    [
        (Subject.SECRET, "", "no Secret team/nobody"),
        (Subject.SERVICE_ACCOUNT, "", "no ServiceAccount team/nobody"),
        (Subject.POD, "", "no Pod team/nobody"),
        (Subject.WORKLOAD, "cj", "no CronJob team/nobody"),
    ],
)
def test_what_is_not_there(opened: Cluster, subject: Subject, kind: str, said: str) -> None:
    with pytest.raises(NotFound) as caught:
        pull_secrets(opened, subject, "nobody", kind=kind)
    assert said in caught.value.message


def test_a_name_cannot_leave_its_path(opened: Cluster) -> None:
    with pytest.raises((NotFound, SourceUnreachable)):
        pull_secrets(opened, Subject.POD, "../secrets/first")
