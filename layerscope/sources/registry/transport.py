"""One exchange on the wire: a request out, the head of its response in. No redirects, no retries, no credentials."""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import urllib3
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies

from layerscope.sources.registry.certificate import presented
from layerscope.sources.registry.failures import ExchangeError, unreachable
from layerscope.sources.registry.origin import Origin, is_loopback, shown
from layerscope.sources.registry.trust import Trust, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

USER_AGENT = "layerscope"
_LOOK = 5.0
"""Seconds that a look at a certificate may take, when there is nothing left to win but a better message."""
_PLAIN = Trust()


class Transport:
    """What several threads may share: pooled connections, apart for each way to trust; proxies; never netrc."""

    def __init__(self, timeout: float, connections: int, trust: Callable[[Origin], Trust] = lambda _: Trust()) -> None:
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
        self._trust = trust
        self._trusted: dict[Origin, Trust] = {}
        self._adapters: dict[Trust, HTTPAdapter] = {}
        self._connections = connections
        self._mounting = threading.Lock()
        self._answered: set[Origin] = set()
        self._warned: set[Origin] = set()
        _hide_queries()

    def send(
        self, url: str, headers: Mapping[str, str], method: str = "GET", body: bytes | None = None
    ) -> requests.Response:
        """The response to one request, its body unread; ExchangeError where there is none.

        UsageError where a certificate's file, on which the way there depends, is of no use.
        """
        origin = Origin.of(url)
        adapter, trust = self._adapter(origin)
        proxies = proxies_for(url)
        try:
            # Not session.request: of a redirect it would read the whole body, decoded, before we see its head.
            response = adapter.send(
                self.session.prepare_request(requests.Request(method, url, headers=dict(headers), data=body)),
                stream=True,
                timeout=(self.timeout, self.timeout),
                verify=trust.verify,
                proxies=proxies,
            )
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            UnicodeError,
        ) as error:
            look = partial(presented, origin, min(self.timeout, _LOOK), proxies)
            failure = unreachable(error, origin, self.timeout, trust.client, look)
            log.debug("%s %s: %s", method, shown(url), failure.error)
            # From None: the text of the original holds the URL with its query.
            raise ExchangeError(failure.error, passing=failure.passing, stranger=origin not in self._answered) from None
        self._answered.add(origin)
        log.debug("%s %s: %d", method, shown(url), response.status_code)
        return response

    def _adapter(self, origin: Origin) -> tuple[HTTPAdapter, Trust]:
        with self._mounting:  # reading the system's certificates takes longer than the rest of opening an image
            if origin.scheme == "http":
                if not is_loopback(origin.host):
                    self._warn(origin, "%s is spoken to without TLS: whoever is on the way can read along")
                plain = self.session.adapters["http://"]
                assert isinstance(plain, HTTPAdapter)
                return plain, _PLAIN
            trust = self._trusted.get(origin)
            if trust is None:
                trust = self._trusted[origin] = self._trust(origin)
                if not trust.verify:
                    self._warn(origin, "the certificate of %s is not verified: whoever is on the way can read along")
            if trust not in self._adapters:
                context = tls_context(trust, DEFAULT_CA_BUNDLE_PATH)
                self._adapters[trust] = _TrustingAdapter(context, self._connections)
            return self._adapters[trust], trust

    def _warn(self, origin: Origin, text: str) -> None:
        if origin not in self._warned:
            self._warned.add(origin)
            log.warning(text, origin)

    def close(self) -> None:
        """Close every idle connection."""
        self.session.close()
        for adapter in self._adapters.values():
            adapter.close()


def proxies_for(url: str) -> dict[str, str]:
    """The proxies of the environment (``HTTPS_PROXY``, ``NO_PROXY``) for a URL; loopback is reached without."""
    return {} if is_loopback(Origin.of(url).host) else dict(get_environ_proxies(url, no_proxy=None))


class _TrustingAdapter(HTTPAdapter):
    """Trusts whom its context does, where requests would trust its own bundle instead."""

    def __init__(self, context: ssl.SSLContext, pool_maxsize: int) -> None:
        self._context = context
        if context.verify_mode == ssl.CERT_NONE:  # we warn in words of our own
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
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
