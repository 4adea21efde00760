"""A credential, where it came from, and the port through which a source asks for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from layerscope.oci.reference import Reference


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and its secret. Neither ``repr`` nor ``str`` shows the secret."""

    username: str
    secret: str = field(repr=False)
    file: str = ""
    """Where it was found; empty where it came from no file."""
    key: str = ""
    """The entry it was found under."""

    def __str__(self) -> str:
        origin = f" (entry {self.key!r} of {self.file})" if self.file else ""
        return f"user {self.username!r}{origin}"


class CredentialLookup(Protocol):
    """Knows who may pull what."""

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """What to try for this image, best first; empty to go anonymously.

        What cannot be read is logged with its name and passed over: one broken entry must not hide the others.
        """


class Anonymous:
    """Knows nobody: every pull is anonymous."""

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """Nothing."""
        return ()
