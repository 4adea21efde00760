"""``layerscope volumes IMAGE --workload``: what a workload of a real cluster mounts over a real image."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from live.command import run
from live.need import need
from live.product import REPOSITORY, Product
from live.registry import serving_registry

from layerscope.report.schema import schema_text

from .running import Running
from .test_cluster_pull_secrets import workload

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE = "mounts"
WATCHER = f"'system:serviceaccount:{NAMESPACE}:watcher'"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # where it is mounted
ARCHIVE = "testdata/buildkit.oci-archive.tar"
STORAGE = """
{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: block.csi.example}, spec: {attachRequired: false}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: quick}
provisioner: block.csi.example
reclaimPolicy: Delete
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-kept}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce, ReadOnlyMany]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: quick
  csi: {driver: block.csi.example, volumeHandle: v1}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-in-tree}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Delete
  awsElasticBlockStore: {volumeID: vol-1}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-unknown}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  csi: {driver: nobody.csi.example, volumeHandle: v3}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: watcher, namespace: mounts}
rules:
- {apiGroups: [apps, batch], resources: ["*"], verbs: [get]}
- {apiGroups: [""], resources: [pods, replicationcontrollers, persistentvolumeclaims, serviceaccounts], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: watcher, namespace: mounts}
subjects: [{kind: ServiceAccount, name: watcher, namespace: mounts}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher}
"""
PLACES = {
    "/app": {"persistentVolumeClaim": {"claimName": "kept"}},
    "/srv/data": {"persistentVolumeClaim": {"claimName": "in-tree"}},
    "/var/lib/app": {"persistentVolumeClaim": {"claimName": "unbound"}},
    "/etc": {"persistentVolumeClaim": {"claimName": "unknown"}},
    "/gone": {"persistentVolumeClaim": {"claimName": "gone"}},
    "/node": {"hostPath": {"path": "/var/log"}},
    "/scratch": {"emptyDir": {"medium": "Memory"}},
    "/inline": {"csi": {"driver": "block.csi.example"}},
}


def claim(name: str, volume: str = "", storage_class: str = "") -> dict[str, Any]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": storage_class,
    }
    kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}}
    return kind | {"spec": spec | ({"volumeName": volume} if volume else {})}


def mounting(image: str) -> dict[str, Any]:
    """A pod's spec with everything of PLACES in its container, and another container beside it."""
    named = {path: f"v{number}" for number, path in enumerate(PLACES)}
    mounts = [{"name": name, "mountPath": path} for path, name in named.items()]
    return {
        "containers": [
            {"name": "app", "image": image, "volumeMounts": mounts},
            {"name": "beside", "image": "registry.invalid/beside:2"},
        ],
        "volumes": [{"name": named[path], **source} for path, source in PLACES.items()],
    }


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_registry(tmp_path_factory.mktemp("registry")) as running:
        name = f"{running.address}/mounts/app:1"
        run(need("skopeo"), "copy", "-q", "--dest-tls-verify=false", f"oci-archive:{REPOSITORY / ARCHIVE}",
            f"docker://{name}")  # fmt: skip
        yield name


@pytest.fixture(scope="module")
def kubeconfig(cluster: Running, image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Storage, claims and workloads; an administrator, who may read all of it, and a watcher, who may not."""
    cluster.namespace(NAMESPACE)
    cluster.apply(STORAGE)
    for each in (
        claim("kept", "pv-kept", "quick"),
        claim("in-tree", "pv-in-tree"),
        claim("unknown", "pv-unknown"),
        claim("unbound", storage_class="quick"),
        claim("data-db-0", "pv-kept", "quick"),
    ):
        cluster.create(each, NAMESPACE)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone"}, "spec": mounting(image)}
    cluster.create(pod, NAMESPACE)
    cluster.create(workload("Deployment", "web", mounting(image)), NAMESPACE)
    database = workload("StatefulSet", "db", {
        "containers": [{"name": "db", "image": image, "volumeMounts": [{"name": "data", "mountPath": "/srv/data"}]}]
    })  # fmt: skip
    database["spec"]["volumeClaimTemplates"] = [claim("data", storage_class="quick")]
    cluster.create(database, NAMESPACE)
    watcher = cluster.account(NAMESPACE, "watcher")
    nobody = cluster.account(NAMESPACE, "nobody")
    admin = {"client-certificate": str(cluster.admin.certificate), "client-key": str(cluster.admin.key)}
    users = {"admin": admin, "watcher": {"token": watcher}, "nobody": {"token": nobody}}
    return cluster.kubeconfig(tmp_path_factory.mktemp("kubeconfig") / "config", users, namespace=NAMESPACE)


def asked(product: Product, kubeconfig: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return product.run("volumes", *arguments, "--no-engine", "--kubeconfig", str(kubeconfig))


def mounts(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """The mounts of a report in JSON by their paths."""
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(schema_text("volumes")))
    return {each["path"]: each for each in document["mounts"]}


@pytest.mark.parametrize("named", [("--workload", "deployment/web"), ("--pod", "alone"), ("--pod", "mounts/alone")])
def test_a_workload_s_mounts_down_to_their_drivers(
    product: Product, cluster: Running, kubeconfig: Path, image: str, named: tuple[str, str]
) -> None:
    found = mounts(asked(product, kubeconfig, image, *named, "--format", "json"))
    token = {TOKEN} if named[0] == "--pod" else set()  # admission adds it to a pod that is made
    assert set(found) == {*PLACES, *token}
    for path, source in PLACES.items():
        assert found[path]["kind"] == next(iter(source)), path
    kept, in_tree, unbound, unknown, gone = (
        found[path]["storage"] for path in ("/app", "/srv/data", "/var/lib/app", "/etc", "/gone")
    )
    told = cluster.ask("GET", "api/v1/persistentvolumes/pv-kept")["spec"]
    assert kept == {
        "claim": "kept",
        "volume": "pv-kept",
        "storageClass": told["storageClassName"],
        "driver": told["csi"]["driver"],
        "inTree": None,
        "accessModes": told["accessModes"],
        "reclaimPolicy": told["persistentVolumeReclaimPolicy"],
        "notes": [],
    }
    assert (in_tree["driver"], in_tree["inTree"]) == ("ebs.csi.aws.com", "kubernetes.io/aws-ebs")
    assert in_tree["notes"] == []
    assert (unbound["volume"], unbound["driver"], unbound["reclaimPolicy"]) == (None, "block.csi.example", "Delete")
    assert unknown["driver"] == "nobody.csi.example"
    assert unknown["notes"] == ["the cluster has no CSIDriver nobody.csi.example"]
    assert gone["notes"] == [f"the cluster has no PersistentVolumeClaim {NAMESPACE}/gone"]
    assert found["/inline"]["storage"]["driver"] == "block.csi.example"
    assert "directory of the node" in found["/node"]["warnings"][0]


def test_what_is_hidden_is_what_the_image_has_there(product: Product, kubeconfig: Path, image: str) -> None:
    found = mounts(asked(product, kubeconfig, image, "--workload", "deploy/web", "--format", "json"))
    files = product.files(f"registry:{image}")
    for path, each in found.items():
        below = [file for file in files if file["path"].startswith(f"{path}/")]
        assert each["entries"] == len(below), path
        assert each["effect"] == ("hidden" if below else "nothing"), path


def test_a_stateful_set_s_claim_that_is_there(product: Product, kubeconfig: Path, image: str) -> None:
    found = mounts(asked(product, kubeconfig, image, "--workload", "sts/db", "--format", "json"))["/srv/data"]
    assert (found["storage"]["claim"], found["storage"]["volume"]) == ("data-db-0", "pv-kept")
    assert found["storage"]["reclaimPolicy"] == "Retain"


def test_what_may_not_be_read_is_said_and_the_rest_is_shown(
    product: Product, cluster: Running, kubeconfig: Path, image: str
) -> None:
    arguments = [image, "--workload", "deployment/web", "--format", "json"]
    whole = mounts(asked(product, kubeconfig, *arguments))
    done = asked(product, kubeconfig, *arguments, "--context", "watcher")
    found = mounts(done)
    said = done.stderr.decode()
    refused = f"{WATCHER} may not get persistentvolumes 'pv-kept'"
    assert f"warning: {refused}" in said
    assert f"warning: {WATCHER} may not get storageclasses.storage.k8s.io 'quick'" in said
    assert refused in found["/app"]["storage"]["notes"]
    assert found["/app"]["storage"] | {"notes": []} == {
        "claim": "kept",
        "volume": "pv-kept",
        "storageClass": "quick",
        "driver": None,
        "inTree": None,
        "accessModes": ["ReadWriteOnce"],
        "reclaimPolicy": None,
        "notes": [],
    }
    for path in PLACES:
        assert found[path] | {"storage": None} == whole[path] | {"storage": None}, path
    table = asked(product, kubeconfig, *arguments[:3], "--context", "watcher")
    assert f"note: {refused}" in " ".join(table.stdout.decode().split())

    for _ in range(60):  # each round allows what the one before it came to; roles are heard of through a watch
        roles = _roles(done.stderr.decode())
        if not any(roles):
            break
        for role in roles:
            _apply_once(cluster, role)
        done = asked(product, kubeconfig, *arguments, "--context", "watcher")
    assert mounts(done) == whole


def _roles(said: str) -> list[str]:
    """The YAML among what is said on standard error."""
    after = itertools.dropwhile(lambda line: not line.startswith("apiVersion: "), said.splitlines(keepends=True))
    return "".join(itertools.takewhile(lambda line: not line.startswith(("note: ", "layer ")), after)).split("---\n")


def _apply_once(cluster: Running, role: str) -> None:
    try:
        cluster.apply(role)
    except AssertionError as error:
        assert "AlreadyExists" in str(error)


def test_a_workload_that_may_not_be_read_is_an_error(product: Product, kubeconfig: Path) -> None:
    done = asked(product, kubeconfig, ARCHIVE, "--workload", "deployment/web", "--context", "nobody")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"get deployments.apps 'web' in namespace 'mounts'" in done.stderr


def test_a_workload_without_the_image_says_which_it_has(product: Product, kubeconfig: Path, image: str) -> None:
    done = asked(product, kubeconfig, ARCHIVE, "--workload", "deployment/web")
    assert (done.returncode, done.stdout) == (2, b"")
    said = done.stderr.decode()
    assert f"Deployment mounts/web has no container of {ARCHIVE}" in said
    assert f"its images are: {image}, registry.invalid/beside:2" in said
    chosen = asked(product, kubeconfig, ARCHIVE, "--workload", "deployment/web", "--container", "app", "--format=json")
    assert set(mounts(chosen)) == set(PLACES)
