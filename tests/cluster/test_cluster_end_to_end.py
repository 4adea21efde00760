"""From a pod to its image: a real cluster, a real registry with a password file, layerscope as its users run it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from live.command import run
from live.need import need
from live.product import REPOSITORY, Product
from live.registry import Account, Registry, serving_registry

from .running import Running
from .test_cluster_pull_secrets import pod_spec, secret, workload

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = Account("wren", "canary-password")
NAMESPACE = "shop"


def config(registry: Registry, password: str) -> bytes:
    auth = base64.b64encode(f"{ACCOUNT.user}:{password}".encode()).decode()
    return json.dumps({"auths": {registry.address: {"auth": auth}}}).encode()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with serving_registry(tmp_path_factory.mktemp("registry"), ACCOUNT) as running:
        archive = REPOSITORY / "testdata" / "buildkit.oci-archive.tar"
        options = ["-q", "--dest-tls-verify=false", "--dest-creds", f"{ACCOUNT.user}:{ACCOUNT.password}"]
        run(need("skopeo"), "copy", *options, f"oci-archive:{archive}", f"docker://{running.address}/shop/app:1")
        yield running


@pytest.fixture(scope="module")
def image(registry: Registry) -> str:
    return f"{registry.address}/shop/app:1"


@pytest.fixture(scope="module")
def kubeconfig(cluster: Running, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A namespace with what is right and wrong in it, and an administrator and a nobody to look at it."""
    cluster.namespace(NAMESPACE)
    cluster.create(secret("right", config(registry, ACCOUNT.password)), NAMESPACE)
    cluster.create(secret("wrong", config(registry, "another-word")), NAMESPACE)
    cluster.create(secret("elsewhere", b'{"auths": {"registry.example": {"auth": "dTpw"}}}'), NAMESPACE)
    cluster.account(NAMESPACE, "puller", "wrong", "right")
    for name, spec in (
        ("good", pod_spec("right")),
        ("bad", pod_spec("wrong")),
        ("both", pod_spec("gone", "wrong", "right")),
        ("bare", pod_spec()),
        ("other", pod_spec("elsewhere")),
    ):
        cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}, NAMESPACE)
    cluster.create(workload("Deployment", "web", pod_spec(account="puller")), NAMESPACE)
    nobody = cluster.account(NAMESPACE, "nobody")
    admin = {"client-certificate": str(cluster.admin.certificate), "client-key": str(cluster.admin.key)}
    directory = tmp_path_factory.mktemp("kubeconfig")
    return cluster.kubeconfig(directory / "config", {"admin": admin, "nobody": {"token": nobody}}, namespace=NAMESPACE)


def ended(product: Product, kubeconfig: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error, in which no secret is, ever."""
    done = product.run("inspect", *arguments, "--kubeconfig", str(kubeconfig), "-vv")
    said = done.stderr.decode()
    for hidden in (ACCOUNT.password, "another-word", base64.b64encode(f"wren:{ACCOUNT.password}".encode()).decode()):
        assert hidden not in said + done.stdout.decode()
    token = yaml.safe_load(kubeconfig.read_text())["users"][-1]["user"].get("token")
    assert not token or token not in said
    return done.returncode, said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--k8s-secret", "right"], 0),
        (["--k8s-secret", "shop/right", "--namespace", "default"], 0),
        (["--k8s-secret", "wrong", "--k8s-secret", "right"], 0),
        (["--k8s-secret", "wrong"], 4),
        (["--service-account", "puller"], 0),
        (["--pod", "good"], 0),
        (["--pod", "shop/good"], 0),
        (["--pod", "both"], 0),
        (["--pod", "bad"], 4),
        (["--pod", "bare"], 4),
        (["--pod", "other"], 4),
        (["--workload", "deployment/web"], 0),
        (["--workload", "deploy/web", "--namespace", "shop"], 0),
        (["--pod", "gone"], 3),
        (["--k8s-secret", "gone"], 3),
        (["--pod", "good", "--context", "nobody"], 3),
        (["--pod", "good", "--context", "gone"], 2),
        (["--pod", "Good"], 2),
        (["--workload", "node/web"], 2),
        (["--workload", "web"], 2),
        (["--pod", "good", "--k8s-secret", "right"], 2),
        (["--pod", "good", "--anonymous"], 2),
    ],
)
def test_exit_codes(product: Product, kubeconfig: Path, image: str, arguments: list[str], code: int) -> None:
    found, said = ended(product, kubeconfig, image, *arguments)
    assert found == code, said


def test_what_is_said_of_a_pod(product: Product, kubeconfig: Path, image: str) -> None:
    _, said = ended(product, kubeconfig, image, "--pod", "both")
    assert "note: pull secrets are read from the cluster at https://127.0.0.1:" in said
    assert "context 'admin' of" in said
    assert "note: pull secrets alone count" in said
    assert "shop/gone" in said
    assert "there is no such secret" in said


def test_a_pod_without_secrets_is_told_so(product: Product, kubeconfig: Path, image: str) -> None:
    _, said = ended(product, kubeconfig, image, "--pod", "bare")
    assert "note: pod shop/bare lists no pull secrets" in said
    assert "docker login" not in said
    assert "a node may have credentials of its own" in said


def test_logins_of_this_machine_do_not_count(
    product: Product, kubeconfig: Path, registry: Registry, image: str
) -> None:
    (product.home / ".docker").mkdir()
    (product.home / ".docker" / "config.json").write_bytes(config(registry, ACCOUNT.password))
    assert product.run("inspect", image).returncode == 0
    assert ended(product, kubeconfig, image, "--pod", "bad")[0] == 4


@pytest.mark.parametrize(
    ("arguments", "code", "tried"),
    [
        (["--pod", "both"], 0, ["wrong", "right"]),
        (["--workload", "deployment/web"], 0, ["wrong", "right"]),
        (["--service-account", "puller"], 0, ["wrong", "right"]),
        (["--k8s-secret", "right"], 0, ["right"]),
        (["--pod", "bad"], 4, ["wrong"]),
        (["--pod", "other"], 4, []),
        (["--pod", "bare"], 4, []),
    ],
)
def test_why_a_pod_can_or_cannot_pull(
    product: Product, kubeconfig: Path, image: str, arguments: list[str], code: int, tried: list[str]
) -> None:
    explain = ["auth", "explain", image, *arguments, "--kubeconfig", str(kubeconfig)]
    done = product.run(*explain, "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    document = json.loads(done.stdout)
    considered = [each for each in document["considered"] if each["outcome"] in ("used", "next")]
    assert [each["name"].partition("/")[2] for each in considered] == tried
    table = product.run(*explain)
    for hidden in (ACCOUNT.password, "another-word"):
        assert hidden.encode() not in done.stdout + done.stderr + table.stdout + table.stderr
    unseen = b"a node may have credentials of its own" in b" ".join(table.stdout.split())
    assert unseen is (code == 4)
    assert b"docker login" not in table.stdout


def test_a_list_of_kubeconfigs_in_the_environment(
    product: Product, kubeconfig: Path, cluster: Running, tmp_path: Path, image: str
) -> None:
    first = tmp_path / "first"
    first.write_text("apiVersion: v1\nkind: Config\ncurrent-context: admin\n")
    product.settings["KUBECONFIG"] = f"{first}:{kubeconfig}"
    assert product.run("inspect", image, "--pod", "good").returncode == 0
    first.write_text("apiVersion: v1\nkind: Config\ncurrent-context: nobody\n")
    assert product.run("inspect", image, "--pod", "good").returncode == 3


def test_the_role_on_standard_error_allows_it(product: Product, kubeconfig: Path, cluster: Running, image: str) -> None:
    arguments = [image, "--k8s-secret", "right", "--context", "nobody"]
    code, said = ended(product, kubeconfig, *arguments)
    assert code == 3
    assert "does not let 'system:serviceaccount:shop:nobody' get secrets 'right' in namespace 'shop'" in said
    lines = said.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("apiVersion: "))
    text = "\n".join(line for line in lines[start:] if not line.startswith("debug: "))
    cluster.apply(text)
    for _ in range(20):  # the authorizer hears of new roles through a watch
        code, said = ended(product, kubeconfig, *arguments)
        if code == 0:
            break
    assert code == 0, said


def test_nothing_is_asked_of_the_cluster_for_a_usage_error(product: Product, cluster: Running, image: str) -> None:
    done = product.run("inspect", image, "--pod", "a b", "--kubeconfig", "/none")
    assert done.returncode == 2
    assert b"cannot be the name of an object" in done.stderr
