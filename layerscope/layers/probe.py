"""The port through which rooms above see file content while a layer streams past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from layerscope.layers.member import Member


class ProbeRun(Protocol):
    """One probe on one layer."""

    def wants(self, member: Member) -> bool:
        """Called for every member in stream order; True asks for the content of a regular file."""

    def feed(self, chunk: memoryview) -> None:
        """The next content bytes of the member last wanted. The view is valid during the call only."""

    def end(self) -> None:
        """The wanted member's content is complete."""

    def result(self) -> bytes:
        """What the probe found in the layer, in a form it can read back. Called once, at the end of the stream."""


class Probe(Protocol):
    """A reader of content. Its result is cached for (layer, id, version): a change of meaning needs a new version."""

    @property
    def id(self) -> str:
        """A short stable name: letters, digits and dashes."""

    @property
    def version(self) -> int:
        """Raised whenever the same bytes would give another result."""

    @property
    def portable(self) -> bool:
        """Whether its runs may go on in another process: pickle takes the probe there, and only results come back."""

    def run(self) -> ProbeRun:
        """Begin on a layer. Runs on several layers go on at the same time."""
