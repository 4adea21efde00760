"""From a container's mount to the driver behind it, in Kubernetes' own objects."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from layerscope.cluster.manifests import read_manifests
from layerscope.volumes.storage import Storage, StorageObjects
from layerscope.volumes.storageplugins import IN_TREE, MIGRATED_TO, driver_of
from layerscope.volumes.workloads import workload_containers


def volume(name: str = "pv", annotations: dict[str, str] | None = None, **source: Any) -> dict[str, Any]:
    metadata = {"name": name, "annotations": annotations or {}}
    return {"kind": "PersistentVolume", "metadata": metadata, "spec": {**source, "accessModes": ["ReadWriteOnce"]}}


def claim(**spec: Any) -> dict[str, Any]:
    return {"kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"}, "spec": spec}


def behind(*objects: dict[str, Any]) -> Storage:
    return StorageObjects.of(objects).behind("shop", "data")


DRIVERS = {
    "awsElasticBlockStore": "ebs.csi.aws.com",
    "gcePersistentDisk": "pd.csi.storage.gke.io",
    "azureDisk": "disk.csi.azure.com",
    "azureFile": "file.csi.azure.com",
    "cinder": "cinder.csi.openstack.org",
    "vsphereVolume": "csi.vsphere.vmware.com",
    "portworxVolume": "pxd.portworx.com",
}
"""kubernetes csi-translation-lib: the drivers that in-tree plugins are translated to."""


@pytest.mark.parametrize("source", sorted(IN_TREE))
def test_every_source_of_kubernetes_own_is_named_with_what_took_its_place(source: str) -> None:
    found = behind(claim(volumeName="pv"), volume(**{source: {"x": "y"}}))
    plugin = IN_TREE[source].plugin
    assert found.in_tree == plugin
    assert plugin.startswith("kubernetes.io/")
    assert found.driver == DRIVERS.get(source, plugin)
    assert driver_of(plugin) == (DRIVERS.get(source, plugin), plugin)
    migrated = behind(claim(volumeName="pv"), volume(annotations={MIGRATED_TO: "own.example"}, **{source: {}}))
    assert migrated.driver == "own.example"


def test_the_table_of_migrations_is_whole() -> None:
    assert {source: known.driver for source, known in IN_TREE.items() if known.driver} == DRIVERS


def test_a_claim_leads_to_volume_class_and_driver() -> None:
    csi = volume(csi={"driver": "ebs.csi.aws.com"}, persistentVolumeReclaimPolicy="Delete", storageClassName="fast")
    assert behind(claim(volumeName="pv", storageClassName="fast"), csi) == Storage(
        "data", "pv", "fast", "ebs.csi.aws.com", "", ("ReadWriteOnce",), "Delete"
    )


def test_an_unbound_claim_is_told_by_its_class() -> None:
    made = {
        "kind": "StorageClass",
        "metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "kubernetes.io/gce-pd",
    }
    expected = Storage(
        "data", "", "fast", "pd.csi.storage.gke.io", "kubernetes.io/gce-pd", ("ReadWriteMany",), "Delete"
    )
    assert behind(claim(storageClassName="fast", accessModes=["ReadWriteMany"]), made) == expected
    assert behind(claim(accessModes=["ReadWriteMany"]), made) == expected  # the default class


@pytest.mark.parametrize(
    ("objects", "note"),
    [
        ([], "no such claim"),
        ([claim(volumeName="pv")], "volume pv is not among"),
        ([claim(storageClassName="fast")], "StorageClass fast is not among"),
        ([claim()], "no default one is known"),
        ([claim(storageClassName="")], "made by hand"),
        ([claim(volumeName="pv"), volume(unheardOf={})], "nothing tells which driver"),
        (
            [claim(volumeName="pv"), volume(csi={"driver": "x.example"}, claimRef={"name": "other"})],
            "belongs to the claim other",
        ),
        (
            [
                claim(volumeName="pv"),
                volume(csi={"driver": "x.example"}),
                {"kind": "CSIDriver", "metadata": {"name": "y.example"}},
            ],
            "no CSI driver x.example",
        ),
        ([{"kind": "PersistentVolumeClaim", "metadata": "garbage", "spec": 7}], "no such claim"),
    ],
)
def test_what_is_missing_is_said(objects: list[dict[str, Any]], note: str) -> None:
    assert any(note in text for text in behind(*objects).notes)


WORKLOADS = b"""
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  jobTemplate: {spec: {template: {spec: &pod {
    volumes: [
      {name: scratch, emptyDir: {medium: Memory}}, {name: node, hostPath: {path: /var/log}},
      {name: conf, configMap: {name: settings}}, {name: key, secret: {secretName: tls}},
      {name: all, projected: {sources: []}}, {name: files, image: {reference: "quay.io/x/y:1"}},
      {name: data, persistentVolumeClaim: {claimName: data}}, {name: inline, csi: {driver: inline.example}},
      {name: later, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: none}}}},
      {name: old, awsElasticBlockStore: {volumeID: vol-1}}],
    initContainers: [{name: first, image: "app:1", volumeMounts: [{name: scratch, mountPath: /tmp}]}],
    containers: [{name: app, image: "app:1", volumeMounts: [
      {name: scratch, mountPath: /a}, {name: node, mountPath: /b}, {name: conf, mountPath: /c},
      {name: key, mountPath: /d}, {name: all, mountPath: /e}, {name: files, mountPath: /f},
      {name: data, mountPath: /g}, {name: inline, mountPath: /h}, {name: later, mountPath: /i},
      {name: old, mountPath: /j}, {name: nowhere, mountPath: /k}]}]}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: fast, accessModes: [ReadWriteOnce]}}]
  template: {spec: {containers: [{name: db, image: db, volumeMounts: [{name: data, mountPath: /var/lib/db}]}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
"""


def test_every_kind_of_volume_in_every_kind_of_workload() -> None:
    objects = read_manifests(WORKLOADS, "workloads.yaml")
    first, app, db = workload_containers(objects, StorageObjects.of(objects))
    assert (first.short, app.short, db.name) == ("first", "app", "StatefulSet db, container db")
    kinds = {mount.path: (mount.kind, mount.name) for mount in app.mounts}
    assert kinds == {
        "/a": ("emptyDir", "Memory"),
        "/b": ("hostPath", "/var/log"),
        "/c": ("configMap", "settings"),
        "/d": ("secret", "tls"),
        "/e": ("projected", ""),
        "/f": ("image", "quay.io/x/y:1"),
        "/g": ("persistentVolumeClaim", "data"),
        "/h": ("csi", "inline.example"),
        "/i": ("persistentVolumeClaim", "POD-later"),
        "/j": ("awsElasticBlockStore", "vol-1"),
        "/k": ("unknown", "nowhere"),
    }
    by_path = {mount.path: mount for mount in app.mounts}
    assert "directory of the node" in by_path["/b"].warnings[0]
    assert "no volume of this name" in by_path["/k"].warnings[0]
    assert by_path["/j"].behind == Storage("", driver="ebs.csi.aws.com", in_tree="kubernetes.io/aws-ebs")
    assert not any(mount.copies for mount in app.mounts)
    (mount,) = db.mounts
    assert mount.behind is not None
    assert (mount.behind.claim, mount.behind.storage_class) == ("data-db-N", "fast")


REFUSED = "'wren' may not get it"


@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "PersistentVolume", "StorageClass", "CSIDriver"])
def test_what_may_not_be_read_leaves_open_what_hangs_on_it(kind: str) -> None:
    read = {
        "PersistentVolumeClaim": claim(volumeName="pv", storageClassName="fast", accessModes=["ReadWriteMany"]),
        "PersistentVolume": volume(csi={"driver": "x.example"}, persistentVolumeReclaimPolicy="Retain"),
        "StorageClass": {"kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "x.example"},
        "CSIDriver": {"kind": "CSIDriver", "metadata": {"name": "x.example"}},
    }
    names = {
        "PersistentVolumeClaim": "data",
        "PersistentVolume": "pv",
        "StorageClass": "fast",
        "CSIDriver": "x.example",
    }
    key = (kind, "shop" if kind == "PersistentVolumeClaim" else "", names[kind])
    rest = [each for name, each in read.items() if name != kind]
    found = StorageObjects.of(rest, {key: REFUSED}).behind("shop", "data")
    whole = Storage("data", "pv", "fast", "x.example", "", ("ReadWriteOnce",), "Retain")
    by_class = (REFUSED, "the driver is the one that its StorageClass names")
    expected = {
        "PersistentVolumeClaim": Storage("data", notes=(REFUSED,)),
        "PersistentVolume": Storage("data", "pv", "fast", "x.example", "", ("ReadWriteMany",), "", by_class),
        "StorageClass": whole,  # which the volume tells all the same
        "CSIDriver": dataclasses.replace(whole, notes=(REFUSED,)),
    }
    assert found == expected[kind]


def test_a_default_class_that_may_not_be_looked_for() -> None:
    found = StorageObjects.of([claim()], {("StorageClass", "", ""): REFUSED}).behind("shop", "data")
    assert found.driver == ""
    assert f"it names no StorageClass, and no default one is known: {REFUSED}" in found.notes


def test_the_old_annotation_of_a_claim_s_class_wins() -> None:
    old = claim(storageClassName="new")
    old["metadata"]["annotations"] = {"volume.beta.kubernetes.io/storage-class": "old"}
    assert behind(old).storage_class == "old"


def test_claims_that_were_made_of_templates() -> None:
    made = claim(volumeName="pv")
    made["metadata"]["name"] = "data-db-3"
    later = claim(volumeName="pv")
    later["metadata"]["name"] = "web-scratch"
    template = {"metadata": {"name": "data"}, "spec": {"storageClassName": "fast"}}
    app = {"name": "db", "image": "db", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}
    database = {
        "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {
            "ordinals": {"start": 3}, "template": {"spec": {"containers": [app]}}, "volumeClaimTemplates": [template]
        },
    }  # fmt: skip
    pod = {
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "containers": [{"name": "web", "volumeMounts": [{"name": "scratch", "mountPath": "/s"}]}],
            "volumes": [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}],
        },
    }
    storage = StorageObjects.of([made, later, volume(csi={"driver": "x.example"})])
    behind_each = [unit.mounts[0].behind for unit in workload_containers([database, pod], storage)]
    assert [each and (each.claim, each.driver) for each in behind_each] == [
        ("data-db-3", "x.example"), ("web-scratch", "x.example"),
    ]  # fmt: skip
    refused = StorageObjects.of([], {("PersistentVolumeClaim", "shop", "data-db-3"): REFUSED})
    (unit,) = workload_containers([database], refused)
    assert unit.mounts[0].behind is not None
    assert (unit.mounts[0].behind.claim, unit.mounts[0].behind.notes[0]) == ("data-db-N", REFUSED)
