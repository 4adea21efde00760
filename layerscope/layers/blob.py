"""What a source hands over for each layer, and what comes of reading it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from layerscope.errors import LayerscopeError
    from layerscope.layers.index import LayerIndex
    from layerscope.oci.digest import Digest

READ_CHUNK = 256 << 10
"""Stored bytes a source hands over at a time, at most."""


class FileChunks:
    """Stored bytes that lie in a file: chunks for who reads them here, and where they are for who does so elsewhere.

    Ends early where the file does.
    """

    def __init__(self, descriptor: int, offset: int, length: int) -> None:
        self.descriptor = descriptor
        """Open while this is in use, at no position of its own."""
        self.offset = offset
        self.length = length
        self._at = offset

    def __iter__(self) -> FileChunks:
        return self

    def __next__(self) -> bytes:
        left = self.offset + self.length - self._at
        chunk = os.pread(self.descriptor, min(READ_CHUNK, left), self._at) if left else b""
        if not chunk:
            raise StopIteration
        self._at += len(chunk)
        return chunk


@dataclass(frozen=True, slots=True)
class ReadLayer:
    """A blob that was read to its end. Everything here was computed from its bytes, nothing believed."""

    index: LayerIndex
    diff_id: Digest
    stored_digest: Digest
    stored_bytes: int
    compression: str
    """``none``, ``gzip`` or ``zstd``."""
    probes: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """Results by (probe id, version)."""


@dataclass(frozen=True, slots=True)
class SkippedLayer:
    """A layer that cannot be read, and why: data, not an error."""

    reason: str


@dataclass(frozen=True, slots=True)
class LayerBlob:
    """One layer as its source delivers it."""

    position: int
    """In the stack, bottom is 0."""
    diff_id: Digest
    """What the config claims."""
    open: Callable[[], AbstractContextManager[Iterator[bytes]]] | None
    """Opens the stored bytes from their start; raises NotFound when the source has no such blob. None where the
    source was a stream and the layer has passed already: see ``passed``."""
    digest: Digest | None = None
    """Stored digest as the manifest claims it; None where the source has no manifest."""
    size: int | None = None
    """Stored bytes as the manifest claims them, or as the archive's own header says."""
    media_type: str = ""
    witness: str = ""
    """Names the exact bytes where there is no digest: file, times, offset. Empty where nothing can vouch for them."""
    member: str = ""
    """What an archive in Docker's form calls it; empty elsewhere."""
    passed: ReadLayer | LayerscopeError | None = None
    """The outcome, where the blob was read as the stream passed."""

    @property
    def algorithm(self) -> str:
        """What hashes its stored bytes."""
        return self.digest.algorithm if self.digest else "sha256"

    @property
    def label(self) -> str:
        """How messages name the layer."""
        return f"layer {self.position} ({self.digest or self.diff_id})"
