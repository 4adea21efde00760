"""A cluster that does not let us: what was refused, to whom, and a role that really allows it once applied."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from layerscope.cluster.access import find_access
from layerscope.cluster.api import Cluster, Refused
from layerscope.cluster.grant import Identity, Permission
from layerscope.cluster.pulling import PODS, Subject, pull_secrets

from .running import STATIC_TOKEN, STATIC_USER, Running
from .test_cluster_pull_secrets import pod_spec, secret


def refused(cluster: Cluster, *arguments: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        pull_secrets(cluster, *arguments, **more)
    return caught.value


def opened(running: Running, directory: Path, user: dict[str, Any], namespace: str) -> Cluster:
    return Cluster.open(find_access(running.kubeconfig(directory / "config", {"user": user}, namespace=namespace)))


def allowed_soon(cluster: Cluster, permission: Permission) -> None:
    """The authorizer hears of new roles through a watch."""
    deadline = time.monotonic() + 20
    while not cluster.allows(permission):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_service_account_is_told_what_it_lacks_and_the_role_gives_it(cluster: Running, tmp_path: Path) -> None:
    namespace = cluster.namespace("refused")
    for name in ("regcred", "second", "untouched"):
        cluster.create(secret(name, b'{"auths": {}}'), namespace)
    cluster.create(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": pod_spec("regcred", "second")},
        namespace,
    )
    token = cluster.account(namespace, "reader")
    with opened(cluster, tmp_path, {"token": token}, namespace) as ours:
        error = refused(ours, Subject.POD, "web")
        permission = Permission("get", "", "pods", namespace, "web")
        [refusal] = error.refusals
        assert (refusal.permission, refusal.allowed) == (permission, False)
        assert refusal.identity == Identity("system:serviceaccount:refused:reader", True)
        assert "'system:serviceaccount:refused:reader' get pods 'web' in namespace 'refused'" in error.message
        cluster.apply(error.grant)
        allowed_soon(ours, permission)

        error = refused(ours, Subject.POD, "web")  # the pod may be read now; both its secrets are asked for at once
        assert [each.permission.name for each in error.refusals] == ["regcred", "second"]
        role, binding = yaml.safe_load_all(error.grant)
        assert (role["kind"], role["metadata"]["namespace"]) == ("Role", namespace)
        assert role["rules"] == [
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["regcred", "second"], "verbs": ["get"]}
        ]
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}]
        cluster.apply(error.grant)
        allowed_soon(ours, Permission("get", "", "secrets", namespace, "second"))
        assert len(pull_secrets(ours, Subject.POD, "web").listed) == 2
        refused(ours, Subject.SECRET, "untouched")  # the smallest role gives no more


@pytest.mark.parametrize("how", ["certificate", "static token"])
def test_a_user_is_named_as_the_cluster_knows_it(cluster: Running, tmp_path: Path, how: str) -> None:
    namespace = cluster.namespace(f"users-{how.split()[0]}")
    cluster.create(secret("regcred", b'{"auths": {}}'), namespace)
    if how == "certificate":
        pair = cluster.authority.sign("anna", "/O=developers/CN=anna@example.com")
        user: dict[str, Any] = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
        name = "anna@example.com"
    else:
        user, name = {"token": STATIC_TOKEN}, STATIC_USER
    with opened(cluster, tmp_path, user, namespace) as ours:
        error = refused(ours, Subject.SECRET, "regcred")
        assert error.refusals[0].identity == Identity(name, True)
        cluster.apply(error.grant)
        allowed_soon(ours, error.refusals[0].permission)
        assert len(pull_secrets(ours, Subject.SECRET, "regcred").listed) == 1


def test_a_list_of_what_belongs_to_no_namespace_takes_a_cluster_role(cluster: Running, tmp_path: Path) -> None:
    from layerscope.cluster.api import Resource

    namespaces = Resource("Namespace", "namespaces", namespaced=False)
    token = cluster.account(cluster.namespace("wide"), "reader")
    with opened(cluster, tmp_path, {"token": token}, "wide") as ours:
        for ask in (lambda: list(ours.list(namespaces)), lambda: list(ours.list(PODS, everywhere=True))):
            with pytest.raises(Refused) as caught:
                ask()
            role, binding = yaml.safe_load_all(caught.value.grant)
            assert (role["kind"], binding["kind"]) == ("ClusterRole", "ClusterRoleBinding")
            cluster.apply(caught.value.grant)
            allowed_soon(ours, caught.value.refusals[0].permission)
            assert isinstance(ask(), list)


def test_impersonation_is_honoured(cluster: Running, tmp_path: Path) -> None:
    """``as`` lays rights aside: leaving it out would read with those of the administrator."""
    namespace = cluster.namespace("masked")
    cluster.create(secret("regcred", b'{"auths": {}}'), namespace)
    pair = cluster.admin
    user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    with opened(cluster, tmp_path, {**user, "as": "mask", "as-groups": ["one", "two"]}, namespace) as ours:
        error = refused(ours, Subject.SECRET, "regcred")
        assert error.refusals[0].identity == Identity("mask", True)
    with opened(cluster, tmp_path, {**user, "as": "mask", "as-groups": ["x", "system:masters"]}, namespace) as ours:
        assert len(pull_secrets(ours, Subject.SECRET, "regcred").listed) == 1
