"""Pods and what makes them: which container of which image mounts what, where (Kubernetes API, core/v1 Volume)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerscope.volumes.kubeobject import at, listed, name_of, namespace_of, text
from layerscope.volumes.mountpoint import MountingUnit, MountRequest
from layerscope.volumes.storage import Storage
from layerscope.volumes.storageplugins import IN_TREE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.volumes.kubeobject import Object
    from layerscope.volumes.storage import StorageObjects

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "Deployment": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_HOST_PATH = (
    "it is a directory of the node: the container sees, and may change, what other workloads and the node itself keep"
)


def workload_containers(objects: Iterable[Object], storage: StorageObjects) -> tuple[MountingUnit, ...]:
    """Every container of every workload among ``objects``, in their order."""
    return tuple(container for each in objects for container in _containers(each, storage))


def _containers(workload: Object, storage: StorageObjects) -> Iterator[MountingUnit]:
    kind = text(workload, "kind")
    spec = at(workload, *_TEMPLATES[kind]) if kind in _TEMPLATES else None
    if not isinstance(spec, dict):
        return
    namespace = namespace_of(workload)
    called = f"{kind} {namespace + '/' if namespace else ''}{name_of(workload)}"
    volumes = {text(volume, "name"): volume for volume in listed(at(spec, "volumes"))}
    templates = {name_of(claim): claim for claim in listed(at(workload, "spec", "volumeClaimTemplates"))}
    start = at(workload, "spec", "ordinals", "start")
    first = start if isinstance(start, int) else 0
    pod = name_of(workload) if kind == "Pod" else ""
    for group in _CONTAINERS:
        for container in listed(at(spec, group)):
            name = text(container, "name")
            origin = f"{called}, container {name}"
            finder = _Mounts(origin, name_of(workload), pod, first, namespace, volumes, templates, storage)
            yield MountingUnit(origin, name, text(container, "image"), tuple(finder.of(container)))


@dataclass(frozen=True, slots=True)
class _Mounts:
    origin: str
    workload: str
    pod: str
    """What the pod is called; empty where there are many."""
    first: int
    """Number of a StatefulSet's first pod."""
    namespace: str
    volumes: dict[str, Object]
    templates: dict[str, Object]
    storage: StorageObjects

    def of(self, container: Object) -> Iterator[MountRequest]:
        for mount in listed(at(container, "volumeMounts")):
            yield self._mounted(text(mount, "mountPath"), mount)
        for device in listed(at(container, "volumeDevices")):
            yield self._mounted(text(device, "devicePath"), device)

    def _mounted(self, path: str, mount: Object) -> MountRequest:
        name = text(mount, "name")
        template = self.templates.get(name)
        if template is not None:  # StatefulSets make a claim a pod of it, and it goes before a volume of that name
            claims = f"{name}-{self.workload}-"
            found = self.storage.of_template(
                at(template, "spec"), self.namespace, f"{claims}{self.first}", f"{claims}N"
            )
            return self._claim(path, found)
        volume = self.volumes.get(name)
        if volume is None:
            return MountRequest(
                path, "unknown", self.origin, name, warnings=("the workload has no volume of this name",)
            )
        return self._source(path, volume)

    def _source(self, path: str, volume: Object) -> MountRequest:
        kind = next((key for key in volume if key != "name" and isinstance(volume[key], dict)), "emptyDir")
        source = volume.get(kind)
        match kind:
            case "persistentVolumeClaim":
                return self._claim(path, self.storage.behind(self.namespace, text(source, "claimName")))
            case "ephemeral":
                claim = f"{self.pod or 'POD'}-{text(volume, 'name')}"
                spec = at(source, "volumeClaimTemplate", "spec")
                return self._claim(path, self.storage.of_template(spec, self.namespace, claim))
            case "csi":
                driver = text(source, "driver")
                return MountRequest(path, kind, self.origin, driver, behind=self.storage.of_driver(driver))
            case "hostPath":
                return MountRequest(path, kind, self.origin, text(source, "path"), warnings=(_HOST_PATH,))
            case _ if kind in IN_TREE:
                known = IN_TREE[kind]
                behind = Storage("", driver=known.driver or known.plugin, in_tree=known.plugin)
                return MountRequest(path, kind, self.origin, _named(source), behind=behind)
        return MountRequest(path, kind, self.origin, _named(source))

    def _claim(self, path: str, storage: Storage) -> MountRequest:
        return MountRequest(path, "persistentVolumeClaim", self.origin, storage.claim, behind=storage)


def _named(source: Any) -> str:
    """What the source is called: of a ConfigMap, Secret, image, or the medium of an emptyDir."""
    for key in ("name", "secretName", "reference", "server", "pdName", "volumeID", "diskName", "shareName", "medium"):
        if found := text(source, key):
            return found
    return ""
