"""From the options to who may pull: logins of this machine, a user named, or pull secrets alone."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.cli import speech
from layerscope.cli.cluster import check_cluster, cluster_pull_secrets
from layerscope.errors import InvalidReference, NotAuthorised, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.cli.options import CredentialChoice
    from layerscope.credentials.credential import CredentialLookup
    from layerscope.credentials.helper import Helpers
    from layerscope.credentials.pullsecret import PullSecret, UnreadSecret

_STDIN = "-"
ADVICE = "it takes a pull secret whose login this registry accepts; kubectl create secret docker-registry makes one"
"""What to do about a refusal where pull secrets alone count: no login of this machine would change it."""
OF_THE_NODE = (
    "a node may have credentials of its own, which count after the pull secrets and cannot be seen from here: the"
    " kubelet's credential providers, and its config.json"
)
MAX_PASSWORD = 64 << 10
MAX_SECRET_FILE = 4 << 20
"""Bytes. The API takes no Secret above 1 MiB; a file may hold several."""


class Logins:
    """What the options lead to, for all images of a run: standard input is read once, a helper asked once."""

    def __init__(self, choice: CredentialChoice) -> None:
        self._choice = choice
        self._lookup: CredentialLookup | None = None
        self._registry = ""
        self.remarks: list[str] = []
        """What whoever pulls should know of how these credentials came about."""

    def check(self) -> None:
        """UsageError for options that contradict each other; nothing is read."""
        choice = self._choice
        if (choice.username is None) is choice.password_stdin:
            given, lacking = ("--username", "--password-stdin")[:: -1 if choice.password_stdin else 1]
            raise UsageError(
                f"{given} needs {lacking}", hint="layerscope inspect --username USER --password-stdin IMAGE < password"
            )
        ways = {
            "--anonymous": choice.anonymous,
            "--username": choice.username is not None,
            "--authfile": choice.authfile is not None,
            "--pull-secret": bool(choice.pull_secret),
        }
        chosen = [name for name, given in ways.items() if given]
        if len(chosen) > 1:
            raise UsageError(
                f"{' and '.join(chosen)} contradict each other", hint="each says alone who may pull; leave one out"
            )
        cluster = check_cluster(choice)
        if cluster and chosen and not choice.pull_secret:
            raise UsageError(
                f"{chosen[0]} and the pull secrets of a cluster contradict each other",
                hint="each says alone who may pull; leave one out",
            )
        if choice.pull_secret.count(_STDIN) > 1:
            raise UsageError("--pull-secret - is given twice; standard input passes once", hint="write it to a file")

    def for_image(self, name: str, *, quiet: bool, timeout: float | None = None) -> CredentialLookup:
        """Who may pull this image. UsageError where an option names what cannot be used.

        A user named on the command line is so for the registry of the first image, and for no other. ``timeout`` is in
        seconds, for a cluster that is asked; None is the library's own.
        """
        if self._choice.username is not None:
            self._bind(name)
        if self._lookup is None:
            self._lookup = self._find(quiet=quiet, timeout=timeout)
        return self._lookup

    @contextlib.contextmanager
    def explaining_refusals(self) -> Iterator[None]:
        """What to do about a registry's refusal, where no login of this machine would change it."""
        try:
            yield
        except NotAuthorised as error:
            if self._choice.pull_secret or check_cluster(self._choice):
                error.hint = f"{ADVICE}; {OF_THE_NODE}"
            raise

    def _bind(self, name: str) -> None:
        from layerscope.oci.reference import Reference

        try:
            registry = Reference.parse(name).registry
        except InvalidReference:
            return  # which opening the image tells better
        if self._registry and registry != self._registry:
            raise UsageError(
                f"--username is for {self._registry}; {name} is in {registry}",
                hint="log in to each of them with docker login or podman login, or name an --authfile",
            )
        self._registry = registry

    def _find(self, *, quiet: bool, timeout: float | None) -> CredentialLookup:
        from layerscope.credentials.containersauth import ContainersAuth
        from layerscope.credentials.credential import Anonymous
        from layerscope.credentials.given import GivenLogin
        from layerscope.credentials.local import LocalLogins

        choice = self._choice
        if choice.anonymous:
            return Anonymous()
        if choice.username is not None:
            return GivenLogin(choice.username, _password(choice.username), self._registry)
        secrets = self._pull_secrets(timeout)
        if secrets is not None:
            from layerscope.credentials.keyring import KubeletKeyring

            self.remarks.append("pull secrets alone count, as on a node: no login of this machine is used")
            for remark in () if quiet else self.remarks:
                speech.remark(remark)
            return KubeletKeyring(tuple(secrets))
        if choice.authfile is not None:
            store = ContainersAuth(Path(choice.authfile), option="--authfile", required=True)
            return LocalLogins((store,), self._helpers())
        return LocalLogins.from_environment(helpers=self._helpers())

    def _helpers(self) -> Helpers:
        from layerscope.credentials.helper import Helpers

        return Helpers(refusal="--no-helpers was given" if self._choice.no_helpers else "")

    def _pull_secrets(self, timeout: float | None) -> list[PullSecret | UnreadSecret] | None:
        """The pull secrets that options name, in order; None where there is no such option."""
        asks_cluster = check_cluster(self._choice)
        if not self._choice.pull_secret and not asks_cluster:
            return None
        from layerscope.cli.secretfile import pull_secrets

        found: list[PullSecret | UnreadSecret] = []
        for file in self._choice.pull_secret:
            found += pull_secrets(*_content(file))
        if asks_cluster:
            found += cluster_pull_secrets(self._choice, self.remarks.append, timeout)
        return found


def _password(username: str) -> str:
    """The password on standard input, without the line's end (docker login --password-stdin)."""
    if not username:
        raise UsageError("--username is empty")
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("there is no password on standard input", hint="pipe it in: --password-stdin < password")
    data = sys.stdin.buffer.read(MAX_PASSWORD + 1)
    if len(data) > MAX_PASSWORD:
        raise UsageError(f"the password on standard input has more than {MAX_PASSWORD} bytes")
    try:
        password = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UsageError("the password on standard input is not UTF-8") from None
    if not password:
        raise UsageError("the password on standard input is empty", hint="pipe it in: --password-stdin < password")
    return password


def _content(file: str) -> tuple[bytes, str]:
    """A file's, or standard input's, bytes and what to call it."""
    if file == _STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError(
                "there is no pull secret on standard input", hint="pipe one in: kubectl get secret NAME -o yaml | ..."
            )
        data, what = sys.stdin.buffer.read(MAX_SECRET_FILE + 1), "standard input"
    else:
        try:
            with Path(file).open("rb") as stream:
                data, what = stream.read(MAX_SECRET_FILE + 1), file
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else "no file can have this name"
            raise UsageError(
                f"--pull-secret {os.fsdecode(file)}: {said}", hint="name a file with a Secret, or - for standard input"
            ) from error
    if len(data) > MAX_SECRET_FILE:
        raise UsageError(f"{what} has more than {MAX_SECRET_FILE} bytes, which no pull secret has")
    return data, what
