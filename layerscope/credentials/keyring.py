"""The kubelet's keyring: which pull secrets' entries are tried for an image, and in which order.

Follows kubernetes pkg/credentialprovider (keyring.go, config.go, secrets/secrets.go), whose habits differ from
Docker's: every entry that matches is tried until one pulls, in reverse order of the keys, and nothing is pulled
anonymously once one matched. One entry that cannot be read makes the kubelet refuse every pull of the pod.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layerscope.credentials.credential import Credential, Place, Source
from layerscope.credentials.entry import Unusable, decoded, document, members, text
from layerscope.credentials.explanation import Considered, Explanation, Outcome, Rules, heeded
from layerscope.credentials.pullsecret import DATA_KEYS, DOCKER_CONFIG_JSON, PullSecret, UnreadSecret
from layerscope.credentials.urlmatch import matches, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.oci.reference import Reference

log = logging.getLogger(__name__)

DEFAULT_KEY = "index.docker.io"
"""The key that serves Docker Hub where no other matches."""
_GIVES_UP = "the kubelet refuses every pull with this secret"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of one secret, and the key the kubelet files it under."""

    key: str
    name: str
    username: str
    password: str = field(repr=False)
    place: Place


@dataclass(frozen=True, slots=True)
class KubeletKeyring:
    """Pull secrets in the pod's order. Logins of this machine do not count."""

    secrets: tuple[PullSecret | UnreadSecret, ...]
    _told: set[str] = field(default_factory=set, repr=False, compare=False)

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """Every match, in the kubelet's order. UsageError where the kubelet would refuse to pull at all."""
        found = heeded(list(self._walk(reference)), log, self._told)
        return tuple(each.credential for each in found if each.credential)

    def explain(self, reference: Reference) -> Explanation:
        """The same, told."""
        return Explanation(reference, Rules.KUBELET, tuple(self._walk(reference)))

    def _walk(self, reference: Reference) -> Iterator[Considered]:
        entries: list[_Entry] = []
        for secret in self.secrets:
            for item in _read(secret):
                if isinstance(item, _Entry):
                    entries.append(item)
                else:
                    yield item
        image = f"{reference.registry}/{reference.repository}"
        keys = sorted({entry.key for entry in entries}, key=_bytes, reverse=True)
        matching = [key for key in keys if matches(key, image)]
        why = f"it matches {image}"
        if not matching and reference.registry == "docker.io" and DEFAULT_KEY in keys:
            matching, why = [DEFAULT_KEY], f"{DEFAULT_KEY} serves Docker Hub where no other key matches"
        outcome = Outcome.USED
        for key in matching:
            for entry in (each for each in entries if each.key == key):
                if not entry.username:
                    anonymous = f"{why}, and has no user name: the kubelet pulls anonymously with it"
                    yield Considered(entry.place, entry.name, Outcome.UNUSABLE, anonymous, remark=True)
                    continue
                credential = Credential(entry.username, entry.password, place=entry.place, key=entry.name)
                yield Considered(entry.place, entry.name, outcome, why, credential)
                outcome = Outcome.NEXT
        yield from (_no_match(entry, reference, matching) for entry in entries if entry.key not in matching)


def _bytes(key: str) -> bytes:
    """Go sorts strings by their bytes."""
    return key.encode("utf-8", "surrogateescape")


def _no_match(entry: _Entry, reference: Reference, matching: list[str]) -> Considered:
    if entry.key != DEFAULT_KEY:
        return Considered(entry.place, entry.name, Outcome.NO_MATCH, f"{entry.key} does not match")
    if matching or set(reference.registry) & set(".:"):
        why = "it serves Docker Hub, and only where no other key matches"
        return Considered(entry.place, entry.name, Outcome.NO_MATCH, why)
    # A kubelet takes every host without a dot or a port for Docker Hub's; nobody means that.
    why = f"a kubelet would send Docker Hub's login to {reference.registry}, which is not done here"
    return Considered(entry.place, entry.name, Outcome.IGNORED, why, remark=True)


def _read(secret: PullSecret | UnreadSecret) -> Iterator[_Entry | Considered]:
    """The entries of a secret, and what the kubelet passes over in it."""
    file = secret.file if isinstance(secret, PullSecret) else ""
    place = Place(Source.PULL_SECRET, secret.origin, file, secret.via)
    if isinstance(secret, UnreadSecret):
        why = secret.reason if secret.required else f"{secret.reason}; the kubelet goes on without it"
        yield _unusable(place, secret, why, secret.hint)
        return
    data_key = DATA_KEYS.get(secret.type)
    if data_key is None:
        yield _unusable(
            place,
            secret,
            f"its type is {secret.type or 'not set'}, which the kubelet does not pull with",
            f"a pull secret's type is {DOCKER_CONFIG_JSON}: kubectl create secret docker-registry makes one",
        )
        return
    data = secret.data.get(data_key, b"")
    if not data:
        why = f"it has no {data_key!r}, which the kubelet reads from a secret of type {secret.type}"
        yield _unusable(place, secret, why, "kubectl create secret docker-registry makes a whole one")
        return
    yield from _entries(place, secret, data, data_key)


def _unusable(place: Place, secret: PullSecret | UnreadSecret, why: str, hint: str) -> Considered:
    """A secret that the kubelet passes over. Where it was named by an option, that is an error."""
    return Considered(place, "", Outcome.UNUSABLE, why, fatal=secret.required, hint=hint, remark=True)


def _entries(place: Place, secret: PullSecret, data: bytes, data_key: str) -> Iterator[_Entry | Considered]:
    nested = secret.type == DOCKER_CONFIG_JSON
    try:
        whole = document(data)
        entries = members(whole, "auths") if nested else whole
    except Unusable as bad:
        why = f"its {data_key!r} cannot be read: {bad}; {_GIVES_UP}"
        yield Considered(place, "", Outcome.UNUSABLE, why, fatal=True, hint="make the secret anew")
        return
    if nested:
        for name in ("credHelpers", "credsStore"):
            if whole.get(name):
                why = f"the kubelet ignores its {name!r}: no helper runs on a node"
                yield Considered(place, "", Outcome.IGNORED, why, remark=True)
    if not entries:
        why = "it has no entry below 'auths'" if nested else "it has no entry"
        yield _unusable(place, secret, why, "kubectl create secret docker-registry makes a whole one")
    for name, entry in entries.items():
        try:
            found = _entry(place, name, entry)
        except Unusable as bad:
            hint = "take the entry out of the secret, or make the secret anew"
            yield Considered(place, name, Outcome.UNUSABLE, f"{bad}; {_GIVES_UP}", fatal=True, hint=hint)
            continue
        if found is None:
            why = "its name is no URL; the kubelet passes over it"
            yield Considered(place, name, Outcome.UNUSABLE, why, remark=True)
            continue
        yield from _ignored(found, entry)
        yield found


def _ignored(found: _Entry, entry: object) -> Iterator[Considered]:
    """What the kubelet does not read in an entry, though Docker would."""
    assert isinstance(entry, dict) or entry is None
    for name in ("identitytoken", "registrytoken"):
        if entry and entry.get(name):
            why = f"the kubelet ignores its {name!r}: it pulls with user name and password"
            yield Considered(found.place, found.name, Outcome.IGNORED, why, remark=True)
    if found.key in {"index.docker.io/v1", "index.docker.io/v2"}:
        why = f"the kubelet takes it for a repository; the key of Docker Hub is https://{found.key}/, with the slash"
        yield Considered(found.place, found.name, Outcome.IGNORED, why, remark=True)


def _entry(place: Place, name: str, entry: Any) -> _Entry | None:
    """One entry under its key; None where its name is no URL. Unusable where Go refuses the whole document for it."""
    if entry is None:
        entry = {}
    if not isinstance(entry, dict):
        raise Unusable("it is not an object")
    username, password = text(entry, "username"), text(entry, "password")
    text(entry, "email")
    if auth := text(entry, "auth"):  # wins over the fields
        username, colon, password = decoded(auth, unpadded=not auth.rstrip().endswith("=")).partition(":")
        if not colon:
            raise Unusable("its 'auth' is not the base64 of USER:PASSWORD")
    key = key_of(name)
    return None if key is None else _Entry(key, name, username, password, place)


def key_of(name: str) -> str | None:
    """What an entry is filed under: its host, and its path where that is more than an API version; None for no URL."""
    bare = name.removeprefix("https://") if name.startswith("https://") else name.removeprefix("http://")
    address = parse(bare)
    if address is None:
        return None
    path = address.path[3:] if address.path.startswith(("/v1/", "/v2/")) else address.path
    return address.host if path == "/" else address.host + path
