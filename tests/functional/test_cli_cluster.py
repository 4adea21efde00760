"""Pull secrets of a cluster that cannot be had: exit codes and the two lines that go with them, without a cluster."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml
from cli_process import ROOT, Cli

IMAGE = "registry:127.0.0.1:1/app"
CANARY = "canary-token"


def kubeconfig(directory: Path, server: str = "https://127.0.0.1:1", **user: object) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "red",
        "clusters": [{"name": "red", "cluster": {"server": server}}],
        "users": [{"name": "red", "user": {"token": CANARY, **user}}],
        "contexts": [{"name": "red", "context": {"cluster": "red", "user": "red"}}],
    }
    path = directory / "config"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("command", [("inspect",), ("history",), ("files",), ("auth", "explain")])
def test_every_command_that_pulls_takes_them(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    done = cli(*command, IMAGE, "--pod", "shop/web", "--kubeconfig", kubeconfig(tmp_path), "-vv")
    assert done.returncode == 3
    assert "error: the cluster at https://127.0.0.1:1 (context 'red' of " in done.stderr
    assert "connection refused" in done.stderr
    assert CANARY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pod", "web"], "no cluster is known: there is no kubeconfig, and this is not a pod"),
        (["--pod", "web", "--kubeconfig", "/none/config"], "there is no kubeconfig /none/config"),
        (["--pod", "web", "--workload", "deploy/web"], "--pod and --workload contradict each other"),
        (["--k8s-secret", "regcred", "--username", "wren", "--password-stdin"], "contradict each other"),
        (["--k8s-secret", "a/b/c"], "cannot be the name of an object in Kubernetes"),
        (["--k8s-secret", "a/"], "cannot be the name of an object in Kubernetes"),
        (["--service-account", ""], "cannot be the name of an object in Kubernetes"),
        (["--pod", "web", "--namespace", "../secrets"], "cannot be the name of an object in Kubernetes"),
        (["--workload", "web"], "--workload 'web' is not KIND/NAME"),
        (["--workload", "node/web"], "'node' is no kind of workload"),
    ],
)
def test_what_is_refused_before_anything_is_asked(cli: Cli, arguments: list[str], said: str) -> None:
    done = cli("inspect", IMAGE, *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "hint: " in done.stderr


def test_without_the_extra(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "lightkube.py").write_text("raise ImportError('not here')\n")
    settings = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = cli("inspect", IMAGE, "--pod", "web", "--kubeconfig", kubeconfig(tmp_path), settings=settings)
    assert done.returncode == 2
    assert "error: reading a cluster takes a package that is not installed: lightkube" in done.stderr
    assert "pip install 'layerscope[kubernetes]'" in done.stderr


def test_an_image_that_is_in_no_registry_asks_no_cluster(cli: Cli) -> None:
    done = cli("history", "testdata/classic.docker-archive.tar", "--pod", "web", "--kubeconfig", "/none/config")
    assert done.returncode == 0, done.stderr


def test_options_from_the_environment(cli: Cli, tmp_path: Path) -> None:
    settings = {"LAYERSCOPE_POD": "web", "KUBECONFIG": f"/none/one:{kubeconfig(tmp_path)}"}
    done = cli("inspect", IMAGE, settings=settings)
    assert (done.returncode, "connection refused" in done.stderr) == (3, True)


def test_a_server_that_is_silent(cli: Cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = kubeconfig(tmp_path, f"https://127.0.0.1:{listener.getsockname()[1]}")
        done = cli("inspect", IMAGE, "--pod", "web", "--kubeconfig", config, "--timeout", "1")
    assert done.returncode == 3
    assert "no answer within 1 seconds" in done.stderr
