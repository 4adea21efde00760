"""A real cluster as far as its API goes: etcd and kube-apiserver on loopback, RBAC on, ended by their own ids."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from live.command import run
from live.need import need
from live.server import free_port, serving

from .authority import Authority, Pair, make_authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATIC_USER, STATIC_TOKEN = "tess", "a-token-in-a-file-that-the-server-reads"


@dataclass(frozen=True, slots=True)
class Running:
    """A cluster that runs, and what its administrator can do."""

    server: str
    authority: Authority
    admin: Pair
    directory: Path
    context: ssl.SSLContext = field(repr=False)

    def ask(self, method: str, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the API answers the administrator; an answer that is no success is an error."""
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(
            f"{self.server}/{path}", body, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.context) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{method} {path}: {error.read().decode()}") from error
        return answer

    def apply(self, text: str, namespace: str = "") -> None:
        """Creates every object of a YAML text, in its own namespace or the one given."""
        for document in yaml.safe_load_all(text):
            if document:
                self.create(document, namespace)

    def create(self, document: dict[str, Any], namespace: str = "") -> dict[str, Any]:
        """Creates one object."""
        plural, namespaced = PLURALS[document["kind"]]
        version = document["apiVersion"]
        base = f"apis/{version}" if "/" in version else f"api/{version}"
        where = document.get("metadata", {}).get("namespace") or namespace
        place = f"namespaces/{where}/{plural}" if namespaced else plural
        return self.ask("POST", f"{base}/{place}", document)

    def namespace(self, name: str) -> str:
        """A new namespace with its default service account, which controllers would make."""
        self.apply(f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}")
        self.apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}", name)
        return name

    def account(self, namespace: str, name: str, *pull_secrets: str) -> str:
        """A new service account; its token, for an hour."""
        listed = [{"name": each} for each in pull_secrets]
        self.create(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}, "imagePullSecrets": listed},
            namespace,
        )
        return self.token(namespace, name)

    def token(self, namespace: str, account: str) -> str:
        """A token for a service account that is there."""
        path = f"api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        return str(self.ask("POST", path, request)["status"]["token"])

    def kubeconfig(self, path: Path, users: dict[str, dict[str, Any]], current: str = "", **more: Any) -> Path:
        """A kubeconfig with a context for each user, all for this cluster; ``more`` goes into each context."""
        authority = base64.b64encode(self.authority.certificate.read_bytes()).decode()
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": current or next(iter(users)),
            "clusters": [{"name": "real", "cluster": {"server": self.server, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": user} for name, user in users.items()],
            "contexts": [{"name": name, "context": {"cluster": "real", "user": name, **more}} for name in users],
        }
        path.write_text(yaml.safe_dump(document))
        return path


PLURALS = {
    "Namespace": ("namespaces", False),
    "ServiceAccount": ("serviceaccounts", True),
    "Secret": ("secrets", True),
    "Pod": ("pods", True),
    "Deployment": ("deployments", True),
    "StatefulSet": ("statefulsets", True),
    "DaemonSet": ("daemonsets", True),
    "ReplicaSet": ("replicasets", True),
    "ReplicationController": ("replicationcontrollers", True),
    "Job": ("jobs", True),
    "CronJob": ("cronjobs", True),
    "Role": ("roles", True),
    "RoleBinding": ("rolebindings", True),
    "ClusterRole": ("clusterroles", False),
    "ClusterRoleBinding": ("clusterrolebindings", False),
    "PersistentVolume": ("persistentvolumes", False),
    "PersistentVolumeClaim": ("persistentvolumeclaims", True),
    "StorageClass": ("storageclasses", False),
    "CSIDriver": ("csidrivers", False),
}
"""Where the API has each kind, and whether it is of a namespace."""


@contextlib.contextmanager
def serving_cluster(binary: Path, directory: Path) -> Iterator[Running]:
    """A cluster with everything it owns below ``directory``."""
    etcd, openssl = need("etcd"), need("openssl")
    authority = make_authority(directory / "authority")
    server = authority.sign("server", "/CN=kube-apiserver")
    admin = authority.sign("admin", "/O=system:masters/CN=admin")
    signing = directory / "accounts.pem"
    run(openssl, "genrsa", "-out", signing, "2048")
    tokens = directory / "tokens.csv"
    tokens.write_text(f"{STATIC_TOKEN},{STATIC_USER},uid-1\n")
    client, peer, port = free_port(), free_port(), free_port()
    remember = [etcd, "--name", "it", "--data-dir", str(directory / "etcd"), "--log-level", "warn"]
    remember += ["--unsafe-no-fsync"] if _knows(etcd, "unsafe-no-fsync") else []
    remember += ["--listen-client-urls", f"http://127.0.0.1:{client}"]
    remember += ["--advertise-client-urls", f"http://127.0.0.1:{client}"]
    remember += ["--listen-peer-urls", f"http://127.0.0.1:{peer}"]
    remember += ["--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}"]
    remember += ["--initial-cluster", f"it=http://127.0.0.1:{peer}"]
    serve = [str(binary), f"--etcd-servers=http://127.0.0.1:{client}", "--bind-address=127.0.0.1"]
    serve += [f"--secure-port={port}", "--endpoint-reconciler-type=none", f"--cert-dir={directory}"]
    serve += [f"--tls-cert-file={server.certificate}", f"--tls-private-key-file={server.key}"]
    serve += [f"--client-ca-file={authority.certificate}", f"--token-auth-file={tokens}"]
    serve += ["--authorization-mode=RBAC", "--anonymous-auth=false", "--service-cluster-ip-range=10.0.0.0/24"]
    serve += ["--service-account-issuer=https://kubernetes.default.svc", "--allow-privileged=true"]
    serve += [f"--service-account-key-file={signing}", f"--service-account-signing-key-file={signing}"]
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    trust.load_cert_chain(admin.certificate, admin.key)
    running = Running(f"https://127.0.0.1:{port}", authority, admin, directory, trust)
    with (
        serving(remember, directory / "etcd.log", lambda: _healthy(f"http://127.0.0.1:{client}/health", None)),
        serving(serve, directory / "apiserver.log", lambda: _healthy(f"{running.server}/readyz", trust)),
    ):
        yield running


def _knows(program: str, option: str) -> bool:
    return option in run(program, "--help").decode(errors="replace")


def _healthy(address: str, trust: ssl.SSLContext | None) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5, context=trust) as response:
            return bool(response.status == 200)
    except OSError:
        return False
