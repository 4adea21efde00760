"""Credential helpers: programs called ``docker-credential-SUFFIX`` (docker/docker-credential-helpers, "client").

A helper is given a registry's key on standard input and answers with JSON. It is found on PATH by its whole name, runs
without a shell, in a process group of its own, for a bounded time, and says a bounded amount. What it says is never
quoted: it is a secret, or may hold one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.credentials.credential import Credential, Kind, Place, Source
from layerscope.credentials.explanation import Considered, Outcome
from layerscope.errors import InvalidImage
from layerscope.oci.jsondoc import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "docker-credential-"
MAX_ANSWER = 1 << 20
"""Bytes that a helper may say."""
TIMEOUT = 30.0
"""Seconds that a helper may take."""
TOKEN_USER = "<token>"  # noqa: S105
"""The user name under which a helper keeps an identity token."""

_SUFFIX = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_NOT_FOUND = (
    b"credentials not found in native keychain",
    b"no credentials server URL",
    b"no credentials username",
)
"""What a helper says, and ends with another code than 0, where it has nothing."""


class HelperFailed(Exception):
    """A helper that could not be asked or gave no answer; says why, without a word of what it said."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


class NotAsked(Exception):
    """Helpers are not to be asked; says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a helper knows."""

    username: str
    secret: str = field(repr=False)
    kind: Kind


@dataclass(slots=True)
class Helpers:
    """Asks helpers, each once for a key in a run: some of them take seconds, or ask a person."""

    refusal: str = ""
    """Why none is asked; empty where they are."""
    timeout: float = TIMEOUT
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _known: dict[tuple[str, str], Answer | HelperFailed | None] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def exists(self, suffix: str) -> bool:
        """Whether there is such a helper on PATH."""
        return self.finds(PREFIX + suffix)

    def finds(self, program: str) -> bool:
        """Whether there is such a program on PATH."""
        return _on_path(program, self.environment) is not None

    def ask(self, suffix: str, key: str) -> Answer | None:
        """What the helper has under ``key``; None where it has nothing.

        Raises HelperFailed where there is no telling, NotAsked where there is a ``refusal``.
        """
        if self.refusal:
            raise NotAsked(self.refusal)
        with self._lock:
            if (suffix, key) not in self._known:
                try:
                    self._known[suffix, key] = self._ask(suffix, key)
                except HelperFailed as failure:
                    self._known[suffix, key] = failure
            known = self._known[suffix, key]
        if isinstance(known, HelperFailed):
            raise known
        return known

    def _ask(self, suffix: str, key: str) -> Answer | None:
        if not _SUFFIX.fullmatch(suffix):
            raise HelperFailed(
                f"{suffix[:80]!r} cannot be the name of a credential helper",
                "a helper's name has letters, digits, '_', '.' and '-'",
            )
        name = PREFIX + suffix
        program = _on_path(name, self.environment)
        if program is None:
            raise HelperFailed(
                f"the credential helper {name} is not on PATH", f"install {name}, or take it out of the configuration"
            )
        code, said = _run(program, name, key, self.timeout, self.environment)
        if code != 0:
            if said.strip() in _NOT_FOUND:
                return None
            raise HelperFailed(f"the credential helper {name} ended with exit code {code}", _try_it(name, key))
        try:
            return _answer(parse_object(said, name))
        except (InvalidImage, ValueError):
            # The original would quote what the helper said.
            raise HelperFailed(
                f"the answer of the credential helper {name} is not what helpers say", _try_it(name, key)
            ) from None


def _answer(document: dict[str, Any]) -> Answer | None:
    """``{"ServerURL", "Username", "Secret"}``; the helper for ``pass`` says that it has nothing with empty fields."""
    username, secret = document.get("Username", ""), document.get("Secret", "")
    if not isinstance(username, str) or not isinstance(secret, str):
        raise ValueError("not text")
    if not username or not secret:
        return None
    if username == TOKEN_USER:
        return Answer("", secret, Kind.IDENTITY_TOKEN)
    return Answer(username, secret, Kind.PASSWORD)


def _on_path(name: str, environment: Mapping[str, str]) -> str | None:
    """A program. The working directory is nobody's to be found in: it may be a stranger's."""
    places = environment.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(place for place in places if Path(place).is_absolute())
    found = shutil.which(name, path=path) if path else None
    return found if found and Path(found).is_absolute() else None


def _run(program: str, name: str, key: str, timeout: float, environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Exit code and standard output; HelperFailed where it takes too long, says too much, or cannot run."""
    try:
        process = subprocess.Popen(
            [program, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,  # so that what the helper itself starts can be ended with it
        )
    except OSError as error:
        raise HelperFailed(
            f"the credential helper {name} cannot be run: {error.strerror}", f"is {program} a program of this machine?"
        ) from None
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(timeout, end)
    timer.daemon = True
    timer.start()
    try:
        said = _conversation(process, key)
        if len(said) > MAX_ANSWER:
            raise HelperFailed(f"the credential helper {name} said more than {MAX_ANSWER} bytes", _try_it(name, key))
        code = process.wait()
    finally:
        timer.cancel()
        if process.returncode is None:
            _kill(process)
            process.wait()
    if late.is_set():
        raise HelperFailed(
            f"the credential helper {name} did not answer within {timeout:g} s",
            f"it may be waiting for somebody to unlock a keychain; {_try_it(name, key)}",
        )
    return code, said


def _conversation(process: subprocess.Popen[bytes], key: str) -> bytes:
    """Tell it the key; what it then says, up to one byte more than it may."""
    assert process.stdin is not None and process.stdout is not None
    with process.stdout, contextlib.suppress(OSError):  # of the key: it may have ended without listening
        with contextlib.suppress(OSError), process.stdin:
            process.stdin.write(key.encode())
        return process.stdout.read(MAX_ANSWER + 1)
    return b""


def _try_it(name: str, key: str) -> str:
    return f"to see what it says: printf {key} | {name} get"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the helper and what it started."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def consider_helper(helpers: Helpers, suffix: str, key: str, file: str, why: str) -> Considered:
    """What came of asking the helper that ``file`` names; ``why`` says how it came to be named."""
    place = Place(Source.HELPER, PREFIX + suffix, file)
    try:
        answer = helpers.ask(suffix, key)
    except NotAsked as refusal:
        return Considered(place, key, Outcome.IGNORED, f"{why}, but it is not asked: {refusal}")
    except HelperFailed as failure:
        return Considered(place, key, Outcome.UNUSABLE, str(failure), hint=failure.hint, remark=True)
    if answer is None:
        return Considered(place, key, Outcome.NO_MATCH, f"{why}; it has no login under this key")
    found = Credential(answer.username, answer.secret, answer.kind, place, key)
    return Considered(place, key, Outcome.USED, why, found)
