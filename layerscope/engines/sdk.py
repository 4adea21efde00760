"""The docker SDK's client with its traps shut. Importing this loads the SDK: do it when an engine is spoken to."""

from __future__ import annotations

import ipaddress
import ssl
import urllib.request
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docker.api.client import APIClient
from docker.tls import TLSConfig

if TYPE_CHECKING:
    from layerscope.engines.endpoint import Endpoint
    from layerscope.engines.tls import Tls

CONNECT_SECONDS = 10.0


class SdkClient(APIClient):  # type: ignore[misc]  # the SDK is not typed
    """A session with one endpoint.

    Never reads logins (the SDK's constructor would, and fail on one bad entry), never asks ``.netrc`` or takes proxies
    from the environment for this machine, never follows a redirect, never speaks HTTP where TLS was asked for.
    """

    # What the SDK would take from config.json; not empty, or it would read the file again for logins.
    _general_configs = property(lambda self: {"auths": {}}, lambda self, value: None)

    def __init__(self, endpoint: Endpoint, version: str, timeout: float) -> None:
        super().__init__(
            base_url=endpoint.url,
            version=version,
            timeout=timeout,
            tls=_tls_config(endpoint.tls) if endpoint.tls else False,
            use_ssh_client=True,  # the user's own ssh: its config, agent, jump hosts and known hosts, as the CLI does
        )
        if endpoint.url.startswith("ssh://"):
            # The SDK writes port 22 where none is given, over what the user's own ssh settings say.
            self._custom_adapter.ssh_host = endpoint.url.removeprefix("ssh://")
        self.trust_env = False
        self.proxies = _proxies(endpoint.url)

    def pin(self, version: str) -> None:
        """Use this version of the API from now on."""
        self._version = version

    def ask(
        self,
        path: str,
        *names: str,
        versioned: bool = True,
        params: dict[str, str] | None = None,
        stream: bool = False,
        wait: float | None,
    ) -> Any:
        """The response to a GET; ``wait`` is for how many seconds the engine may be silent, None for ever."""
        url = self._url(path, *names, versioned_api=versioned)
        with warnings.catch_warnings() if self.verify is False else nullcontext():
            if self.verify is False:  # the user turned verification off, knowing
                warnings.filterwarnings("ignore", "Unverified HTTPS request")
            return self.get(
                url,
                params=params,
                stream=stream,
                timeout=(min(CONNECT_SECONDS, self.timeout), wait),
                headers={"Accept-Encoding": "identity"},
                allow_redirects=False,
            )


def _tls_config(tls: Tls) -> TLSConfig:
    trusted = str(tls.ca) if tls.ca else _system_trust()
    identity = (str(tls.certificate), str(tls.key)) if tls.certificate and tls.key else None
    return TLSConfig(client_cert=identity, ca_cert=trusted if tls.verify else None, verify=tls.verify)


def _system_trust() -> str | None:
    """The system's certificates, which know a company's own CA; the SDK would use those of certifi alone."""
    return ssl.get_default_verify_paths().cafile


def _proxies(url: str) -> dict[str, str]:
    """Proxies for an engine elsewhere, from the environment as in the CLI; none for this machine or a socket."""
    host = urlsplit(url).hostname or ""
    if not url.startswith("tcp://") or _is_loopback(host) or urllib.request.proxy_bypass(host):
        return {}
    return urllib.request.getproxies()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
