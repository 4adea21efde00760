"""An archive that only flows: standard input, or a file compressed as a whole.

Members come in the writer's order, blobs before manifests. Each blob is indexed as it passes and small JSON is kept, so
that nothing is spooled and nothing is read twice; what belongs together is joined when the manifest is there.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, InvalidImage, LayerscopeError, NotFound, UnsafeImage
from layerscope.layers.chunks import ChunkReader
from layerscope.layers.entry import EntryKind
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob
from layerscope.layers.tarheader import BLOCK
from layerscope.layers.tarstream import TarReader
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES
from layerscope.sources.archive import ArchiveNames
from layerscope.sources.members import PackedBlob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.layers.blob import ReadLayer
    from layerscope.layers.member import Member
    from layerscope.layers.reader import LayerReader

MAX_DOCUMENTS_BYTES = 64 << 20
"""JSON kept for later, in all: every document of an archive may be the one that its manifest names."""
_SMALL = 512
"""So short that it is kept whatever it is: ``oci-layout``, ``VERSION``, a compressed empty layer."""


class Stream:
    """The members of an archive that passed by once.

    With ``reader`` every blob that may be a layer is read as it passes; without, blobs are passed over and only
    documents are there (what ``history`` needs).
    """

    def __init__(self, chunks: Iterator[bytes], what: str, reader: LayerReader | None) -> None:
        self._what = what
        self._names = ArchiveNames(what)
        self._documents: dict[str, bytes] = {}
        self._layers: dict[str, tuple[int, ReadLayer | LayerscopeError | None]] = {}
        self._reader = reader
        self._kept_bytes = 0
        self._run(chunks)

    @property
    def what(self) -> str:
        """The stream's name."""
        return self._what

    def has(self, name: str) -> bool:
        """Whether such a file passed by, links followed."""
        real = self._names.resolve(name)
        return real in self._documents or real in self._layers

    def document(self, name: str) -> bytes:
        """A document that was kept."""
        real = self._names.resolve(name)
        if real in self._documents:
            return self._documents[real]
        if real in self._layers:
            raise InvalidImage(f"{self._what}: {name} is not a JSON document of at most {MAX_DOCUMENT_BYTES} bytes")
        raise NotFound(f"{self._what}: there is no {name}")

    def blob(self, name: str) -> PackedBlob:
        """What became of a layer as it passed."""
        real = self._names.resolve(name)
        if real in self._layers:
            size, outcome = self._layers[real]
            return PackedBlob(None, size, passed=outcome)
        if real in self._documents:
            data = self._documents[real]
            return PackedBlob(partial(_in_memory, data), len(data))
        raise NotFound(f"{self._what}: there is no {name}")

    def close(self) -> None:
        """Nothing stays open."""

    def _run(self, chunks: Iterator[bytes]) -> None:
        tar = TarReader(ChunkReader(chunks), self._reader.limits if self._reader else Limits())
        try:
            for member in tar:
                name = self._names.note(member)
                self._documents.pop(name, None)
                self._layers.pop(name, None)
                if member.kind is EntryKind.FILE:
                    self._sort(tar, member, name)
        except DamagedLayer as error:
            hint = "the archive is incomplete or damaged; save it again"
            raise DamagedLayer(f"{self._what}: {error.message}", hint=hint) from error

    def _sort(self, tar: TarReader, member: Member, name: str) -> None:
        """Keep a document, read a layer, pass over the rest."""
        content = (bytes(view) for view in tar.content(member))
        head = b""
        while len(head) < min(BLOCK, member.size) and (chunk := next(content, b"")):
            head += chunk
        whole = itertools.chain((head,), content)
        looks_json = head.lstrip()[:1] in (b"{", b"[")
        if member.size <= _SMALL or (looks_json and member.size <= MAX_DOCUMENT_BYTES):
            self._keep(name, b"".join(whole))
        elif self._reader is None or looks_json:
            self._layers[name] = (member.size, None)
        else:
            self._layers[name] = (member.size, self._read_layer(self._reader, whole, member, name))

    def _keep(self, name: str, data: bytes) -> None:
        self._kept_bytes += len(data)
        if self._kept_bytes > MAX_DOCUMENTS_BYTES:
            raise UnsafeImage(f"{self._what} holds more than {MAX_DOCUMENTS_BYTES} bytes of JSON")
        self._documents[name] = data

    def _read_layer(
        self, reader: LayerReader, chunks: Iterator[bytes], member: Member, name: str
    ) -> ReadLayer | LayerscopeError:
        """Index a blob; an error is kept, to be raised only if the chosen image has this layer."""
        task = reader.progress.start(name, member.size)
        outcome = "failed"

        def watched() -> Iterator[bytes]:
            for chunk in chunks:
                task.advance(len(chunk))
                yield chunk

        algorithm = "sha512" if name.startswith("blobs/sha512/") else "sha256"
        try:
            read = read_blob(
                watched(), name, limits=reader.limits, probes=reader.probes, algorithm=algorithm, size=member.size
            )
            outcome = "read"
            return read
        except LayerscopeError as error:
            return error
        finally:
            task.finish(outcome)


@contextmanager
def _in_memory(data: bytes) -> Iterator[Iterator[bytes]]:
    yield iter((data,))
