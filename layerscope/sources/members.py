"""The port between how an image is packed (directory, archive, stream) and what lies inside (layout, docker save)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from layerscope.errors import LayerscopeError
    from layerscope.layers.blob import ReadLayer


@dataclass(frozen=True, slots=True)
class PackedBlob:
    """A layer blob as it is packed: to be opened, or read already as the stream passed."""

    open: Callable[[], AbstractContextManager[Iterator[bytes]]] | None
    size: int | None
    """Stored bytes, where the packing says."""
    witness: str = ""
    """See ``LayerBlob.witness``."""
    passed: ReadLayer | LayerscopeError | None = None


class Members(Protocol):
    """Named files of one image archive or layout. Names are relative, with ``/``."""

    @property
    def what(self) -> str:
        """How messages name the whole: its path, or standard input."""

    def has(self, name: str) -> bool:
        """Whether there is a regular file of this name (links inside the archive followed)."""

    def document(self, name: str) -> bytes:
        """The content of a small file: a manifest, a config. NotFound, or InvalidImage when it is too large."""

    def blob(self, name: str) -> PackedBlob:
        """A layer blob. NotFound when there is none."""

    def close(self) -> None:
        """Let go of open files."""
