"""DOCKER_AUTH_CONFIG: logins in the environment, before the Docker client's file (docker/cli cli/config/configfile)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.credentials.credential import Credential, Place, Source
from layerscope.credentials.dockerconfig import key_for, user_and_password
from layerscope.credentials.entry import Unusable, document, members, text
from layerscope.credentials.explanation import Considered, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.credentials.helper import Helpers
    from layerscope.oci.reference import Reference

VARIABLE = "DOCKER_AUTH_CONFIG"
_PLACE = Place(Source.ENVIRONMENT, VARIABLE)


@dataclass(frozen=True, slots=True)
class DockerEnvironment:
    """The variable's value: ``{"auths": {KEY: {"auth": BASE64}}}`` and nothing else; Docker refuses any other field."""

    value: str = field(repr=False)
    """Empty where it is not set."""

    def consider(self, reference: Reference, helpers: Helpers) -> Iterator[Considered]:
        """The entry of exactly the registry's key."""
        if not self.value:
            yield Considered(_PLACE, "", Outcome.ABSENT, "it is not set")
            return
        key = key_for(reference.registry)
        try:
            auths = members(_checked(self.value), "auths")
        except Unusable as bad:
            yield Considered(_PLACE, "", Outcome.UNUSABLE, f"{bad}; the whole variable is passed over", remark=True)
            return
        if key not in auths:
            yield Considered(_PLACE, "", Outcome.NO_MATCH, f"it has no entry of exactly {key}")
            return
        try:
            user, password = user_and_password(_auth(auths[key]))
            if not password:
                raise Unusable("it has no password")
        except Unusable as bad:
            yield Considered(_PLACE, key, Outcome.UNUSABLE, f"{bad}; passed over", remark=True)
            return
        found = Credential(user, password, place=_PLACE, key=key)
        yield Considered(_PLACE, key, Outcome.USED, "its name is exactly the registry's key", found)


def _checked(value: str) -> dict[str, object]:
    """The document, if Docker would take it: it knows these fields alone."""
    found = document(value.encode("utf-8", "surrogateescape"))
    for name in found.keys() - {"auths"}:
        raise Unusable(f"Docker refuses its field {name[:80]!r}")
    for key, entry in members(found, "auths").items():
        for name in (entry.keys() if isinstance(entry, dict) else set()) - {"auth"}:
            raise Unusable(f"Docker refuses the field {name[:80]!r} of its entry {key[:200]!r}")
    return found


def _auth(entry: object) -> str:
    auth = text(entry, "auth") if isinstance(entry, dict) else ""
    if not auth:
        raise Unusable("it has no 'auth'")
    return auth
