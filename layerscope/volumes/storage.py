"""From a claim to the driver behind it: PersistentVolumeClaim, PersistentVolume, StorageClass, CSIDriver."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layerscope.volumes.kubeobject import at, name_of, namespace_of, strings, text
from layerscope.volumes.storageplugins import IN_TREE, MIGRATED_TO, driver_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from layerscope.volumes.kubeobject import Object

ObjectKey = tuple[str, str, str]
"""Kind, namespace (empty for what belongs to none) and name."""
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


@dataclass(frozen=True, slots=True)
class Storage:
    """What is behind a claim, as far as the objects at hand tell."""

    claim: str
    volume: str = ""
    """The PersistentVolume; empty while the claim is bound to none."""
    storage_class: str = ""
    driver: str = ""
    """The CSI driver's name, or the in-tree plugin's where no driver took its place."""
    in_tree: str = ""
    """The in-tree plugin that the objects name; empty where they name a CSI driver."""
    access_modes: tuple[str, ...] = ()
    reclaim_policy: str = ""
    """``Retain``, ``Delete`` or ``Recycle``: of the volume; while there is none, what its class would give it."""
    notes: tuple[str, ...] = ()
    """What is missing, and what is odd."""


@dataclass(frozen=True, slots=True)
class StorageObjects:
    """The objects to look claims up in."""

    claims: Mapping[tuple[str, str], Object] = field(default_factory=dict)
    """By namespace and name."""
    volumes: Mapping[str, Object] = field(default_factory=dict)
    classes: Mapping[str, Object] = field(default_factory=dict)
    drivers: Mapping[str, Object] | None = None
    """CSIDrivers by name; None where these are not all there are."""
    unread: Mapping[ObjectKey, str] = field(default_factory=dict)
    """Why an object that another one names is not here, in words; without a name: why its kind was not listed."""
    place: str = "among the objects given"
    """Where it is that an object is not."""

    @classmethod
    def of(cls, objects: Iterable[Object], unread: Mapping[ObjectKey, str] | None = None) -> StorageObjects:
        """Sort objects of any kind; those that have nothing to do with storage are passed over.

        With ``unread`` they were read out of a cluster, each because another one names it; else they are all there are.
        """
        claims: dict[tuple[str, str], Object] = {}
        volumes: dict[str, Object] = {}
        classes: dict[str, Object] = {}
        drivers: dict[str, Object] = {}
        for each in objects:
            match each.get("kind"):
                case "PersistentVolumeClaim":
                    claims[namespace_of(each), name_of(each)] = each
                case "PersistentVolume":
                    volumes[name_of(each)] = each
                case "StorageClass":
                    classes[name_of(each)] = each
                case "CSIDriver":
                    drivers[name_of(each)] = each
        if unread is not None:
            return cls(claims, volumes, classes, None, unread, "in the cluster")
        return cls(claims, volumes, classes, drivers or None)

    def behind(self, namespace: str, claim: str) -> Storage:
        """What is behind the claim of that name."""
        found = self.claims.get((namespace, claim)) or self.claims.get(("", claim))
        if found is None:
            why = self._why("PersistentVolumeClaim", claim, namespace)
            return Storage(claim, notes=(why or f"there is no such claim {self.place}",))
        return self.of_spec(at(found, "spec"), claim, at(found, "metadata", "annotations"))

    def of_template(self, spec: Any, namespace: str, claim: str, name: str = "") -> Storage:
        """What is behind the claims that a template makes; behind the one called ``claim``, where that is here.

        ``name`` is what stands for the claims of all pods.
        """
        if (namespace, claim) in self.claims:
            return self.behind(namespace, claim)
        made = self.of_spec(spec, name or claim)
        why = self._why("PersistentVolumeClaim", claim, namespace)
        return dataclasses.replace(made, notes=(why, *made.notes)) if why else made

    def of_driver(self, driver: str) -> Storage:
        """What is behind a volume that a CSI driver makes for one pod alone, without a claim."""
        return Storage("", driver=driver, notes=tuple(self._of_driver(driver, "")))

    def of_spec(self, spec: Any, claim: str, annotations: Any = None) -> Storage:
        """What is behind a claim that looks like this: an object's own, or a template's."""
        bound = self.volumes.get(text(spec, "volumeName"))
        class_name = text(annotations, _CLASS_ANNOTATION) or text(spec, "storageClassName")
        modes = strings(at(spec, "accessModes"))
        if bound is not None:
            return self._of_volume(bound, claim, class_name, modes)
        notes = []
        if volume := text(spec, "volumeName"):
            why = self._why("PersistentVolume", volume)
            notes.append(why or f"its volume {volume} is not {self.place}")
        asked_for_none = isinstance(spec, dict) and spec.get("storageClassName") == ""
        if not class_name and not asked_for_none:
            class_name = self._default_class()
            unlisted = self._why("StorageClass", "")
            told = f"it names no StorageClass, and no default one is known{unlisted and ': '}{unlisted}"
            notes += [] if class_name else [told]
        if asked_for_none and not volume:
            notes.append("it asks for a volume made by hand (an empty storageClassName), and names none")
        return self._of_class(class_name, claim, volume, modes, notes)

    def _of_class(self, name: str, claim: str, volume: str, modes: tuple[str, ...], notes: list[str]) -> Storage:
        found = self.classes.get(name)
        if found is None:
            why = self._why("StorageClass", name) or f"the StorageClass {name} is not {self.place}"
            told = [why] if name else []
            return Storage(claim, volume, name, access_modes=modes, notes=(*notes, *told))
        driver, in_tree = driver_of(text(found, "provisioner"))
        # Of a volume that is there and cannot be seen, the policy may have been changed since.
        policy = "" if volume else text(found, "reclaimPolicy") or "Delete"
        notes += ["the driver is the one that its StorageClass names"] if volume and driver else []
        return Storage(claim, volume, name, driver, in_tree, modes, policy, (*notes, *self._of_driver(driver, in_tree)))

    def _of_volume(self, volume: Object, claim: str, class_name: str, modes: tuple[str, ...]) -> Storage:
        spec = at(volume, "spec")
        driver, in_tree = volume_driver(volume)
        notes = list(self._of_driver(driver, in_tree))
        owner = text(at(spec, "claimRef"), "name")
        if owner and owner != claim:
            notes.append(f"its volume {name_of(volume)} belongs to the claim {owner}")
        return Storage(
            claim=claim,
            volume=name_of(volume),
            storage_class=text(spec, "storageClassName") or class_name,
            driver=driver,
            in_tree=in_tree,
            access_modes=strings(at(spec, "accessModes")) or modes,
            reclaim_policy=text(spec, "persistentVolumeReclaimPolicy") or "Retain",
            notes=tuple(notes),
        )

    def _of_driver(self, driver: str, in_tree: str) -> Iterable[str]:
        if not driver:
            yield "nothing tells which driver is behind it"
        elif why := self._why("CSIDriver", driver):
            yield why
        elif self.drivers is not None and driver != in_tree and driver not in self.drivers:
            yield f"the cluster has no CSI driver {driver}"

    def _why(self, kind: str, name: str, namespace: str = "") -> str:
        """Why an object was not read; empty where that is not known."""
        return self.unread.get((kind, namespace, name), "")

    def _default_class(self) -> str:
        for name, found in sorted(self.classes.items()):
            annotations = at(found, "metadata", "annotations")
            if any(text(annotations, key) == "true" for key in _DEFAULT_CLASS):
                return name
        return ""


def volume_driver(volume: Object) -> tuple[str, str]:
    """(driver, in-tree plugin) of a PersistentVolume; both empty where its source is of no known kind."""
    spec = at(volume, "spec")
    migrated = text(at(volume, "metadata", "annotations"), MIGRATED_TO)
    if csi := text(at(spec, "csi"), "driver"):
        return csi, ""
    if flex := text(at(spec, "flexVolume"), "driver"):
        return flex, "flexVolume"
    for source, known in IN_TREE.items():
        if isinstance(at(spec, source), dict):
            return migrated or known.driver or known.plugin, known.plugin
    return migrated, ""
