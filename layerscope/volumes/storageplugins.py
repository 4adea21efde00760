"""Kubernetes' in-tree volume plugins, and the CSI drivers that took their places.

kubernetes ``pkg/volume/*/``: each plugin's name; ``staging/src/k8s.io/csi-translation-lib/plugins``: which driver a
migrated one is translated to.
"""

from __future__ import annotations

from dataclasses import dataclass

MIGRATED_TO = "pv.kubernetes.io/migrated-to"
"""The annotation by which a PersistentVolume or claim tells that a CSI driver looks after it."""
PREFIX = "kubernetes.io/"


@dataclass(frozen=True, slots=True)
class InTree:
    """A volume source of Kubernetes' own."""

    plugin: str
    """As StorageClasses name it, ``kubernetes.io/…``; empty for what is no storage."""
    driver: str
    """The CSI driver that its volumes were migrated to; empty where there was no migration."""


IN_TREE: dict[str, InTree] = {
    "awsElasticBlockStore": InTree("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    "gcePersistentDisk": InTree("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    "azureDisk": InTree("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    "azureFile": InTree("kubernetes.io/azure-file", "file.csi.azure.com"),
    "cinder": InTree("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    "vsphereVolume": InTree("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
    "portworxVolume": InTree("kubernetes.io/portworx-volume", "pxd.portworx.com"),
    "rbd": InTree("kubernetes.io/rbd", ""),
    "cephfs": InTree("kubernetes.io/cephfs", ""),
    "nfs": InTree("kubernetes.io/nfs", ""),
    "iscsi": InTree("kubernetes.io/iscsi", ""),
    "fc": InTree("kubernetes.io/fc", ""),
    "local": InTree("kubernetes.io/local-volume", ""),
    "hostPath": InTree("kubernetes.io/host-path", ""),
    "glusterfs": InTree("kubernetes.io/glusterfs", ""),
    "flocker": InTree("kubernetes.io/flocker", ""),
    "quobyte": InTree("kubernetes.io/quobyte", ""),
    "scaleIO": InTree("kubernetes.io/scaleio", ""),
    "storageos": InTree("kubernetes.io/storageos", ""),
    "photonPersistentDisk": InTree("kubernetes.io/photon-pd", ""),
}
"""By the field of a PersistentVolume's, or a pod volume's, source."""

_BY_PLUGIN = {source.plugin: source for source in IN_TREE.values()}


def driver_of(provisioner: str) -> tuple[str, str]:
    """(CSI driver, in-tree plugin) behind a StorageClass's provisioner; the second is empty for a driver's own name."""
    known = _BY_PLUGIN.get(provisioner)
    if known is not None:
        return known.driver or known.plugin, known.plugin
    return provisioner, provisioner if provisioner.startswith(PREFIX) else ""
