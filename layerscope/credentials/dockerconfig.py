"""The Docker client's configuration: ``config.json`` and DOCKER_AUTH_CONFIG (docker/cli cli/config).

Where Docker gives up over one entry that it cannot decode, that entry alone is passed over here.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from layerscope.credentials.credential import Credential, Kind, Place, Source
from layerscope.credentials.entry import Unusable, decoded, members, read_document, text
from layerscope.credentials.explanation import Considered, Outcome
from layerscope.credentials.helper import consider_helper
from layerscope.credentials.home import under_home
from layerscope.oci.reference import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layerscope.credentials.helper import Helpers
    from layerscope.oci.reference import Reference

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""Under this key, and no other, Docker keeps the login of docker.io."""


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """Logins that ``docker login`` left in a file, or in the helper that the file names. Read when asked."""

    path: Path | None
    """None where there is no place for such a file: no HOME."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> DockerConfig:
        """``$DOCKER_CONFIG/config.json`` where that is set, else ``~/.docker/config.json``."""
        if directory := environment.get("DOCKER_CONFIG"):
            return cls(Path(directory, "config.json"))
        return cls(under_home(environment, ".docker", "config.json"))

    def consider(self, reference: Reference, helpers: Helpers) -> Iterator[Considered]:
        """The login for the reference's registry, if there is one, and what was looked at on the way."""
        place = Place(Source.FILE, file=str(self.path or "~/.docker/config.json"))
        key = key_for(reference.registry)
        try:
            document = read_document(self.path) if self.path else None
            auths = members(document or {}, "auths")
            suffix, why = _helper(document or {}, key, helpers)
        except Unusable as bad:
            yield Considered(place, "", Outcome.UNUSABLE, str(bad), remark=True)
            return
        if suffix:
            yield from _with_helper(place, suffix, why, auths, key, helpers)
        elif document is None:
            why = "there is no such file" if self.path else "there is no home directory"
            yield Considered(place, "", Outcome.ABSENT, why)
        else:
            yield from _entries(place, auths, key, reference)


def _helper(document: dict[str, Any], key: str, helpers: Helpers) -> tuple[str, str]:
    """The suffix of the helper that keeps the login of ``key``, and why it does; empty where the file does."""
    chosen = members(document, "credHelpers")
    if key in chosen:  # an empty name turns the store off for this registry
        return text(chosen, key), "its 'credHelpers' names it for this registry"
    if store := text(document, "credsStore"):
        return store, "its 'credsStore' names it for every registry"
    if not chosen and not document.get("auths"):
        default = _default_store(helpers)
        return default, "it is the default of this system, and the configuration has no login" if default else ""
    return "", ""


def _default_store(helpers: Helpers) -> str:
    """Where Docker keeps logins unless told otherwise (cli/config/credentials ``DetectDefaultStore``)."""
    if sys.platform == "darwin":
        store = "osxkeychain"
    elif sys.platform == "win32":
        store = "wincred"
    else:
        store = "pass" if helpers.finds("pass") else "secretservice"
    return store if helpers.exists(store) else ""


def _with_helper(
    place: Place, suffix: str, why: str, auths: dict[str, Any], key: str, helpers: Helpers
) -> Iterator[Considered]:
    """A helper's answer takes the place of what the file says, also where there is none; a registry token stays."""
    inline = key if key in auths else next((name for name in auths if hostname_form(name) == key), None)
    entry = auths.get(inline) if inline is not None else None
    if isinstance(entry, dict) and inline is not None:
        try:
            if token := text(entry, "registrytoken"):
                found = Credential("", token, Kind.REGISTRY_TOKEN, place, inline)
                yield Considered(place, inline, Outcome.USED, "its 'registrytoken' goes before any helper", found)
                return
        except Unusable as bad:
            yield Considered(place, inline, Outcome.UNUSABLE, f"{bad}; passed over", remark=True)
    yield consider_helper(helpers, suffix, key, place.file, why)
    if isinstance(entry, dict) and inline is not None and (entry.keys() & {"auth", "password", "identitytoken"}):
        yield Considered(place, inline, Outcome.IGNORED, "the helper's answer takes its place, as in Docker")


def _entries(place: Place, auths: dict[str, Any], key: str, reference: Reference) -> Iterator[Considered]:
    found = False
    for name, why in _matching(auths, key, reference):
        found = True
        try:
            credential = _credential(auths[name], place, name)
        except Unusable as bad:
            yield Considered(place, name, Outcome.UNUSABLE, f"{bad}; passed over", remark=True)
            continue
        if credential is None:
            yield Considered(place, name, Outcome.NO_MATCH, "it holds no login")
            if name == key:
                return  # Docker looks no further than an entry of exactly the key, empty or not
            continue
        yield Considered(place, name, Outcome.USED, why, credential)
    if not found:
        yield Considered(place, "", Outcome.NO_MATCH, f"it has no entry for {key}")


def _credential(entry: object, place: Place, name: str) -> Credential | None:
    """The login in one entry; None where it holds none. Unusable where it holds something broken."""
    if entry is None:
        return None
    if not isinstance(entry, dict):
        raise Unusable("it is not an object")
    if token := text(entry, "registrytoken"):
        return Credential("", token, Kind.REGISTRY_TOKEN, place, name)
    username, password = text(entry, "username"), text(entry, "password")
    if auth := text(entry, "auth"):  # wins over the fields
        username, password = user_and_password(auth)
    if token := text(entry, "identitytoken"):
        return Credential(username, token, Kind.IDENTITY_TOKEN, place, name)
    if not username and not password:
        return None
    if not username or not password:
        raise Unusable("it has no whole user name and password")
    return Credential(username, password, place=place, key=name)


def user_and_password(auth: str) -> tuple[str, str]:
    """What ``auth`` holds (docker/cli ``decodeAuth``): the first colon divides, NULs around a password are padding."""
    user, colon, password = decoded(auth).partition(":")
    if not colon or not user:
        raise Unusable("its 'auth' is not the base64 of USER:PASSWORD")
    return user, password.strip("\0")


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
        return netloc.rpartition("@")[2].removesuffix(":")
    return key.partition("/")[0]


def _matching(auths: dict[str, Any], key: str, reference: Reference) -> Iterator[tuple[str, str]]:
    """Entries for ``key``, and why: the one of exactly that name, then those whose hostname form it is.

    Of the latter Docker takes any. Here those below whose path the repository is come first, the longest before the
    others, and the rest follows in the file's order.
    """
    if key in auths:
        yield key, "its name is exactly the registry's key"
    forms = [name for name in auths if name != key and hostname_form(name) == key]
    whole = f"{reference.registry}/{reference.repository}/"
    fitting = sorted((name for name in forms if whole.startswith(f"{name}/")), key=len, reverse=True)
    for name in [*fitting, *(name for name in forms if name not in fitting)]:
        yield name, "its host is the registry's"
