"""A credential, where it came from, and the port through which a source asks for one."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from layerscope.credentials.explanation import Explanation
    from layerscope.oci.reference import Reference


_USER_INFO = re.compile(r"//[^/@]*(?:@[^/@]*)*@")


class Kind(enum.StrEnum):
    """What a secret is, and so how it is used."""

    PASSWORD = "password"  # noqa: S105  # the name of a kind
    """With its user name: HTTP Basic, to the registry or to its token server."""
    IDENTITY_TOKEN = "identity-token"  # noqa: S105
    """An OAuth2 refresh token: exchanged at the token server for a registry token (Docker's ``identitytoken``)."""
    REGISTRY_TOKEN = "registry-token"  # noqa: S105
    """Sent to the registry as it is, as a Bearer token (Docker's ``registrytoken``)."""


class Source(enum.StrEnum):
    """Which kind of place a credential can come from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    HELPER = "helper"
    PULL_SECRET = "pull-secret"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Place:
    """Where a credential was looked for."""

    source: Source
    name: str = ""
    """The option or variable, the helper's program, or the pull secret (``namespace/name``)."""
    file: str = ""
    """The file that holds it, or that names the helper; empty where there is none."""
    via: str = ""
    """What made a pull secret count, such as ``service account team/default``; empty where it was named itself."""

    def __str__(self) -> str:
        if self.source is Source.HELPER:
            return f"{self.name}, named by {self.file}" if self.file else self.name
        if self.source is Source.PULL_SECRET:
            whence = self.file or self.via
            return " ".join(["pull secret", *([self.name] if self.name else []), *(["of", whence] if whence else [])])
        if self.source is Source.FILE:
            return f"{self.file} ({self.name})" if self.name else self.file
        return self.name


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and its secret, or a token. Neither ``repr`` nor ``str`` shows the secret."""

    username: str
    """Empty where a token needs none."""
    secret: str = field(repr=False)
    kind: Kind = Kind.PASSWORD
    place: Place = Place(Source.FLAG)
    """Where it was found."""
    key: str = ""
    """The entry it was found under."""

    def __str__(self) -> str:
        who = f"user {self.username!r}" if self.kind is Kind.PASSWORD else self.kind.replace("-", " ")
        if not str(self.place):
            return who
        return f"{who} (entry {shown_key(self.key)!r} of {self.place})" if self.key else f"{who} ({self.place})"


def shown_key(key: str) -> str:
    """An entry's name as it may be shown: a URL without the user and password that some have."""
    return _USER_INFO.sub("//", key)


class CredentialLookup(Protocol):
    """Knows who may pull what.

    A mirror is asked as whom its own host is known: with a reference whose registry is the mirror's host.
    """

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """What to try for this image, best first; empty to go anonymously.

        What cannot be read is logged with its name and passed over: one broken entry must not hide the others. What
        was named by an option and cannot be used is a UsageError.
        """

    def explain(self, reference: Reference) -> Explanation:
        """The same, with everything that was considered on the way; raises nothing, logs nothing."""


class Anonymous:
    """Knows nobody: every pull is anonymous."""

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """Nothing."""
        return ()

    def explain(self, reference: Reference) -> Explanation:
        """Nothing was considered."""
        from layerscope.credentials.explanation import Explanation, Rules

        return Explanation(reference, Rules.NONE, ())
