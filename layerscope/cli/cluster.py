"""From the options to what a cluster says: pull secrets to find credentials by, a workload with what it mounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layerscope.cli.options import ClusterChoice
    from layerscope.cluster.api import Cluster
    from layerscope.cluster.pulling import PullSecrets, Subject
    from layerscope.cluster.storage import Documents
    from layerscope.credentials.pullsecret import PullSecret, UnreadSecret

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""What an object may be called (RFC 1123, as Kubernetes has it)."""


def check_cluster(choice: ClusterChoice) -> bool:
    """Whether pull secrets of a cluster are asked for. UsageError for options that contradict each other."""
    ways = {
        "--k8s-secret": bool(choice.k8s_secret),
        "--service-account": choice.service_account is not None,
        "--pod": choice.pod is not None,
        "--workload": choice.workload is not None,
    }
    chosen = [name for name, given in ways.items() if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} contradict each other", hint="each says alone which secrets count")
    if choice.namespace is not None:
        _checked(choice.namespace, "--namespace")
    return bool(chosen) and bool(list(_asked(choice)))


def open_cluster(choice: ClusterChoice, timeout: float | None = None) -> Cluster:
    """The cluster that the options mean; close it. Raises as ``find_access`` and ``Cluster.open`` do."""
    from layerscope.cluster.access import find_access
    from layerscope.cluster.api import Cluster
    from layerscope.cluster.connection import TIMEOUT

    access = find_access(choice.kubeconfig, choice.context or "", choice.namespace or "")
    return Cluster.open(access, TIMEOUT if timeout is None else timeout)


def cluster_pull_secrets(
    choice: ClusterChoice, remark: Callable[[str], None], timeout: float | None = None
) -> list[PullSecret | UnreadSecret]:
    """The pull secrets that the options name, in the order in which they count; ``remark`` is told what else to know.

    Raises:
        UsageError: A name is none, the cluster is not known, or lightkube is not installed.
        NotFound: What was asked about is not there.
        ClusterRefused: It may not be read.
        SourceUnreachable: No answer.
    """
    from layerscope.cluster.pulling import pull_secrets

    found: list[PullSecret | UnreadSecret] = []
    with open_cluster(choice, timeout) as cluster:
        remark(f"pull secrets are read from {cluster}")
        for subject, kind, namespace, name in _asked(choice):
            answer = pull_secrets(cluster, subject, name, namespace, kind)
            for text in answer.remarks:
                remark(text)
            found += _values(answer)
    return found


def cluster_workload(choice: ClusterChoice, timeout: float | None = None) -> Documents | None:
    """The pod or workload that the options name, with all that its volumes lead to; None where they name none.

    Raises as ``cluster_pull_secrets``: ClusterRefused where the workload itself may not be read.
    """
    from layerscope.cluster.pulling import Subject
    from layerscope.cluster.storage import read_workload

    if not check_cluster(choice):
        return None
    for subject, kind, namespace, name in _asked(choice):
        if subject in (Subject.POD, Subject.WORKLOAD):
            with open_cluster(choice, timeout) as cluster:
                return read_workload(cluster, kind or "Pod", name, namespace)
    return None


def _asked(choice: ClusterChoice) -> Iterator[tuple[Subject, str, str, str]]:
    """What is asked about: subject, kind of a workload, namespace, name."""
    from layerscope.cluster.pulling import Subject, resource_of

    for named in choice.k8s_secret:
        yield Subject.SECRET, "", *_place(named, "--k8s-secret")
    if choice.service_account is not None:
        yield Subject.SERVICE_ACCOUNT, "", *_place(choice.service_account, "--service-account")
    if choice.pod is not None:
        yield Subject.POD, "", *_place(choice.pod, "--pod")
    if choice.workload is not None:
        kind, slash, name = choice.workload.partition("/")
        if not slash:
            raise UsageError(
                f"--workload {choice.workload!r} is not KIND/NAME", hint="such as --workload deployment/web"
            )
        yield Subject.WORKLOAD, resource_of(kind).kind, "", _checked(name, "--workload")


def _place(named: str, option: str) -> tuple[str, str]:
    """``[NAMESPACE/]NAME``."""
    namespace, slash, name = named.rpartition("/")
    if slash:
        _checked(namespace, option)
    return namespace, _checked(name, option)


def _checked(name: str, option: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{option}: {name!r} cannot be the name of an object in Kubernetes",
            hint="names have lower-case letters, digits, '-' and '.'",
        )
    return name


def _values(answer: PullSecrets) -> Iterator[PullSecret | UnreadSecret]:
    from layerscope.cluster.pulling import Found
    from layerscope.credentials.pullsecret import PullSecret, UnreadSecret

    for each in answer.listed:
        if isinstance(each, Found):
            secret = each.secret
            yield PullSecret(str(secret), secret.type, secret.data, via=each.why, required=not each.why)
        else:
            yield UnreadSecret(f"{each.namespace}/{each.name}", each.reason, via=each.why)
