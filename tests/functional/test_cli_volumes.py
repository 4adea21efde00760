"""``layerscope volumes`` as a process: mounts of workloads in files, and what is wrong with what it is given."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_process import Cli

IMAGE = "testdata/classic.docker-archive.tar"
POD: dict[str, Any] = {
    "containers": [
        {
            "name": "app",
            "image": "registry.example/app:1",
            "volumeMounts": [
                {"name": "data", "mountPath": "/srv/data"},
                {"name": "node", "mountPath": "/app"},
                {"name": "memory", "mountPath": "/scratch"},
            ],
        }
    ],
    "volumes": [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "node", "hostPath": {"path": "/srv/www"}},
        {"name": "memory", "emptyDir": {"medium": "Memory"}},
    ],
}
TEMPLATE = {"template": {"spec": POD}}
WORKLOADS: dict[str, dict[str, Any]] = {
    "Pod": POD,
    "Deployment": TEMPLATE,
    "StatefulSet": TEMPLATE,
    "DaemonSet": TEMPLATE,
    "ReplicaSet": TEMPLATE,
    "Job": TEMPLATE,
    "CronJob": {"jobTemplate": {"spec": TEMPLATE}},
}
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {volumeName: pv-1, storageClassName: quick, accessModes: [ReadWriteOnce]}
"""
VOLUME = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-1}
spec:
  accessModes: [ReadWriteMany]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: quick
  csi: {driver: block.csi.example, volumeHandle: one}
"""
OTHER_DRIVER = "{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: other.csi.example}}"


def workload(directory: Path, kind: str) -> Path:
    path = directory / "workload.yaml"
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"}}
    path.write_text(yaml.safe_dump(document | {"spec": WORKLOADS[kind]}))
    return path


def written(directory: Path, *documents: str) -> Path:
    path = directory / "storage.yaml"
    path.write_text("\n---\n".join(documents))
    return path


def mounts(cli: Cli, *arguments: str | Path) -> dict[str, Any]:
    done = cli("volumes", IMAGE, "--no-engine", "--format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return {each["path"]: each for each in json.loads(done.stdout)["mounts"]}


@pytest.mark.parametrize("kind", WORKLOADS)
def test_each_kind_of_workload_in_a_file(cli: Cli, tmp_path: Path, kind: str) -> None:
    files = ("--manifest", workload(tmp_path, kind), "--manifest", written(tmp_path, CLAIM, VOLUME))
    found = mounts(cli, *files, "--container", "app")
    assert set(found) == {"/srv/data", "/app", "/scratch", "/var/lib/app"}
    assert {each["origin"] for each in found.values()} == {"VOLUME", f"{kind} shop/web, container app"}
    assert found["/srv/data"]["storage"] == {
        "claim": "data",
        "volume": "pv-1",
        "storageClass": "quick",
        "driver": "block.csi.example",
        "inTree": None,
        "accessModes": ["ReadWriteMany"],
        "reclaimPolicy": "Retain",
        "notes": [],
    }
    mounted = mounts(cli, "--mount", "type=bind,source=/srv/www,target=/app")
    figures = ("bytes", "entries", "layers", "effect")
    assert [found["/app"][name] for name in figures] == [mounted["/app"][name] for name in figures]
    assert (found["/app"]["effect"], found["/srv/data"]["effect"], found["/scratch"]["effect"]) == (
        "hidden", "hidden", "nothing",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("documents", "note"),
    [
        ([], "there is no such claim among the objects given"),
        ([CLAIM], "its volume pv-1 is not among the objects given"),
        ([CLAIM, VOLUME, OTHER_DRIVER], "the cluster has no CSI driver block.csi.example"),
    ],
)
def test_what_a_claim_lacks_is_said(cli: Cli, tmp_path: Path, documents: list[str], note: str) -> None:
    files = ("--manifest", workload(tmp_path, "Deployment"), "--manifest", written(tmp_path, *documents or ["# none"]))
    assert note in mounts(cli, *files, "--container", "app")["/srv/data"]["storage"]["notes"]
    table = cli("volumes", IMAGE, "--no-engine", *files, "--container", "app")
    assert f"note: {note}" in table.stdout
    markdown = cli("volumes", IMAGE, "--no-engine", *files, "--container", "app", "--format", "markdown")
    assert f"`{note}`" in markdown.stdout
    assert ("claim data → volume pv-1 → class quick" in markdown.stdout) is bool(documents)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [", "is not YAML"),
        (b"just text", "is not a Kubernetes object but text"),
        (b"- 1\n- 2\n", "is not a Kubernetes object but a list"),
        (b"services: {web: {image: app}}", "not a Kubernetes object"),
        (b"\x00\x01\x02", "is not YAML"),
        (b"a: &a [*a]", "an alias refers to what it is part of"),
    ],
)
def test_a_file_that_is_not_kubernetes(cli: Cli, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    done = cli("volumes", IMAGE, "--no-engine", "--manifest", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert str(path) in done.stderr


def test_a_workload_without_the_image_says_which_it_has(cli: Cli, tmp_path: Path) -> None:
    done = cli("volumes", IMAGE, "--no-engine", "--manifest", workload(tmp_path, "CronJob"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "its images are: registry.example/app:1" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mount", "target=/a"], "mounts need an image"),
        (["--pod", "web"], "mounts need an image"),
        (["--workload", "deploy/web"], "mounts need an image"),
        ([IMAGE, "--mount", "type=nonsense,target=/a"], "there is no type 'nonsense'"),
        ([IMAGE, "--mount", "type=bind,source=/a"], "it has no target"),
        ([IMAGE, "--workload", "web"], "is not KIND/NAME"),
        ([IMAGE, "--workload", "node/web"], "is no kind of workload"),
        ([IMAGE, "--pod", "a b"], "cannot be the name of an object"),
        ([IMAGE, "--pod", "web", "--workload", "deploy/web"], "contradict each other"),
        ([IMAGE, "--pod", "web", "--kubeconfig", "/none/config"], "there is no kubeconfig /none/config"),
        ([IMAGE, "--compose", "/none/compose.yaml"], "/none/compose.yaml"),
    ],
)
def test_what_is_wrong_with_the_command(cli: Cli, arguments: list[str], said: str) -> None:
    done = cli("volumes", *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr


def test_an_engine_that_answers_nothing(cli: Cli, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        settings = {"DOCKER_HOST": f"unix://{tmp_path}/s", "CONTAINER_HOST": f"unix://{tmp_path}/none"}
        alone = cli("volumes", settings=settings)
        beside = cli("volumes", IMAGE, settings=settings)
    assert (alone.returncode, alone.stdout) == (3, "")
    assert "no answer" in alone.stderr
    assert beside.returncode == 0, beside.stderr
    assert "Mounts: 2" in beside.stdout
