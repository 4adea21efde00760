"""How a credential was found: every place that was considered, in order, and what came of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.credentials.credential import Source, shown_key
from layerscope.errors import UsageError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator

    from layerscope.credentials.credential import Credential, Place
    from layerscope.oci.reference import Reference


class Rules(enum.StrEnum):
    """Whose rules decide."""

    LOCAL = "local"
    """Logins of this machine, as Docker and Podman find them: the first that is found is used."""
    KUBELET = "kubelet"
    """Pull secrets alone, as the kubelet uses them: all that match are tried in turn."""
    NONE = "none"
    """Nobody is known: every pull is anonymous."""


class Outcome(enum.StrEnum):
    """What came of one thing that was considered."""

    USED = "used"
    """It matches, and is tried first."""
    NEXT = "next"
    """It matches, and is tried where those before it are refused (the kubelet alone does so)."""
    SHADOWED = "shadowed"
    """It would match, but one before it is used."""
    NO_MATCH = "no-match"
    """It is there, and holds nothing for this image."""
    ABSENT = "absent"
    """It is not there."""
    IGNORED = "ignored"
    """It is there, and the rules in force do not read it."""
    UNUSABLE = "unusable"
    """It should count, and cannot be used."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One thing that was considered."""

    place: Place
    key: str
    """The entry; empty where the place as a whole is meant."""
    outcome: Outcome
    why: str
    """In words; never quotes a secret."""
    credential: Credential | None = None
    """What it gives, also where that is shadowed."""
    fatal: bool = False
    """Whether no pull can be attempted because of it: it was named by an option, or the kubelet gives up over it."""
    hint: str = ""
    """What to do about it."""
    remark: bool = False
    """Whether ``find`` should say so too: the reader would expect otherwise."""

    def __str__(self) -> str:
        if not self.key:
            return f"{self.place}: {self.why}"
        between = ", asked for" if self.place.source is Source.HELPER else ": entry"
        return f"{self.place}{between} {shown_key(self.key)!r}: {self.why}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which credentials are tried for an image, and why these."""

    reference: Reference
    rules: Rules
    considered: tuple[Considered, ...]
    """In the order in which they count."""

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """What is tried, in order; empty where the pull is anonymous."""
        tried = (Outcome.USED, Outcome.NEXT)
        return tuple(each.credential for each in self.considered if each.outcome in tried and each.credential)

    @property
    def blocked(self) -> Considered | None:
        """What keeps the pull from being attempted at all; None where nothing does."""
        return next((each for each in self.considered if each.fatal), None)


def heeded(considered: Iterable[Considered], log: logging.Logger, told: set[str]) -> Iterator[Considered]:
    """The same, each remark logged as it passes, once; UsageError at what keeps the pull from being attempted.

    ``told`` has the remarks made before: mirrors and further images meet the same files.
    """
    for each in considered:
        if each.fatal:
            raise UsageError(str(each), hint=each.hint)
        if each.remark and str(each) not in told:
            told.add(str(each))
            log.warning("%s%s", each, f" ({each.hint})" if each.hint else "")
        yield each
