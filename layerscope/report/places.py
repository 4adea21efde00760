"""Where in a repository a finding is shown: at the Dockerfile's line where that is known, else at the image's name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from layerscope.gate.verdict import GateRun, Offender, Verdict


def place(run: GateRun, verdict: Verdict, offender: Offender | None) -> tuple[str, int]:
    """A path and a line, which is 1 where none is known.

    The name of an image is written so that no host in it is taken for the scheme of a URI.
    """
    if run.dockerfile:
        line = offender.instruction.line if offender is not None and offender.instruction is not None else None
        return run.dockerfile, line or 1
    return quote(verdict.image.reference.lstrip("/"), safe="/@.-_"), 1


class Fingerprints:
    """Fingerprints of one report: what is found again, as a path in a second layer is, gets one of its own."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, verdict: Verdict, *parts: str) -> str:
        """The fingerprint of the next finding."""
        found = fingerprint(verdict, *parts)
        number = self._seen[found] = self._seen.get(found, 0) + 1
        return found if number == 1 else fingerprint(verdict, *parts, str(number))


def fingerprint(verdict: Verdict, *parts: str) -> str:
    """The same for the same finding in every build of an image: without its tag, digest, sizes or layers' numbers."""
    name = verdict.image.reference.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    repository = head + slash + tail.partition(":")[0]
    return hashlib.sha256("\0".join((repository, *parts)).encode("utf-8", "backslashreplace")).hexdigest()
