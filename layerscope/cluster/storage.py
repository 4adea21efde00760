"""What a workload mounts, read from the cluster: claims, volumes, storage classes, CSI drivers.

    documents = read_workload(cluster, "StatefulSet", "db", "shop")
    documents.objects     # the workload first, then what its volumes lead to: plain documents, as in a manifest file
    documents.refused     # what may not be read: verb, resource, name, identity; nothing is raised for these
    documents.missing     # what is named and not there
    documents.grant()     # the smallest roles that would allow what was refused

Only what is named is read, one by one with ``get``; the default class alone takes a list, and that only where a claim
leaves its class out. What the objects mean is for whoever asked: nothing here judges them, and any field of them may be
of any type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerscope.cluster.api import Refused, Resource
from layerscope.cluster.grant import grant
from layerscope.cluster.pulling import PODS, pod_spec, resource_of
from layerscope.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.cluster.api import Cluster, Refusal

CLAIMS = Resource("PersistentVolumeClaim", "persistentvolumeclaims")
VOLUMES = Resource("PersistentVolume", "persistentvolumes", namespaced=False)
CLASSES = Resource("StorageClass", "storageclasses", "storage.k8s.io", ("v1", "v1beta1"), namespaced=False)
DRIVERS = Resource("CSIDriver", "csidrivers", "storage.k8s.io", ("v1", "v1beta1"), namespaced=False)

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
BETA_DEFAULT_CLASS = "storageclass.beta.kubernetes.io/is-default-class"
"""Annotations of the class that a claim without one gets."""
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
"""Annotation by which claims of old name their class; it still wins."""


@dataclass(frozen=True, slots=True)
class Absent:
    """An object that another one names and that is not there."""

    kind: str
    namespace: str
    """Empty for what belongs to none."""
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Documents:
    """What was read, and what could not be."""

    objects: tuple[dict[str, Any], ...]
    """The workload first; each once, with ``kind`` and ``metadata`` at least where the cluster sent them."""
    refused: tuple[Refusal, ...] = ()
    missing: tuple[Absent, ...] = ()

    def grant(self) -> str:
        """The smallest roles that would allow what was refused, YAML for ``kubectl apply``; empty where nothing was."""
        if not self.refused:
            return ""
        return grant([each.permission for each in self.refused], self.refused[0].identity)


def read_workload(cluster: Cluster, kind: str, name: str, namespace: str = "") -> Documents:
    """A workload, or a Pod, with everything that its volumes lead to.

    Raises:
        UsageError: ``kind`` is no kind of workload.
        NotFound: It is not there.
        ClusterRefused: It may not be read itself.
        SourceUnreachable: No answer.
    """
    resource = PODS if kind.lower() in ("pod", "pods", "po") else resource_of(kind)
    where = namespace or cluster.namespace
    workload = cluster.get(resource, name, where)
    reading = _Reading(cluster)
    reading.objects.append(workload)
    for claim, template in _claims(workload):
        reading.follow_claim(claim, where, template)
    for volume in _list(pod_spec(workload), "volumes"):
        reading.follow_driver(_text(_map(volume, "csi"), "driver"), expected=True)
    return Documents(tuple(reading.objects), tuple(reading.refused), tuple(reading.missing))


def read_drivers(cluster: Cluster) -> Documents:
    """Every CSI driver and storage class that the cluster has; what may not be listed is in ``refused``."""
    reading = _Reading(cluster)
    for resource in (DRIVERS, CLASSES):
        reading.take_all(resource)
    return Documents(tuple(reading.objects), tuple(reading.refused), tuple(reading.missing))


class _Reading:
    """Follows names from object to object; reads each once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._seen: dict[tuple[str, str, str], dict[str, Any] | None] = {}
        self._listed: set[str] = set()
        self.objects: list[dict[str, Any]] = []
        self.refused: list[Refusal] = []
        self.missing: list[Absent] = []

    def follow_claim(self, name: str, namespace: str, template: dict[str, Any] | None) -> None:
        """A claim, its volume, its class, their driver; where a controller has yet to make it, its template's class."""
        refused = len(self.refused)
        claim = self._take(CLAIMS, name, namespace, expected=template is None) if name else None
        if claim is None:
            if template is not None and len(self.refused) == refused:
                self.follow_class(template, _map(template, "spec"))
            return
        spec = _map(claim, "spec")
        volume = _text(spec, "volumeName")
        if volume:
            bound = _map(self._take(VOLUMES, volume, "") or {}, "spec")
            self.follow_driver(_text(_map(bound, "csi"), "driver"), expected=True)
            self._follow_named_class(_text(bound, "storageClassName"), expected=False)
        self.follow_class(claim, spec, bound=bool(volume))

    def follow_class(self, claim: dict[str, Any], spec: dict[str, Any], *, bound: bool = False) -> None:
        """The class that a claim names; of one that names none and has no volume yet, the default."""
        annotations = _map(_map(claim, "metadata"), "annotations")
        named = _text(annotations, BETA_CLASS) or spec.get("storageClassName")
        if isinstance(named, str):  # empty: no class at all is asked for
            self._follow_named_class(named, expected=not bound)  # of a volume made by hand it is a mere label
        elif not bound:
            self.take_all(CLASSES, default_only=True)

    def _follow_named_class(self, name: str, *, expected: bool) -> None:
        if name:
            self._follow_provisioner(self._take(CLASSES, name, "", expected=expected))

    def _follow_provisioner(self, storage_class: dict[str, Any] | None) -> None:
        name = _text(storage_class or {}, "provisioner")
        if not name.startswith("kubernetes.io/"):  # those within Kubernetes have no such object
            self.follow_driver(name, expected=False)  # nor has a provisioner that is no CSI driver

    def follow_driver(self, name: str, *, expected: bool) -> None:
        """The driver of a volume."""
        if name:
            self._take(DRIVERS, name, "", expected=expected)

    def take_all(self, resource: Resource, *, default_only: bool = False) -> None:
        """All of a kind, or those marked as default."""
        if resource.plural in self._listed:
            return
        self._listed.add(resource.plural)
        try:
            for found in self._cluster.list(resource):
                if default_only and not _is_default(found):
                    continue
                name = _text(_map(found, "metadata"), "name")
                if self._seen.setdefault((resource.kind, "", name), found) is found:
                    self.objects.append(found)
                    if default_only:
                        self._follow_provisioner(found)
        except Refused as error:
            self.refused += error.refusals
        except NotFound:
            pass  # a cluster without the kind has none of it

    def _take(self, resource: Resource, name: str, namespace: str, *, expected: bool = True) -> dict[str, Any] | None:
        key = resource.kind, namespace, name
        if key not in self._seen:
            self._seen[key] = None
            try:
                self._seen[key] = found = self._cluster.get(resource, name, namespace)
                self.objects.append(found)
            except Refused as error:
                self.refused += error.refusals
            except NotFound:
                if expected:
                    self.missing.append(Absent(resource.kind, namespace, name))
        return self._seen[key]


def _claims(workload: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Names of claims, with the template of those that a controller makes; without a name where there are many.

    Of a stateful set those of its first pod stand for all.
    """
    name = _text(_map(workload, "metadata"), "name")
    for volume in _list(pod_spec(workload), "volumes"):
        if claim := _text(_map(volume, "persistentVolumeClaim"), "claimName"):
            yield claim, None
        if template := _map(_map(volume, "ephemeral"), "volumeClaimTemplate"):
            yield f"{name}-{_text(volume, 'name')}" if workload.get("kind") == "Pod" else "", template
    spec = _map(workload, "spec")
    first = _map(spec, "ordinals").get("start", 0)
    for template in _list(spec, "volumeClaimTemplates"):
        yield f"{_text(_map(template, 'metadata'), 'name')}-{name}-{first if isinstance(first, int) else 0}", template


def _is_default(storage_class: dict[str, Any]) -> bool:
    annotations = _map(_map(storage_class, "metadata"), "annotations")
    return "true" in (annotations.get(DEFAULT_CLASS), annotations.get(BETA_DEFAULT_CLASS))


def _map(holder: dict[str, Any], key: str) -> dict[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _list(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = holder.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""
