"""kubeconfig files, read as ``kubectl`` reads them (client-go ``tools/clientcmd``).

``--kubeconfig`` is one file and must be there. ``KUBECONFIG`` is a list: files that are missing are passed over, the
first file to name a cluster, user, context or current context wins, whole. Else ``~/.kube/config``. A relative path in
a file is relative to that file. lightkube reads one file, and the official client prints and may write: see
``connection`` for what is left to the library.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

VARIABLE = "KUBECONFIG"
MAX_FILE_BYTES = 1 << 20
"""Of a certificate, a key, a token."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A named cluster, user or context as its file has it."""

    value: Mapping[str, Any] = field(repr=False)
    """May hold secrets."""
    file: Path
    what: str
    """Which it is, for messages: ``user 'admin' of /home/…/config``."""

    def text(self, key: str) -> str:
        """A value that is text; empty where it is left out. UsageError for any other kind."""
        value = self.value.get(key)
        if not isinstance(value, str | None):
            raise UsageError(f"{self.what}: {key} is not text")
        return value or ""

    def flag(self, key: str) -> bool:
        """A value that is true or false; false where it is left out."""
        value = self.value.get(key)
        if not isinstance(value, bool | None):
            raise UsageError(f"{self.what}: {key} is neither true nor false")
        return bool(value)

    def path(self, key: str) -> Path | None:
        """A file, relative to the one that names it; None where it is left out."""
        named = self.text(key)
        return self.file.parent / named if named else None

    def content(self, key: str) -> bytes:
        """What ``KEY-data`` holds in base64, else the file that ``KEY`` names; empty where neither is there."""
        if encoded := self.text(f"{key}-data"):
            try:
                return base64.b64decode("".join(encoded.split()), validate=True)
            except (binascii.Error, ValueError):  # which may quote what may be a key
                raise UsageError(f"{self.what}: {key}-data is not base64") from None
        path = self.path(key)
        if path is None:
            return b""
        try:
            with path.open("rb") as file:
                return file.read(MAX_FILE_BYTES)
        except OSError as error:
            raise UsageError(f"{self.what}: {key} {path} cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Context:
    """A cluster, who to be there, and in which namespace."""

    name: str
    cluster: Entry
    user: Entry | None
    user_name: str
    namespace: str
    """Empty where the context names none."""
    file: Path


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """What one or several files add up to. ``repr`` shows names alone."""

    origin: str
    """Which files these are."""
    clusters: Mapping[str, Entry]
    users: Mapping[str, Entry]
    contexts: Mapping[str, Entry]
    current: str
    """The current context's name; may be empty."""

    def context(self, name: str = "") -> Context:
        """The context of that name, or the current one.

        UsageError where there is none, or where it names a cluster or a user that is not there.
        """
        chosen = name or self.current
        offered = ", ".join(sorted(self.contexts)) or "none at all"
        if not chosen:
            raise UsageError(f"{self.origin} names no current context", hint=f"choose one with --context: {offered}")
        entry = self.contexts.get(chosen)
        if entry is None:
            why = "" if name else ", its current context"
            raise UsageError(f"{self.origin} has no context {chosen!r}{why}", hint=f"it has: {offered}")
        cluster = self.clusters.get(entry.text("cluster"))
        if cluster is None:
            raise UsageError(f"{entry.what} is for the cluster {entry.text('cluster')!r}, which {self.origin} has not")
        user_name = entry.text("user")
        user = self.users.get(user_name) if user_name else None
        if user_name and user is None:
            raise UsageError(f"{entry.what} is for the user {user_name!r}, whom {self.origin} has not")
        return Context(chosen, cluster, user, user_name, entry.text("namespace"), entry.file)


def load_kubeconfig(named: Path | None = None, environment: Mapping[str, str] = os.environ) -> Kubeconfig | None:
    """What kubectl would go by; None where there is no file at all.

    Raises:
        UsageError: ``named`` is not there or cannot be read; none of ``KUBECONFIG`` is; a file is not a kubeconfig.
    """
    if named is not None:
        return _merged([_read(named, str(named))], str(named))
    if listed := environment.get(VARIABLE):
        paths = list(dict.fromkeys(path for path in listed.split(os.pathsep) if path))
        there = [path for path in paths if _is_there(Path(path))]
        if not there:
            raise UsageError(
                f"{VARIABLE} is {listed}, and there is no such file",
                hint=f"name a file with --kubeconfig, or unset {VARIABLE}",
            )
        if missing := [path for path in paths if path not in there]:
            log.info("%s: passed over, not there: %s", VARIABLE, ", ".join(missing))
        return _merged([_read(Path(path), f"{path} ({VARIABLE})") for path in there], " and ".join(there))
    home = environment.get("HOME") or _home()
    # A relative home would make a file in the working directory count, which may be anybody's.
    usual = Path(home, ".kube", "config") if home and Path(home).is_absolute() else None
    return _merged([_read(usual, str(usual))], str(usual)) if usual and _is_there(usual) else None


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, PermissionError)  # reading it will say so
    return True


def _read(path: Path, what: str) -> Kubeconfig:
    from layerscope.cluster.manifests import MAX_MANIFEST_BYTES, read_yaml

    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no kubeconfig {what}", hint="--kubeconfig names a file") from None
    except OSError as error:
        raise UsageError(f"the kubeconfig {what} cannot be read: {error.strerror}") from error
    documents = [document for document in read_yaml(data, what) if document is not None]
    if not documents:
        return Kubeconfig(what, {}, {}, {}, "")
    document = documents[0]
    if len(documents) > 1 or not isinstance(document, dict) or document.get("kind", "Config") != "Config":
        raise UsageError(f"{what} is not a kubeconfig", hint="kubectl config view shows what kubectl makes of it")
    current = document.get("current-context")
    if not isinstance(current, str | None):
        raise UsageError(f"{what}: current-context is not text")
    entries = {key: _entries(document, f"{key}s", key, path.absolute(), what) for key in ("cluster", "user", "context")}
    return Kubeconfig(what, entries["cluster"], entries["user"], entries["context"], current or "")


def _entries(document: Mapping[str, Any], plural: str, key: str, path: Path, what: str) -> dict[str, Entry]:
    listed = document.get(plural)
    if listed is None:
        return {}
    if not isinstance(listed, list):
        raise UsageError(f"{what}: {plural} is not a list")
    found: dict[str, Entry] = {}
    for item in listed:
        name = item.get("name") if isinstance(item, dict) else None
        value = item.get(key) if isinstance(item, dict) else None
        if not isinstance(name, str) or not isinstance(value, dict | None):
            raise UsageError(f"{what}: an entry of {plural} has no name, or no map under {key!r}")
        if name in found:
            raise UsageError(f"{what}: {plural} has {name!r} twice")
        found[name] = Entry(value or {}, path, f"{key} {name!r} of {what}")
    return found


def _merged(files: list[Kubeconfig], origin: str) -> Kubeconfig:
    """The first file to name something wins, whole."""
    last_first = files[::-1]
    return Kubeconfig(
        origin,
        {name: entry for file in last_first for name, entry in file.clusters.items()},
        {name: entry for file in last_first for name, entry in file.users.items()},
        {name: entry for file in last_first for name, entry in file.contexts.items()},
        next((file.current for file in files if file.current), ""),
    )


def _home() -> str:
    try:
        return str(Path.home())
    except (RuntimeError, OSError):  # no HOME and no entry in the password database
        return ""
