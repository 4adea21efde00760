"""Asking an announced plugin who it is, in Docker's plugin protocol: nothing that changes anything is ever asked.

docs.docker.com "Docker Plugin API" and "Docker volume plugins": POST of JSON to ``/Plugin.Activate`` (the handshake)
and ``/VolumeDriver.Capabilities``.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.engines.plugindiscovery import AnnouncedPlugin, PluginTls

ANSWER_SECONDS = 2.0
"""How long one plugin may take for one answer; they are asked side by side."""
MAX_ANSWER = 1 << 20
VOLUME_DRIVER = "VolumeDriver"
_MEDIA_TYPE = "application/vnd.docker.plugins.v1.1+json"


@dataclass(frozen=True, slots=True)
class PluginAnswer:
    """What a plugin said."""

    implements: tuple[str, ...] = ()
    scope: str = ""
    """``local`` or ``global``; a volume driver that does not tell is local."""
    error: str = ""
    """Why it did not answer, or not sensibly; empty where it did."""


def ask_all(plugins: Iterable[AnnouncedPlugin], answer_seconds: float = ANSWER_SECONDS) -> dict[str, PluginAnswer]:
    """Every plugin's answer by its name. Never fails; takes about two answers' time however many there are."""
    listed = list(plugins)
    if not listed:
        return {}
    with ThreadPoolExecutor(max_workers=min(16, len(listed)), thread_name_prefix="plugin") as pool:
        answers = list(pool.map(lambda plugin: ask(plugin, answer_seconds), listed))
    return {plugin.name: answer for plugin, answer in zip(listed, answers, strict=True)}


def ask(plugin: AnnouncedPlugin, answer_seconds: float = ANSWER_SECONDS) -> PluginAnswer:
    """One plugin's answer."""
    if plugin.error:
        return PluginAnswer(error=plugin.error)
    try:
        implements = _post(plugin, "/Plugin.Activate", answer_seconds).get("Implements")
        if not isinstance(implements, list):
            return PluginAnswer(error="its handshake says nothing of what it implements")
        names = tuple(str(each) for each in implements)
        if VOLUME_DRIVER not in names:
            return PluginAnswer(names)
        return PluginAnswer(names, _scope(plugin, answer_seconds))
    except TimeoutError:
        return PluginAnswer(error=f"no answer within {answer_seconds:g} seconds")
    except FileNotFoundError:
        return PluginAnswer(error="its socket is gone")
    except ConnectionRefusedError:
        return PluginAnswer(error="connection refused: nothing listens there")
    except PermissionError:
        return PluginAnswer(error="permission denied on its socket")
    except ssl.SSLError as error:
        return PluginAnswer(error=f"no TLS: {error.reason or 'handshake failed'}")
    except (OSError, http.client.HTTPException) as error:
        return PluginAnswer(error=f"no answer: {getattr(error, 'strerror', None) or type(error).__name__}")
    except (ValueError, RecursionError) as error:
        return PluginAnswer(error=f"its answer makes no sense: {str(error)[:120]}")


def _scope(plugin: AnnouncedPlugin, answer_seconds: float) -> str:
    """Capabilities came with Docker 1.12: a driver that does not know the question is local."""
    try:
        capabilities = _post(plugin, "/VolumeDriver.Capabilities", answer_seconds).get("Capabilities")
    except (ValueError, http.client.HTTPException, OSError):
        return "local"
    scope = capabilities.get("Scope") if isinstance(capabilities, dict) else None
    return scope if scope in ("local", "global") else "local"


def _post(plugin: AnnouncedPlugin, path: str, answer_seconds: float) -> dict[str, Any]:
    connection = _connection(plugin.address, plugin.tls, answer_seconds)
    late = threading.Event()
    # The socket's own timeout begins anew with every byte that a slow plugin lets drip.
    watch = threading.Timer(answer_seconds, _give_up, (connection, late))
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", path, b"{}", {"Accept": _MEDIA_TYPE, "Content-Type": _MEDIA_TYPE, "Host": "plugin"})
        response = connection.getresponse()
        body = response.read(MAX_ANSWER + 1)
    except (OSError, http.client.HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        watch.cancel()
        connection.close()
    if late.is_set():
        raise TimeoutError
    if response.status != 200:
        raise ValueError(f"HTTP status {response.status}")
    if len(body) > MAX_ANSWER:
        raise ValueError(f"more than {MAX_ANSWER} bytes")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("no JSON object")
    if isinstance(document.get("Err"), str) and document["Err"]:
        raise ValueError(document["Err"])
    return document


def _give_up(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError, AttributeError):  # it may end by itself at this very moment
        connection.sock.shutdown(socket.SHUT_RDWR)


def _connection(address: str, tls: PluginTls | None, answer_seconds: float) -> http.client.HTTPConnection:
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path or parts.netloc, answer_seconds)
    if parts.scheme not in ("tcp", "http", "https") or not parts.hostname:
        raise ValueError(f"no way to ask at {parts.scheme}://")
    if tls is None and parts.scheme != "https":
        return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=answer_seconds)
    context = ssl.create_default_context(cafile=tls.ca if tls and tls.ca else None)
    if tls is not None and tls.insecure:  # as the engine itself would take it
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls is not None and tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key or None)
    return http.client.HTTPSConnection(parts.hostname, parts.port or 443, timeout=answer_seconds, context=context)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("plugin", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
