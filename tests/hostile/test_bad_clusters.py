"""Objects of a cluster that are not what they should be: read as far as they go, never a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apianswers import answering, reply

from layerscope.cluster.pulling import Subject, pull_secrets
from layerscope.cluster.storage import read_drivers, read_workload
from layerscope.errors import LayerscopeError

ODD: list[Any] = [None, 3, True, "text", [], {}, [3], [[]], {"name": 3}, [{"name": ["x"]}], "../../secrets/x", ".."]
NAMES = ("..", ".", "a/b", "a%2fb", "\x1b[2J", "")


def document(value: Any) -> bytes:
    return reply(json.dumps(value))


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_wherever_a_value_is_looked_for(odd: Any) -> None:
    claim = {"claimName": odd}
    shapes: list[Any] = [
        {"spec": odd},
        {"imagePullSecrets": odd, "metadata": odd},
        {"spec": {"imagePullSecrets": odd, "serviceAccountName": odd, "volumes": odd}},
        {"spec": {"template": odd, "jobTemplate": odd, "volumeClaimTemplates": odd, "ordinals": odd}},
        {"spec": {"volumes": [odd, {"persistentVolumeClaim": odd}, {"persistentVolumeClaim": claim}, {"csi": odd}]}},
        {"spec": {"volumes": [{"csi": {"driver": odd}}, {"ephemeral": odd}]}},
        {"spec": {"volumes": [{"name": odd, "ephemeral": {"volumeClaimTemplate": odd or {"spec": odd}}}]}},
        {"spec": {"volumeClaimTemplates": [{"metadata": odd, "spec": odd}], "template": {"spec": {"volumes": odd}}}},
        {"items": odd, "metadata": {"continue": odd}},
        {"items": [odd, {"metadata": odd}, {"metadata": {"name": odd, "annotations": odd}, "provisioner": odd}]},
        {"spec": {"volumeName": odd, "storageClassName": odd, "csi": odd}, "provisioner": odd},
    ]
    for shape in [odd, *shapes]:
        with answering(other=document(shape)) as (cluster, _):
            asks = [
                lambda: pull_secrets(cluster, Subject.POD, "web"),
                lambda: pull_secrets(cluster, Subject.SERVICE_ACCOUNT, "web"),
                lambda: pull_secrets(cluster, Subject.SECRET, "web"),
                lambda: pull_secrets(cluster, Subject.WORKLOAD, "web", kind="CronJob"),
                lambda: read_workload(cluster, "Pod", "web"),
                lambda: read_workload(cluster, "StatefulSet", "web"),
                lambda: read_drivers(cluster),
            ]
            for ask in asks:
                try:
                    ask()
                except LayerscopeError as error:
                    assert error.message


def test_names_that_would_leave_their_place() -> None:
    pod = {"spec": {"imagePullSecrets": [{"name": name} for name in NAMES]}}
    with answering(web=document(pod), other=document({"metadata": {"name": "x"}})) as (cluster, asked):
        found = pull_secrets(cluster, Subject.POD, "web")
    assert [getattr(each, "reason", "") for each in found.listed] == ["there is no such secret"] * 5
    assert len(asked) == 1  # for the pod, and for nothing else
