"""Which pull secrets a pod's kubelet would use, read from the cluster.

A kubelet goes by ``spec.imagePullSecrets`` of the pod alone, in order, within its namespace; a secret that is not there
is passed over with a warning (kubelet ``getPullSecretsForPod``). The service account's list comes in earlier: when a
pod is *created* and lists none, admission copies it (plugin/pkg/admission/serviceaccount). So a pod that exists is
taken at its word, and for a workload or a service account it is what a new pod would get.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layerscope.cluster.api import Refused, Resource, gathered
from layerscope.cluster.secret import Secret, secret_of
from layerscope.errors import LayerscopeError, NotFound, UsageError

if TYPE_CHECKING:
    from layerscope.cluster.api import Cluster

SECRETS = Resource("Secret", "secrets")
SERVICE_ACCOUNTS = Resource("ServiceAccount", "serviceaccounts")
PODS = Resource("Pod", "pods")
WORKLOADS = (
    Resource("Deployment", "deployments", "apps"),
    Resource("StatefulSet", "statefulsets", "apps"),
    Resource("DaemonSet", "daemonsets", "apps"),
    Resource("ReplicaSet", "replicasets", "apps"),
    Resource("Job", "jobs", "batch"),
    Resource("CronJob", "cronjobs", "batch", ("v1", "v1beta1")),
    Resource("ReplicationController", "replicationcontrollers"),
)
"""Everything of Kubernetes' own that makes pods from a template."""
_SHORT = {"deploy": "deployments", "sts": "statefulsets", "ds": "daemonsets", "rs": "replicasets",
          "cj": "cronjobs", "rc": "replicationcontrollers"}  # fmt: skip
DEFAULT_ACCOUNT = "default"


class Subject(enum.Enum):
    """What can be asked about."""

    SECRET = "secret"  # noqa: S105  # the name of a kind
    SERVICE_ACCOUNT = "service account"
    POD = "pod"
    WORKLOAD = "workload"


@dataclass(frozen=True, slots=True)
class Found:
    """A pull secret that counts."""

    secret: Secret
    why: str
    """How it came to count: ``pod team/web``; empty where it was named itself."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A pull secret that should count and is not there, or is broken: the kubelet passes over it."""

    namespace: str
    name: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class PullSecrets:
    """What a kubelet would have for one pod, in the order in which it counts."""

    listed: tuple[Found | Missing, ...]
    remarks: tuple[str, ...] = field(default=())
    """What whoever asked should know, in words."""


def resource_of(kind: str) -> Resource:
    """The workload that ``kind`` means: a kind, a plural or kubectl's short name. UsageError for any other."""
    wanted = kind.lower()
    for resource in WORKLOADS:
        if wanted in (resource.kind.lower(), resource.plural, resource.plural.removesuffix("s")):
            return resource
        if _SHORT.get(wanted) == resource.plural:
            return resource
    raise UsageError(
        f"{kind!r} is no kind of workload", hint=f"these are: {', '.join(each.kind for each in WORKLOADS)}"
    )


def pull_secrets(cluster: Cluster, subject: Subject, name: str, namespace: str = "", kind: str = "") -> PullSecrets:
    """The pull secrets of a secret's own name, a service account, a pod, or a workload of ``kind``.

    Raises:
        NotFound: What was asked about is not there; of a secret too, where it was named itself.
        ClusterRefused: It, or a secret that it lists, may not be read: a kubelet could, so nothing can be said.
        SourceUnreachable: No answer.
    """
    where = namespace or cluster.namespace
    match subject:
        case Subject.SECRET:
            document = cluster.get(SECRETS, name, where)
            return PullSecrets((Found(secret_of(document, str(cluster)), ""),))
        case Subject.SERVICE_ACCOUNT:
            names = _names(cluster.get(SERVICE_ACCOUNTS, name, where))
            return _read(cluster, where, names, f"service account {where}/{name}")
        case Subject.POD:
            pod = cluster.get(PODS, name, where)
            spec = _map(pod, "spec")
            names = _names(spec)
            why = f"pod {where}/{name}"
            return _read(cluster, where, names, why, () if names else _left_out(cluster, spec, where, why))
        case Subject.WORKLOAD:
            resource = resource_of(kind)
            spec = pod_spec(cluster.get(resource, name, where))
            why = f"{resource.kind} {where}/{name}"
            if names := _names(spec):
                return _read(cluster, where, names, why)
            account = _account_name(spec)
            names = _names(cluster.get(SERVICE_ACCOUNTS, account, where))
            return _read(cluster, where, names, f"service account {where}/{account} of {why}")


def pod_spec(workload: dict[str, Any]) -> dict[str, Any]:
    """The ``spec`` of the pods that a workload's document makes (of a Pod, its own); empty where it has none."""
    spec = _map(workload, "spec")
    if workload.get("kind") == "Pod":
        return spec
    if workload.get("kind") == "CronJob":
        spec = _map(_map(spec, "jobTemplate"), "spec")
    return _map(_map(spec, "template"), "spec")


def _read(cluster: Cluster, namespace: str, names: list[str], why: str, remarks: tuple[str, ...] = ()) -> PullSecrets:
    """Every secret of a list; refusals are gathered, so that one role answers for all."""
    listed: list[Found | Missing] = []
    refused: list[Refused] = []
    for name in names:
        try:
            listed.append(Found(secret_of(cluster.get(SECRETS, name, namespace), str(cluster)), why))
        except Refused as error:
            refused.append(error)
        except NotFound:
            listed.append(Missing(namespace, name, "there is no such secret", why))
        except UsageError as error:
            listed.append(Missing(namespace, name, error.message, why))
    if refused:
        raise gathered(cluster, refused)
    if not names and not remarks:
        remarks = (f"{why} lists no pull secrets",)
    return PullSecrets(tuple(listed), remarks)


def _left_out(cluster: Cluster, spec: dict[str, Any], namespace: str, why: str) -> tuple[str, ...]:
    """Whether a pod without pull secrets was made before its service account had some."""
    account = _account_name(spec)
    try:
        names = _names(cluster.get(SERVICE_ACCOUNTS, account, namespace))
    except LayerscopeError:
        return ()
    if not names:
        return ()
    listed = ", ".join(names)
    return (
        f"{why} lists no pull secrets, though its service account {namespace}/{account} now does ({listed}): they are"
        " copied when a pod is made, so a new pod would have them",
    )


def _account_name(spec: dict[str, Any]) -> str:
    for key in ("serviceAccountName", "serviceAccount"):
        name = spec.get(key)
        if isinstance(name, str) and name:
            return name
    return DEFAULT_ACCOUNT


def _names(holder: dict[str, Any]) -> list[str]:
    """The names in ``imagePullSecrets``, in order; an entry without a name counts for nothing, as for the kubelet."""
    listed = holder.get("imagePullSecrets")
    names = [each.get("name") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def _map(holder: dict[str, Any], key: str) -> dict[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}
