"""A session with a cluster's API: documents in, documents out. The only module that speaks to lightkube.

Why lightkube (1.0.1, measured beside ``kubernetes`` 37.0.2): 9 MB installed, 0.25 s and 32 MiB to be ready to ask,
against 104 MB, 1.4 s and 139 MiB, which alone is more than an inspection may take. lightkube reads one kubeconfig
file and no list, knows exec plugins of v1beta1 alone and waits for them without end, and looks at the pod it runs in
before KUBECONFIG; so ``kubeconfig``, ``access`` and ``execplugin`` do that as kubectl does, and lightkube is handed the
outcome. What it does here is TLS, client certificates, tokens that are renewed, and HTTP.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import ssl
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from layerscope.cluster.access import is_loopback
from layerscope.cluster.failures import failed_connection, unreadable
from layerscope.errors import SourceUnreachable, UsageError
from layerscope.oci.jsondoc import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from layerscope.cluster.access import Access

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds for a connection, and for each piece of an answer."""
MAX_ANSWER = 32 << 20
"""Bytes. A Secret has at most 1 MiB; a page of a list has 500 objects."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the API said."""

    status: int
    document: Mapping[str, Any] = dataclasses.field(repr=False)
    """Empty where the body was no JSON object."""

    @property
    def message(self) -> str:
        """What a Status says in words; empty where there is none."""
        said = self.document.get("message")
        return said if isinstance(said, str) else ""


class Connection:
    """Open until ``close``. Never follows a redirect, never shows a credential to anybody but the server."""

    def __init__(self, access: Access, timeout: float = TIMEOUT) -> None:
        """Prepares a session; asks the exec plugin if there is one, and no server yet.

        Raises:
            UsageError: lightkube is not installed, or a certificate, a key or a proxy cannot be used.
            SourceUnreachable: The exec plugin gave nothing.
        """
        self.access = _with_plugin(access)
        self._timeout = timeout
        self._session = _session(self.access, timeout)
        if not access.verify:
            log.warning("the certificate of %s is not verified: insecure-skip-tls-verify is set", access.server)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET of ``path`` (``api/v1/…``), whatever its status."""
        return self._ask("GET", path, parameters, None)

    def post(self, path: str, document: Mapping[str, Any]) -> Answer:
        """The answer to a POST: reviews are asked this way, nothing else is."""
        return self._ask("POST", path, None, document)

    def _ask(
        self, method: str, path: str, parameters: Mapping[str, str] | None, document: Mapping[str, Any] | None
    ) -> Answer:
        import httpx2
        from lightkube.core.exceptions import ConfigError

        extensions = {"sni_hostname": self.access.server_name} if self.access.server_name else None
        deadline = time.monotonic() + 4 * self._timeout
        try:
            request = self._session.build_request(
                method, path, params=dict(parameters or {}), json=document, extensions=extensions
            )
            response = self._session.send(request, stream=True)
            try:
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise SourceUnreachable(f"{self.access} answered with more than {MAX_ANSWER >> 20} MiB")
                    if time.monotonic() > deadline:
                        raise SourceUnreachable(f"{self.access} is too slow to answer")
            finally:
                response.close()
        except ConfigError:
            raise UsageError(f"{self.access.token_file}: the token cannot be read") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise failed_connection(error, self.access, self._timeout) from error
        status = int(response.status_code)
        log.debug("%s %s: %d", method, path, status)
        return Answer(status, self._document(bytes(body), status))

    def _document(self, body: bytes, status: int) -> Mapping[str, Any]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict) and _depth(document) <= MAX_DEPTH:
            return document
        if status < 300:
            raise unreadable(self.access)
        return {}


def _depth(value: Any) -> int:
    """Levels of a document that has passed json.loads, which refuses what would overflow the stack."""
    level, depth = [value], 0
    while level:
        depth += 1
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = inner
    return depth


def _with_plugin(access: Access) -> Access:
    """With what the plugin gives where nothing else is given, as client-go has it."""
    if access.plugin is None or access.token or access.token_file or access.login:
        return access
    given = access.plugin.run()
    certificate, key = given.certificate or access.certificate, given.key or access.key
    return dataclasses.replace(access, token=given.token, certificate=certificate, key=key, plugin=None)


def _session(access: Access, timeout: float) -> Any:
    try:
        import httpx2
        from lightkube.config.client_adapter import Client, ConnectionParams
        from lightkube.config.kubeconfig import SingleConfig
        from lightkube.config.models import Cluster, Context, User
    except ImportError as error:
        raise UsageError(
            "reading a cluster takes a package that is not installed: lightkube",
            hint="pip install 'layerscope[kubernetes]', or bring the secret in a file: --pull-secret FILE",
        ) from error
    cluster = Cluster(server=access.server, certificate_auth_data=_base64(access.authority), insecure=not access.verify)
    user = User(
        token=access.token or None,
        token_file=str(access.token_file) if access.token_file else None,
        client_cert_data=_base64(access.certificate),
        client_key_data=_base64(access.key),
    )
    if access.login and not (access.token or access.token_file):
        user.username, user.password = access.login
    config = SingleConfig("layerscope", Context(cluster="layerscope", user="layerscope"), cluster, user)
    # The environment's proxies are looked up here: lightkube's way would use them for this machine too.
    parameters = ConnectionParams(timeout=httpx2.Timeout(timeout), trust_env=False, proxy=_proxy(access))
    try:
        session = Client(config, parameters)
    except ssl.SSLError as error:
        raise UsageError(
            f"{access}: its certificate, key or authority cannot be used: {error.reason or error}"
        ) from None
    except (ImportError, ValueError):  # which quotes the proxy's address, password and all
        raise UsageError(f"{access}: its proxy cannot be used", hint="proxy-url takes http:// and https://") from None
    session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "layerscope"})
    for header, value in access.impersonation:
        session.headers = httpx2.Headers([*session.headers.multi_items(), (header, value)])
    return session


def _base64(data: bytes) -> str | None:
    return base64.b64encode(data).decode() if data else None


def _proxy(access: Access) -> str | None:
    """The kubeconfig's, else the environment's; none for this machine."""
    if access.proxy:
        return access.proxy
    parts = urlsplit(access.server)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)
