"""What a workload mounts, followed through a real cluster by those who may and by those who may not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from layerscope.cluster.access import find_access
from layerscope.cluster.api import Cluster
from layerscope.cluster.storage import CLAIMS, CLASSES, DRIVERS, VOLUMES, Documents, read_drivers, read_workload
from layerscope.errors import ClusterRefused, NotFound, UsageError

from .running import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE = "data"
OBJECTS = """
{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: fast.csi.example}, spec: {attachRequired: false}}
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: inline.csi.example}
spec: {volumeLifecycleModes: [Ephemeral]}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: fast.csi.example}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: old}, provisioner: kubernetes.io/no-provisioner}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: usual, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: nfs.example/external
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-bound}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: fast
  csi: {driver: fast.csi.example, volumeHandle: v1}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-strange}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: by-hand
  csi: {driver: gone.csi.example, volumeHandle: v2}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: bound, namespace: data}
spec:
  volumeName: pv-bound
  storageClassName: fast
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: strange, namespace: data}
spec:
  volumeName: pv-strange
  storageClassName: by-hand
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: no-such-class, namespace: data}
spec: {storageClassName: missing, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: web-cache, namespace: data}
spec: {storageClassName: old, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files-db-0, namespace: data}
spec: {storageClassName: old, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: data}
spec:
  containers: [{name: app, image: registry.invalid/app:1, volumeMounts: [{name: one, mountPath: /one}]}]
  volumes:
  - {name: one, persistentVolumeClaim: {claimName: bound}}
  - {name: two, persistentVolumeClaim: {claimName: strange}}
  - {name: three, csi: {driver: inline.csi.example}}
  - {name: four, emptyDir: {}}
  - name: cache
    ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: broken, namespace: data}
spec:
  containers: [{name: app, image: registry.invalid/app:1}]
  volumes:
  - {name: one, persistentVolumeClaim: {claimName: gone}}
  - {name: two, persistentVolumeClaim: {claimName: no-such-class}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: app, image: registry.invalid/db:1}]}
  volumeClaimTemplates:
  - metadata: {name: files}
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
  - metadata: {name: logs}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


@pytest.fixture(scope="module")
def stored(cluster: Running) -> Running:
    cluster.namespace(NAMESPACE)
    cluster.apply(OBJECTS)
    return cluster


@pytest.fixture(scope="module")
def opened(stored: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    admin = {"client-certificate": str(stored.admin.certificate), "client-key": str(stored.admin.key)}
    config = stored.kubeconfig(tmp_path_factory.mktemp("admin") / "config", {"admin": admin}, namespace=NAMESPACE)
    with Cluster.open(find_access(config)) as reading:
        yield reading


def named(documents: Documents) -> list[str]:
    return [f"{each['kind']} {each['metadata']['name']}" for each in documents.objects]


def test_a_pod_is_followed_to_its_drivers(opened: Cluster) -> None:
    found = read_workload(opened, "Pod", "web")
    assert named(found) == [
        "Pod web",
        "PersistentVolumeClaim bound",
        "PersistentVolume pv-bound",
        "CSIDriver fast.csi.example",
        "StorageClass fast",
        "PersistentVolumeClaim strange",
        "PersistentVolume pv-strange",
        "PersistentVolumeClaim web-cache",
        "StorageClass old",
        "CSIDriver inline.csi.example",
    ]
    assert [str(each) for each in found.missing] == ["CSIDriver gone.csi.example"]
    assert (found.refused, found.grant()) == ((), "")
    claim = found.objects[1]
    assert claim["spec"]["volumeName"] == "pv-bound"
    assert claim["metadata"]["namespace"] == NAMESPACE


def test_what_is_named_and_not_there(opened: Cluster) -> None:
    found = read_workload(opened, "pod", "broken")
    assert [str(each) for each in found.missing] == [
        "PersistentVolumeClaim data/gone", "StorageClass missing",
    ]  # fmt: skip


def test_a_stateful_sets_templates(opened: Cluster) -> None:
    found = read_workload(opened, "sts", "db")
    assert named(found) == [
        "StatefulSet db",
        "PersistentVolumeClaim files-db-0",
        "StorageClass old",
        "StorageClass usual",  # of the template without a class, whose claim is not there yet
    ]


def test_everything_that_a_cluster_offers(opened: Cluster) -> None:
    found = read_drivers(opened)
    assert {each["kind"] for each in found.objects} == {"CSIDriver", "StorageClass"}
    assert set(named(found)) >= {  # other tests have theirs in the same cluster
        "CSIDriver fast.csi.example",
        "CSIDriver inline.csi.example",
        "StorageClass fast",
        "StorageClass old",
        "StorageClass usual",
    }


def test_groups_as_they_are_served(opened: Cluster) -> None:
    assert opened.groups()["storage.k8s.io"][0] == "v1"
    assert all(opened.serves(each) for each in (CLAIMS, VOLUMES, CLASSES, DRIVERS))


def test_the_workload_itself(opened: Cluster) -> None:
    with pytest.raises(NotFound):
        read_workload(opened, "Deployment", "gone")
    with pytest.raises(UsageError):
        read_workload(opened, "Node", "one")


def test_what_may_not_be_read_is_said_and_the_roles_allow_it(stored: Running, tmp_path: Path) -> None:
    token = stored.account(NAMESPACE, "watcher")
    config = stored.kubeconfig(tmp_path / "config", {"watcher": {"token": token}}, namespace=NAMESPACE)
    with Cluster.open(find_access(config)) as ours:
        with pytest.raises(ClusterRefused) as caught:
            read_workload(ours, "Pod", "web")
        stored.apply(caught.value.grant)
        seen: list[list[str]] = []
        deadline = time.monotonic() + 60
        while True:  # each round allows what the one before it came to
            try:
                found = read_workload(ours, "Pod", "web")
            except ClusterRefused:
                found = None
            if found is not None:
                said = [str(each.permission) for each in found.refused]
                if not said:
                    break
                if said not in seen:
                    seen.append(said)
                    stored.apply(found.grant())
            assert time.monotonic() < deadline, seen
            time.sleep(0.1)
    assert seen[0] == [
        "get persistentvolumeclaims 'bound' in namespace 'data'",
        "get persistentvolumeclaims 'strange' in namespace 'data'",
        "get persistentvolumeclaims 'web-cache' in namespace 'data'",
        "get csidrivers.storage.k8s.io 'inline.csi.example'",
    ]
    assert named(found)[0] == "Pod web"
    assert len(found.objects) == 10


def test_roles_are_yaml(stored: Running, tmp_path: Path) -> None:
    token = stored.account(NAMESPACE, "stranger")
    config = stored.kubeconfig(tmp_path / "config", {"it": {"token": token}}, namespace=NAMESPACE)
    with Cluster.open(find_access(config)) as ours:
        found = read_drivers(ours)
    rules: list[dict[str, Any]] = [each for each in yaml.safe_load_all(found.grant()) if each["kind"] == "ClusterRole"]
    assert [rule["resources"] for rule in rules[0]["rules"]] == [["csidrivers"], ["storageclasses"]]
