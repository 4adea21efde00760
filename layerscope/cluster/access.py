"""Where a cluster's API is and who to be there: the outcome of kubeconfig files, or of the pod we run in."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from layerscope.cluster.execplugin import ExecPlugin
from layerscope.cluster.kubeconfig import MAX_FILE_BYTES, load_kubeconfig
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layerscope.cluster.kubeconfig import Context, Entry

DEFAULT_NAMESPACE = "default"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts a pod's own token, authority and namespace."""


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that a connection needs. ``repr`` shows no secret."""

    server: str
    """``https://HOST:PORT``, with a path where a proxy serves several clusters."""
    origin: str
    """Why this one: the context and its file."""
    namespace: str
    """Where names without a namespace are meant to be."""
    user: str
    """Who we are by our own account; the server knows better."""
    authority: bytes = field(default=b"", repr=False)
    """Certificates to trust, PEM; empty for those of the system."""
    server_name: str = ""
    """The name to expect in the server's certificate, where it is not the host's."""
    verify: bool = True
    proxy: str = field(default="", repr=False)
    """May hold a password."""
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    """A client certificate with its key, PEM; both or neither."""
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    """Wins over ``token``, and is read again when the server refuses: kubelets renew it."""
    login: tuple[str, str] | None = field(default=None, repr=False)
    """User and password, which few servers take."""
    plugin: ExecPlugin | None = None
    """Asked for a token or a certificate where nothing else is given."""
    impersonation: tuple[tuple[str, str], ...] = ()
    """Headers that say as whom to act instead."""

    def __str__(self) -> str:
        return f"the cluster at {self.server} ({self.origin})"


def find_access(
    kubeconfig: Path | None = None,
    context: str = "",
    namespace: str = "",
    environment: Mapping[str, str] = os.environ,
    service_account: Path = SERVICE_ACCOUNT,
) -> Access:
    """What kubectl would use: kubeconfig files, and in their absence the service account of the pod we run in.

    The namespace is ``namespace``, else the context's (or the pod's), else ``default``.

    Raises:
        UsageError: There is neither, or what there is cannot be used; named by file and entry.
    """
    config = load_kubeconfig(kubeconfig, environment)
    if config is not None and (config.contexts or kubeconfig or context):
        return _from_context(config.context(context), namespace)
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT")
    if host and port and not context:
        return _in_cluster(host, port, service_account, namespace)
    raise UsageError(
        "no cluster is known: there is no kubeconfig, and this is not a pod",
        hint="name a file with --kubeconfig or KUBECONFIG, or bring the secret in a file: --pull-secret FILE",
    )


def _in_cluster(host: str, port: str, directory: Path, namespace: str) -> Access:
    token_file, authority = directory / "token", directory / "ca.crt"
    for path in (token_file, authority):
        if not path.is_file():
            raise UsageError(
                f"this looks like a pod, and {path} is missing",
                hint="the pod's automountServiceAccountToken may be false; name a kubeconfig with --kubeconfig",
            )
    try:
        own = (directory / "namespace").read_text("utf-8", "replace").strip()
    except OSError:
        own = ""
    address = f"[{host}]" if ":" in host else host
    return Access(
        server=f"https://{address}:{port}",
        origin="this pod's service account",
        namespace=namespace or own or DEFAULT_NAMESPACE,
        user="this pod's service account",
        authority=authority.read_bytes()[:MAX_FILE_BYTES],
        token_file=token_file,
    )


def _from_context(context: Context, namespace: str) -> Access:
    cluster, user = context.cluster, context.user
    server = _server(cluster)
    authority, verify = cluster.content("certificate-authority"), not cluster.flag("insecure-skip-tls-verify")
    if authority and not verify:
        raise UsageError(
            f"{cluster.what} has a certificate authority and insecure-skip-tls-verify: one excludes the other",
            hint="kubectl refuses it too; take one of them out",
        )
    plugin = ExecPlugin.from_user(user, cluster) if user is not None else None
    login = (user.text("username"), user.text("password")) if user else ("", "")
    access = Access(
        server=server,
        origin=f"context {context.name!r} of {context.file}",
        namespace=namespace or context.namespace or DEFAULT_NAMESPACE,
        user=f"user {context.user_name!r} of the kubeconfig" if user else "nobody in particular",
        authority=authority,
        server_name=cluster.text("tls-server-name"),
        verify=verify,
        proxy=cluster.text("proxy-url"),
        certificate=user.content("client-certificate") if user else b"",
        key=user.content("client-key") if user else b"",
        token=user.text("token") if user else "",
        token_file=user.path("tokenFile") if user else None,
        login=login if all(login) else None,
        plugin=plugin,
        impersonation=_impersonation(user) if user else (),
    )
    if user is not None:
        _check(access, user)
    return access


def _check(access: Access, user: Entry) -> None:
    """What kubectl refuses, and what would send a secret where it can be read on the way."""
    known = any((access.certificate, access.token, access.token_file, access.login, access.plugin))
    if bool(access.certificate) != bool(access.key):
        raise UsageError(f"{user.what} has a client certificate or a key without the other")
    if b"ENCRYPTED" in access.key:
        raise UsageError(
            f"{user.what}: its client key has a passphrase", hint="Kubernetes' clients take plain keys only"
        )
    if access.token_file is not None and not access.token_file.is_file():
        raise UsageError(f"{user.what}: tokenFile is {access.token_file}, and there is no such file")
    if not known and "auth-provider" in user.value:
        raise UsageError(
            f"{user.what} logs in through an auth-provider, which kubectl dropped too",
            hint="use the exec plugin of your provider, such as gke-gcloud-auth-plugin or kubelogin",
        )
    if known and access.server.startswith("http://") and not is_loopback(urlsplit(access.server).hostname or ""):
        raise UsageError(
            f"{user.what} would have to show who it is to {access.server} in the clear",
            hint="the cluster's server must be https://, except on this machine",
        )


def _server(cluster: Entry) -> str:
    """The address in one spelling; without a scheme TLS is meant."""
    server = cluster.text("server")
    if not server:
        raise UsageError(f"{cluster.what} has no server")
    if "://" not in server:
        server = f"https://{server}"
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"{cluster.what}: its server is not the address of an API", hint="https://HOST:PORT is")
    return server.rstrip("/")


def _impersonation(user: Entry) -> tuple[tuple[str, str], ...]:
    """``as`` and what goes with it, as headers; leaving them out would act with rights that were laid aside."""
    name, uid = user.text("as"), user.text("as-uid")
    groups, extra = user.value.get("as-groups") or [], user.value.get("as-user-extra") or {}
    listed = [("Impersonate-User", name), ("Impersonate-Uid", uid)]
    try:
        listed += [("Impersonate-Group", group) for group in groups]
        listed += [(f"Impersonate-Extra-{quote(key)}", value) for key, values in extra.items() for value in values]
    except (TypeError, AttributeError):
        raise UsageError(f"{user.what}: as-groups or as-user-extra is not what kubectl takes") from None
    found = tuple((header, str(value)) for header, value in listed if value)
    if found and not name:
        raise UsageError(f"{user.what} acts as groups without a user", hint="kubectl needs 'as' beside them")
    if not all(value.isprintable() for _, value in found):
        raise UsageError(f"{user.what} acts as somebody whose name has control characters")
    return found


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
