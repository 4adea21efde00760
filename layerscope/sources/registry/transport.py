"""One exchange on the wire: a request out, the head of its response in. No redirects, no retries, no credentials."""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies

from layerscope.sources.registry.failures import ExchangeError, unreachable
from layerscope.sources.registry.origin import Origin, is_loopback, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

USER_AGENT = "layerscope"


class Transport:
    """A session that several threads may share: pooled connections, the system's trust, its proxies, never netrc."""

    def __init__(self, timeout: float, connections: int) -> None:
        self.timeout = timeout
        self.session = requests.Session()
        # With trust_env requests would let ~/.netrc override our Authorization, on every hop of a redirect too.
        self.session.trust_env = False
        self.session.headers.clear()
        self.session.headers.update({"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"})
        # A cookie makes some registries (Harbor) take us for a browser; none is kept.
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.mount("http://", HTTPAdapter(pool_maxsize=connections))
        del self.session.adapters["https://"]
        self._connections = connections
        self._mounting = threading.Lock()
        self._answered: set[Origin] = set()
        _hide_queries()

    def send(self, url: str, headers: Mapping[str, str], method: str = "GET") -> requests.Response:
        """The response to one request, its body unread; ExchangeError where there is none."""
        origin = Origin.of(url)
        try:
            # Not session.request: of a redirect it would read the whole body, decoded, before we see its head.
            response = self._adapter(origin.scheme).send(
                self.session.prepare_request(requests.Request(method, url, headers=dict(headers))),
                stream=True,
                timeout=(self.timeout, self.timeout),
                proxies={} if is_loopback(origin.host) else dict(get_environ_proxies(url, no_proxy=None)),
            )
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            UnicodeError,
        ) as error:
            failure = unreachable(error, origin, self.timeout)
            log.debug("%s %s: %s", method, shown(url), failure.error)
            # From None: the text of the original holds the URL with its query.
            raise ExchangeError(failure.error, passing=failure.passing, stranger=origin not in self._answered) from None
        self._answered.add(origin)
        log.debug("%s %s: %d", method, shown(url), response.status_code)
        return response

    def _adapter(self, scheme: str) -> HTTPAdapter:
        with self._mounting:  # reading the system's certificates takes longer than the rest of opening an image
            if scheme == "https" and "https://" not in self.session.adapters:
                self.session.mount("https://", _SystemTrustAdapter(pool_maxsize=self._connections))
        adapter = self.session.adapters[f"{scheme}://"]
        assert isinstance(adapter, HTTPAdapter)
        return adapter

    def close(self) -> None:
        """Close every idle connection."""
        self.session.close()


class _SystemTrustAdapter(HTTPAdapter):
    """Trusts whom the system trusts (and ``SSL_CERT_FILE``), where requests would trust its own bundle instead."""

    def __init__(self, pool_maxsize: int) -> None:
        self._context = ssl.create_default_context()
        if not self._context.get_ca_certs() and not ssl.get_default_verify_paths().capath:
            self._context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)  # a Python without any store of its own
        super().__init__(pool_maxsize=pool_maxsize)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context verifies; the inherited method would add requests' bundle to it."""


class _QueryFilter(logging.Filter):
    """Takes queries, which may be signatures, out of what urllib3 logs of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(shown(item) if isinstance(item, str) else item for item in record.args)
        return True


_FILTER = _QueryFilter()


def _hide_queries() -> None:
    for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(_FILTER)  # adding it twice has no effect
