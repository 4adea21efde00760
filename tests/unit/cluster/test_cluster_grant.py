"""Roles that are as small as can be, and YAML whatever a cluster calls its things."""

from __future__ import annotations

import pytest
import yaml

from layerscope.cluster.grant import Identity, Permission, grant

ACCOUNT = Identity("system:serviceaccount:ci:robot", True)


def roles(*permissions: Permission, identity: Identity = ACCOUNT) -> list[dict[str, object]]:
    return list(yaml.safe_load_all(grant(permissions, identity)))


def test_a_role_for_each_namespace_and_a_cluster_role_for_none() -> None:
    found = roles(
        Permission("get", "", "secrets", "b", "one"),
        Permission("list", "storage.k8s.io", "storageclasses", ""),
        Permission("get", "", "secrets", "a", "one"),
    )
    assert [each["kind"] for each in found] == [
        "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Role", "RoleBinding",
    ]  # fmt: skip
    assert [each["metadata"].get("namespace") for each in found] == [None, None, "a", "a", "b", "b"]  # type: ignore[attr-defined]


def test_names_of_one_kind_share_a_rule_and_a_list_has_none() -> None:
    role, _ = roles(
        Permission("get", "", "secrets", "a", "two"),
        Permission("get", "", "secrets", "a", "one"),
        Permission("get", "", "secrets", "a", "one"),
        Permission("get", "apps", "deployments", "a", "web"),
        Permission("list", "", "pods", "a"),
    )
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one", "two"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["web"], "verbs": ["get"]},
    ]


def test_who_it_is_bound_to() -> None:
    wanted = Permission("get", "", "secrets", "a", "one")
    subjects = [
        roles(wanted, identity=who)[1]["subjects"] for who in (ACCOUNT, Identity("anna", True), Identity("x", False))
    ]
    assert subjects == [
        [{"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}],
        [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "anna"}],
        [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "USER"}],
    ]


def test_another_permission_is_another_role() -> None:
    one, two = (roles(Permission("get", "", "secrets", "a", name)) for name in ("one", "two"))
    assert one[0]["metadata"] != two[0]["metadata"]
    assert one[0]["metadata"] == one[1]["metadata"]
    assert one[1]["roleRef"]["name"] == one[0]["metadata"]["name"]  # type: ignore[index]


@pytest.mark.parametrize(
    "name", ['a"b', "a: b\nkind: Pod", "\x1b[31m", "null", "on", "1", "*", "-", "\u202e", "a\\", "ü"]
)
def test_hostile_names_stay_one_word(name: str) -> None:
    text = grant([Permission("get", "", "secrets", "a", name)], Identity(name, True))
    role, binding = yaml.safe_load_all(text)
    assert role["rules"][0]["resourceNames"] == [name]
    assert binding["subjects"][0]["name"] == name
    assert all(line.isprintable() for line in text.splitlines())
