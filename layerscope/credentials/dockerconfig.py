"""The Docker client's configuration file, ``config.json``: its plain ``auths`` (docker/cli cli/config)."""

from __future__ import annotations

import base64
import binascii
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from layerscope.credentials.credential import Credential, Place, Source
from layerscope.credentials.explanation import Considered, Explanation, Outcome, Rules
from layerscope.errors import InvalidImage
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES, parse_object
from layerscope.oci.reference import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layerscope.oci.reference import Reference

log = logging.getLogger(__name__)

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""Under this key, and no other, Docker keeps the login of docker.io."""


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """Logins that ``docker login`` (or podman, skopeo, buildah told so) left in a file. The file is read when asked."""

    path: Path | None
    """None where there is no place for such a file: no HOME."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> DockerConfig:
        """``$DOCKER_CONFIG/config.json`` where that is set, else ``~/.docker/config.json``."""
        if directory := environment.get("DOCKER_CONFIG"):
            return cls(Path(directory, "config.json"))
        home = environment.get("HOME") or _home()
        # A relative home would make a file in the working directory count, which may be anybody's.
        return cls(Path(home, ".docker", "config.json") if home and Path(home).is_absolute() else None)

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """The login for the reference's registry, if there is one."""
        key = key_for(reference.registry)
        for name, entry in _matching(self._auths(key), key):
            credential = self._credential(name, entry)
            if credential:
                return (credential,)
        return ()

    def explain(self, reference: Reference) -> Explanation:
        """The same, told."""
        considered = tuple(
            Considered(each.place, each.key, Outcome.USED, "it is the registry's entry", each)
            for each in self.find(reference)
        )
        return Explanation(reference, Rules.LOCAL, considered)

    def _auths(self, key: str) -> dict[str, Any]:
        if self.path is None:
            return {}
        try:
            with self.path.open("rb") as file:
                document = parse_object(file.read(MAX_DOCUMENT_BYTES + 1), str(self.path))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, InvalidImage) as error:
            log.warning("%s cannot be used for logins: %s", self.path, error)
            return {}
        auths = document.get("auths") or {}
        if not isinstance(auths, dict):
            log.warning("%s: 'auths' is not an object; going on without it", self.path)
            return {}
        helpers = document.get("credHelpers")
        helper = (helpers.get(key) if isinstance(helpers, dict) else None) or document.get("credsStore")
        if helper:
            log.info("%s leaves logins to the credential helper %r, which is not asked", self.path, helper)
        return auths

    def _credential(self, name: str, entry: object) -> Credential | None:
        """The login in one entry; None, with a warning that names the entry, where there is none to use."""
        where = f"{self.path}: entry {name!r}"
        if not isinstance(entry, dict):
            log.warning("%s is not an object; passed over", where)
            return None
        username, secret = entry.get("username"), entry.get("password")
        if auth := entry.get("auth"):  # wins over the fields, as in Docker
            try:
                username, secret = _decode(auth)
            except ValueError:
                log.warning("%s: 'auth' is not the base64 of USER:PASSWORD; passed over", where)
                return None
        if not username and not secret:
            if entry.get("identitytoken") or entry.get("registrytoken"):
                log.warning("%s holds a token instead of a password, which is not supported; passed over", where)
            return None
        if not (isinstance(username, str) and isinstance(secret, str) and username and secret):
            log.warning("%s has no whole user name and password; passed over", where)
            return None
        return Credential(username, secret, place=Place(Source.FILE, file=str(self.path)), key=name)


def key_for(registry: str) -> str:
    """What Docker files a registry's login under: its host[:port] verbatim, Docker Hub apart."""
    return DOCKER_HUB_KEY if registry == DOCKER_HUB else registry


def hostname_form(key: str) -> str:
    """An entry's key with scheme and path cut off; a port is kept (docker/cli ``ConvertToHostname``)."""
    if "://" in key:
        try:
            netloc = urlsplit(key).netloc
        except ValueError:
            return ""
        return netloc.rpartition("@")[2]
    return key.partition("/")[0]


def _matching(auths: dict[str, Any], key: str) -> list[tuple[str, Any]]:
    """Entries for ``key``: the one of exactly that name, then those whose hostname form it is, in the file's order."""
    exact = [(key, auths[key])] if key in auths else []
    return exact + [(name, entry) for name, entry in auths.items() if name != key and hostname_form(name) == key]


def _decode(auth: object) -> tuple[str, str]:
    """User and password out of ``auth``; ValueError where it holds none."""
    if not isinstance(auth, str):
        raise ValueError("not text")
    try:
        user, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        # The exception would carry the secret along.
        raise ValueError("not base64 of text") from None
    password = password.rstrip("\0")
    if not colon or not user or not password:
        raise ValueError("no user or no password")
    return user, password


def _home() -> str:
    try:
        return str(Path.home())
    except (RuntimeError, OSError):  # no HOME and no entry in the password database
        return ""
