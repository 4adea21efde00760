"""A user name and password that the caller gives, for one registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.credentials.credential import Credential, Place, Source
from layerscope.credentials.explanation import Considered, Explanation, Outcome, Rules

if TYPE_CHECKING:
    from layerscope.oci.reference import Reference

_PLACE = Place(Source.FLAG, "--username")


@dataclass(frozen=True, slots=True)
class GivenLogin:
    """For this registry; a mirror, or any other, is asked anonymously."""

    username: str
    password: str = field(repr=False)
    registry: str

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """The login, where the image is in its registry."""
        return self.explain(reference).credentials

    def explain(self, reference: Reference) -> Explanation:
        """The same, told."""
        if reference.registry == self.registry:
            login = Credential(self.username, self.password, place=_PLACE)
            found = Considered(_PLACE, "", Outcome.USED, "it was given for this image", login)
        else:
            found = Considered(_PLACE, "", Outcome.NO_MATCH, f"it was given for {self.registry}")
        return Explanation(reference, Rules.LOCAL, (found,))
