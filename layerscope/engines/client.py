"""A connection to an engine: who answers, in which version of the API, and what it says to a question."""

from __future__ import annotations

import importlib.util
import re
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.engines.endpoint import DOCKER, PODMAN, docker_endpoint, podman_endpoint
from layerscope.engines.failures import refusal, unreachable
from layerscope.errors import SourceUnreachable, UsageError
from layerscope.oci.jsondoc import get_str, parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from layerscope.engines.endpoint import Endpoint
    from layerscope.engines.sdk import SdkClient

Version = tuple[int, int]
OLDEST_API: Version = (1, 24)
"""Docker 1.12; the SDK speaks none that is older."""
NEWEST_API: Version = (1, 52)
"""The newest API this room was held against. Answers change their shape from version to version, and an engine answers
in the version it is asked in: a newer engine is asked in this one."""
ANSWER_SECONDS = 60.0
"""How long an engine may think about a question. A save is no question: it may take as long as it takes."""
READ_CHUNK = 1 << 20


@dataclass(slots=True)
class Engine:
    """An engine that answered. Close it, or use ``with``."""

    endpoint: Endpoint
    kind: str
    """DOCKER or PODMAN, by what it says of itself."""
    api: Version
    """The version it is asked in."""
    answer_seconds: float
    _sdk: SdkClient

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._sdk.close()

    def __str__(self) -> str:
        return str(self.endpoint)

    def ask(self, path: str, *names: str, params: dict[str, str] | None = None) -> bytes:
        """The body of the answer to ``GET path``, ``{0}`` in it being the first of ``names``.

        NotFound for what the engine does not have; SourceUnreachable when it fails, refuses or does not answer.
        """
        try:
            response = self._sdk.ask(path, *names, params=params, wait=self.answer_seconds)
        except OSError as error:  # whatever requests and urllib3 raise is one
            raise unreachable(error, self.endpoint, self.answer_seconds) from error
        with closing(response):
            if response.status_code != 200:
                raise refusal(response.status_code, response.content, str(self))
            return bytes(response.content)

    def stream(self, path: str, *names: str, params: dict[str, str] | None = None) -> Iterator[bytes]:
        """The body of the answer, as it comes: however long the first byte takes, and cut short never unnoticed."""
        try:
            response = self._sdk.ask(path, *names, params=params, stream=True, wait=None)
        except OSError as error:
            raise unreachable(error, self.endpoint, None) from error
        received = 0
        with closing(response):
            if response.status_code != 200:
                raise refusal(response.status_code, response.content, str(self))
            try:
                for chunk in response.iter_content(READ_CHUNK):
                    received += len(chunk)
                    yield chunk
            except OSError as error:
                raise SourceUnreachable(
                    f"{self}: the connection broke after {received} bytes: {error}",
                    hint="the engine's log may tell why; run it again",
                ) from error


def connect(endpoint: Endpoint, *, answer_seconds: float = ANSWER_SECONDS) -> Engine:
    """Connect, ask who is there, agree on a version. SourceUnreachable says why not and what to do."""
    if endpoint.url.startswith("ssh://") and importlib.util.find_spec("paramiko") is None:
        raise SourceUnreachable(
            f"{endpoint} is reached over SSH, which needs a package that is not installed: paramiko",
            hint="pip install 'layerscope[ssh]'",
        )
    _knock(endpoint, answer_seconds)
    from docker.errors import DockerException  # the SDK takes a tenth of a second to load

    from layerscope.engines.sdk import SdkClient

    sdk: SdkClient | None = None
    try:
        sdk = SdkClient(endpoint, _text(NEWEST_API), answer_seconds)
        engine = Engine(endpoint, endpoint.engine, NEWEST_API, answer_seconds, sdk)
        engine.kind, engine.api = _introduce(sdk, engine)
        sdk.pin(_text(engine.api))
        return engine
    except BaseException as error:
        if sdk is not None:
            sdk.close()
        if isinstance(error, OSError):
            raise unreachable(error, endpoint, answer_seconds) from error
        if isinstance(error, DockerException):
            raise UsageError(f"{endpoint}: {error}") from error
        raise


def _knock(endpoint: Endpoint, answer_seconds: float) -> None:
    """Whether a socket opens at all: without the SDK, which need not be loaded then, and would leave one open."""
    if endpoint.socket is None:
        return
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(answer_seconds)
        try:
            client.connect(str(endpoint.socket))
        except OSError as error:
            raise unreachable(error, endpoint, answer_seconds) from error


def _introduce(sdk: SdkClient, engine: Engine) -> tuple[str, Version]:
    """Who answers, and the version to ask in. ``/version`` would tell more, and takes Podman a whole second."""
    with closing(sdk.ask("/_ping", versioned=False, wait=engine.answer_seconds)) as response:
        if response.status_code != 200:
            raise refusal(response.status_code, response.content, str(engine))
        kind = PODMAN if "Libpod-API-Version" in response.headers else DOCKER
        newest = _version(response.headers.get("Api-Version", ""), engine)
    if newest <= NEWEST_API:
        return kind, newest
    what = f"{engine}: its version"
    with closing(sdk.ask("/version", versioned=False, wait=engine.answer_seconds)) as response:
        if response.status_code != 200:
            raise refusal(response.status_code, response.content, str(engine))
        oldest = get_str(parse_object(response.content, what), "MinAPIVersion", what)
    return kind, agreed(newest, _version(oldest, engine) if oldest else OLDEST_API)


def agreed(newest: Version, oldest: Version) -> Version:
    """The version to ask in: the engine's newest, but none newer than tested, unless it insists."""
    return max(min(newest, NEWEST_API), oldest)


def _version(text: str, engine: Engine) -> Version:
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", text, re.ASCII)
    if match is None:
        raise SourceUnreachable(f"what answers for {engine} is no container engine", hint="check the address")
    return int(match[1]), int(match[2])


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def first_engine(kind: str | None = None, *, answer_seconds: float = ANSWER_SECONDS) -> Engine:
    """The engine of ``kind``, DOCKER or PODMAN, or the first of both that answers; close it.

    UsageError for settings that name no endpoint; SourceUnreachable tells what became of each attempt.
    """
    if kind is not None:
        return connect(docker_endpoint() if kind == DOCKER else podman_endpoint(), answer_seconds=answer_seconds)
    attempts = []
    for resolve in (docker_endpoint, podman_endpoint):
        try:
            return connect(resolve(), answer_seconds=answer_seconds)
        except SourceUnreachable as error:
            attempts.append(error)
    hints = "; ".join(error.hint for error in attempts if error.hint)
    raise SourceUnreachable("; ".join(f"tried {error.message}" for error in attempts), hint=hints)
