"""Exec plugins: programs that a kubeconfig names and that know a token (client-go ``plugin/pkg/client/auth/exec``).

Run without a shell and without a terminal, in a process group of their own, for a bounded time, saying a bounded
amount. lightkube knows no ``client.authentication.k8s.io/v1``, no certificates, no ``KUBERNETES_EXEC_INFO`` and waits
for ever; the official client waits for ever too.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage, SourceUnreachable, UsageError
from layerscope.oci.jsondoc import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from layerscope.cluster.kubeconfig import Entry

TIMEOUT = 60.0
"""Seconds. A plugin may ask an identity provider far away, but nobody."""
MAX_ANSWER = 1 << 20
GROUP = "client.authentication.k8s.io/"
VERSIONS = ("v1", "v1beta1", "v1alpha1")
_TOKEN_LIKE = re.compile(r"[A-Za-z0-9+=_.~/-]{32,}")
_LINE = 200


@dataclass(frozen=True, slots=True)
class ExecCredential:
    """What a plugin gave: a token, a client certificate with its key, or both."""

    token: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A user's ``exec``. Its arguments and variables may be secrets: neither is shown."""

    command: str
    version: str
    """``client.authentication.k8s.io/V``."""
    what: str
    """Whose it is, for messages."""
    directory: Path
    """Where a command with a slash that is not absolute starts from: beside the kubeconfig."""
    arguments: tuple[str, ...] = field(default=(), repr=False)
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    hint: str = ""
    """What its author says about installing it."""
    cluster: Mapping[str, Any] | None = field(default=None, repr=False)
    """What it wants to be told of the cluster; None for nothing."""

    @classmethod
    def from_user(cls, user: Entry, cluster: Entry) -> ExecPlugin | None:
        """The plugin of a kubeconfig's user; None where it has none. UsageError where it cannot be run."""
        value = user.value.get("exec")
        if value is None:
            return None
        if not isinstance(value, dict):
            raise UsageError(f"{user.what}: exec is not a map")
        command, version = value.get("command"), value.get("apiVersion")
        arguments, variables = value.get("args") or [], value.get("env") or []
        if not isinstance(command, str) or not command:
            raise UsageError(f"{user.what}: exec names no command")
        if version not in [GROUP + each for each in VERSIONS]:
            raise UsageError(f"{user.what}: exec is of a version that is not known", hint=f"{GROUP}v1 is")
        if not isinstance(arguments, list) or not all(isinstance(each, str) for each in arguments):
            raise UsageError(f"{user.what}: exec has args that are not text")
        try:
            pairs = tuple((str(each["name"]), str(each["value"])) for each in variables)
        except (TypeError, KeyError):
            raise UsageError(f"{user.what}: exec has env without name and value") from None
        if value.get("interactiveMode") == "Always":
            raise UsageError(
                f"{user.what}: its plugin {command} wants a terminal, which it is not given",
                hint="use another user, or a token: kubectl create token SERVICE-ACCOUNT",
            )
        hint = value.get("installHint")
        told = _told(cluster) if value.get("provideClusterInfo") is True else None
        return cls(
            command, version, user.what, user.file.parent, tuple(arguments), pairs,
            hint if isinstance(hint, str) else "", told,
        )  # fmt: skip

    def run(self, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> ExecCredential:
        """What the plugin gives.

        Raises:
            UsageError: There is no such program.
            SourceUnreachable: It failed, took too long, said too much, or nothing that could be used.
        """
        program = self._program(environment)
        info = {"apiVersion": self.version, "kind": "ExecCredential", "spec": {"interactive": False}}
        if self.cluster is not None:
            info["spec"] = {"interactive": False, "cluster": self.cluster}
        variables = {**environment, **dict(self.variables), "KUBERNETES_EXEC_INFO": json.dumps(info)}
        try:
            process = subprocess.Popen(
                [program, *self.arguments],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # whatever it starts ends with it
            )
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else "its arguments cannot be passed on"
            raise UsageError(f"{self.what}: its plugin {self.command} cannot be run: {said}") from None
        try:
            answer, complaint = _conversation(process, time.monotonic() + timeout)
            code = process.wait(max(1.0, timeout))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise SourceUnreachable(
                f"{self.what}: its plugin {self.command} gave no answer within {timeout:g} seconds",
                hint="if it wants you to log in, do so first: any kubectl command will ask",
            ) from None
        except OverflowError:
            raise self._useless(f"said more than {MAX_ANSWER >> 20} MiB") from None
        finally:
            _end(process)
        if code:
            raise SourceUnreachable(
                f"{self.what}: its plugin {self.command} ended with exit code {code}{self._quoted(complaint)}",
                hint="any kubectl command for this context will tell more",
            )
        return self._credential(answer)

    def _program(self, environment: Mapping[str, str]) -> str:
        if os.sep in self.command:
            path = self.directory / self.command
            found = str(path) if path.is_file() else None
        else:
            found = shutil.which(self.command, path=environment.get("PATH", os.defpath))
        if found is None:
            raise UsageError(
                f"{self.what}: there is no program {self.command}, which should give the credential",
                hint=self.hint or "install it, or use another context",
            )
        return found

    def _credential(self, answer: bytes) -> ExecCredential:
        try:
            document = parse_object(answer, self.command)
        except InvalidImage:
            raise self._useless("gave an answer that is no JSON object") from None  # it may quote a token
        status = document.get("status")
        if document.get("apiVersion") != self.version or not isinstance(status, dict):
            raise self._useless(f"gave no ExecCredential of {self.version}")
        texts = [status.get(key) or "" for key in ("token", "clientCertificateData", "clientKeyData")]
        if not all(isinstance(text, str) for text in texts):
            raise self._useless("gave a credential that is not text")
        token, certificate, key = texts
        if not token and not (certificate and key):
            raise self._useless("gave neither a token nor a certificate with its key")
        if _is_past(status.get("expirationTimestamp")):
            raise self._useless("gave a credential that has expired")
        return ExecCredential(token, certificate.encode(), key.encode())

    def _useless(self, why: str) -> SourceUnreachable:
        return SourceUnreachable(f"{self.what}: its plugin {self.command} {why}")

    def _quoted(self, complaint: bytes) -> str:
        """The last line of what it complained, without what may be a secret."""
        lines = complaint.decode("utf-8", "replace").strip().splitlines()
        if not lines:
            return ""
        line = lines[-1].strip()
        for secret in sorted({*self.arguments, *(value for _, value in self.variables)}, key=len, reverse=True):
            if len(secret) > 3:
                line = line.replace(secret, "[…]")
        return f": {_TOKEN_LIKE.sub('[…]', line)[:_LINE]}"


def _told(cluster: Entry) -> dict[str, Any]:
    """The cluster as ``ExecCredential.spec.cluster`` has it."""
    keys = ("server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url")
    told = {key: cluster.value[key] for key in keys if cluster.value.get(key)}
    if authority := cluster.content("certificate-authority"):
        told["certificate-authority-data"] = base64.b64encode(authority).decode()
    for extension in cluster.value.get("extensions") or []:
        if isinstance(extension, dict) and extension.get("name") == "client.authentication.k8s.io/exec":
            told["config"] = extension.get("extension")
    return told


def _conversation(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes]:
    """All of standard output and error; TimeoutError past the deadline, OverflowError past MAX_ANSWER."""
    answer, complaint = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, said in ((process.stdout, answer), (process.stderr, complaint)):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ, said)
        while selector.get_map():
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                key.data.extend(chunk)
                if len(key.data) > MAX_ANSWER:
                    raise OverflowError
    return bytes(answer), bytes(complaint)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of a plugin that was given up stays: not the program, not what it started."""
    if process.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _is_past(moment: object) -> bool:
    if not isinstance(moment, str):
        return False
    try:
        when = datetime.datetime.fromisoformat(moment)
    except ValueError:
        return False
    return when.tzinfo is not None and when < datetime.datetime.now(datetime.UTC)
