"""Podman's, Buildah's and Skopeo's logins: ``auth.json`` (containers-auth.json(5); containers/image pkg/docker/config).

What differs from Docker's file: keys may name a repository or a namespace, ``credsStore`` is not read, and of an entry
``auth`` and ``identitytoken`` alone.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.credentials.credential import Credential, Kind, Place, Source
from layerscope.credentials.entry import Unusable, decoded, members, read_document, text
from layerscope.credentials.explanation import Considered, Outcome
from layerscope.credentials.helper import consider_helper
from layerscope.credentials.home import under_home

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layerscope.credentials.helper import Helpers
    from layerscope.oci.reference import Reference


@dataclass(frozen=True, slots=True)
class ContainersAuth:
    """One such file. It is read when asked."""

    path: Path
    legacy: bool = False
    """Whether it is ``~/.dockercfg``: the map of entries alone, whose keys may be URLs."""
    option: str = ""
    """The option or variable that named it; empty for a place that is looked at by default."""
    required: bool = False
    """Whether no pull is attempted where it cannot be used."""

    def consider(self, reference: Reference, helpers: Helpers) -> Iterator[Considered]:
        """The most specific entry for the repository, if there is one, and what was looked at on the way."""
        place = Place(Source.FILE, self.option, str(self.path))
        try:
            document = read_document(self.path)
            if document is None:
                yield self._nothing_there(place)
                return
            auths = document if self.legacy else members(document, "auths")
            chosen = {} if self.legacy else members(document, "credHelpers")
            suffix = text(chosen, reference.registry) if reference.registry in chosen else None
        except Unusable as bad:
            hint = "it should be the file that 'podman login' or 'docker login' writes" if self.required else ""
            yield Considered(place, "", Outcome.UNUSABLE, str(bad), fatal=self.required, hint=hint, remark=True)
            return
        if suffix is not None:
            why = "its 'credHelpers' names it for this registry"
            yield consider_helper(helpers, suffix, reference.registry, str(self.path), why)
            return
        yield from _entries(place, auths, reference, legacy=self.legacy)
        if not self.legacy and document.get("credsStore"):
            why = "its 'credsStore' is not read: Podman reads 'credHelpers' alone"
            yield Considered(place, "", Outcome.IGNORED, why)

    def _nothing_there(self, place: Place) -> Considered:
        why = "there is no such file"
        if self.option:
            hint = "name a file that 'podman login' or 'docker login' has written"
            return Considered(place, "", Outcome.UNUSABLE, why, fatal=self.required, hint=hint, remark=True)
        return Considered(place, "", Outcome.ABSENT, why)


def default_files(environment: Mapping[str, str]) -> list[ContainersAuth]:
    """Where Podman looks by default, its own files first; Docker's ``config.json`` is not among these."""
    paths: list[Path | None] = []
    if sys.platform == "linux":
        runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/containers/{os.getuid()}"
        below = ("containers", "auth.json") if environment.get("XDG_RUNTIME_DIR") else ("auth.json",)
        paths.append(Path(runtime, *below))
    config = environment.get("XDG_CONFIG_HOME")
    paths.append(
        Path(config, "containers", "auth.json") if config else under_home(environment, ".config/containers/auth.json")
    )
    found = [ContainersAuth(path) for path in paths if path and path.is_absolute()]
    legacy = under_home(environment, ".dockercfg")
    return [*found, ContainersAuth(legacy, legacy=True)] if legacy else found


def keys_for(reference: Reference, *, legacy: bool = False) -> list[str]:
    """Names an entry may have, the most specific first: the repository, its namespaces, the registry."""
    if legacy:
        return [reference.registry]
    parts = [reference.registry, *reference.repository.split("/")]
    return ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]


def normalised_registry(registry: str) -> str:
    """The three names of Docker Hub are one."""
    return "index.docker.io" if registry in {"registry-1.docker.io", "docker.io"} else registry


def _normalised_key(key: str, *, legacy: bool) -> str:
    """An entry's name as a registry's: a URL (in the old file anything) without scheme and path."""
    bare = key.removeprefix("http://").removeprefix("https://")
    return normalised_registry(bare.partition("/")[0] if legacy or bare != key else bare)


def _entries(place: Place, auths: dict[str, Any], reference: Reference, *, legacy: bool) -> Iterator[Considered]:
    """The entries that count, best first. One that is there decides, empty or not; a broken one is passed over."""
    exact = [(key, "it is the most specific entry") for key in keys_for(reference, legacy=legacy) if key in auths]
    wanted = normalised_registry(reference.registry)
    others = [
        (key, f"it is another name of {reference.registry}")
        for key in auths
        if _normalised_key(key, legacy=legacy) == wanted and key not in dict(exact)
    ]
    found = False
    for key, why in exact + others:
        found = True
        try:
            credential = _credential(auths[key], place, key)
        except Unusable as bad:
            yield Considered(place, key, Outcome.UNUSABLE, f"{bad}; passed over", remark=True)
            continue
        if credential is None:
            yield Considered(place, key, Outcome.NO_MATCH, "it holds no login")
            return
        yield Considered(place, key, Outcome.USED, why, credential)
    if not found:
        whole = f"{reference.registry}/{reference.repository}"
        yield Considered(place, "", Outcome.NO_MATCH, f"it has no entry for {whole} or anything above it")


def _credential(entry: object, place: Place, key: str) -> Credential | None:
    """The login in one entry; None where it holds none (containers/image ``decodeDockerAuth``)."""
    if entry is None:
        return None
    if not isinstance(entry, dict):
        raise Unusable("it is not an object")
    user, colon, password = decoded(text(entry, "auth")).partition(":")
    token = text(entry, "identitytoken")
    if not colon:
        if user:
            raise Unusable("its 'auth' is not the base64 of USER:PASSWORD")
        if token or text(entry, "password") or text(entry, "registrytoken"):
            raise Unusable("Podman reads 'auth', and 'identitytoken' beside it, and no other field")
        return None
    password = password.strip("\0")
    if token:
        return Credential(user, token, Kind.IDENTITY_TOKEN, place, key)
    if not user or not password:
        raise Unusable("it has no whole user name and password")
    return Credential(user, password, place=place, key=key)
