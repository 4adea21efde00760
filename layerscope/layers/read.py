"""One pass over a blob: hash, decompress, hash again, decode headers, hash each file, offer content to probes."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, LayerscopeError, UnsafeImage, UnsupportedImage
from layerscope.layers.blob import READ_CHUNK, ReadLayer
from layerscope.layers.chunks import ChunkReader
from layerscope.layers.compression import OUTPUT_CHUNK, decompress, detect
from layerscope.layers.entry import EntryKind
from layerscope.layers.index import LayerIndex
from layerscope.layers.plain import EMPTY_DIGEST, LONGEST_NAME, PlainMembers
from layerscope.layers.tarheader import BLOCK, decode
from layerscope.layers.tarstream import TarReader
from layerscope.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from hashlib import _Hash

    from layerscope.layers.blob import LayerBlob
    from layerscope.layers.limits import Limits
    from layerscope.layers.member import Member
    from layerscope.layers.probe import Probe, ProbeRun


def read_blob(
    chunks: Iterator[bytes],
    label: str,
    *,
    limits: Limits,
    probes: Sequence[Probe] = (),
    algorithm: str = "sha256",
    diff_algorithm: str = "sha256",
    size: int | None = None,
) -> ReadLayer:
    """Read one layer blob to its end and return what it holds; of the claims only ``size`` is checked (see verify).

    ``algorithm`` hashes the stored bytes, ``diff_algorithm`` the tar stream; ``size`` is the promised number of stored
    bytes, past which reading stops. DamagedLayer, UnsafeImage and UnsupportedImage name ``label``.
    """
    stored = _StoredBytes(chunks, hashlib.new(algorithm), size)
    tar_hash = stored.hash
    index = LayerIndex()
    runs = [probe.run() for probe in probes]
    try:
        head, whole = peek(stored.chunks())
        compression = detect(head)
        if compression == "none":
            _require_tar(head)
        tar_stream = decompress(compression, whole, limits)
        if compression != "none" or diff_algorithm != algorithm:  # else the stored bytes are the tar stream
            tar_hash = hashlib.new(diff_algorithm)
            tar_stream = _hashed(tar_stream, tar_hash)
        _Filling(index, _counted(tar_stream, index), runs, limits).run()
        if size is not None and stored.count != size:
            raise DamagedLayer(
                f"blob has {stored.count} bytes; {size} were promised",
                hint="the blob is incomplete; fetch or export the image again",
            )
    except LayerscopeError as error:
        raise type(error)(f"{label}: {error.message}", hint=error.hint) from error
    return ReadLayer(
        index=index,
        diff_id=Digest(diff_algorithm, tar_hash.hexdigest()),
        stored_digest=Digest(algorithm, stored.hash.hexdigest()),
        stored_bytes=stored.count,
        compression=compression,
        probes={(probe.id, probe.version): run.result() for probe, run in zip(probes, runs, strict=True)},
    )


def verify(read: ReadLayer, blob: LayerBlob) -> None:
    """Hold what was read against every claim made of it; DamagedLayer names the layer, expected and found."""
    for what, expected, found in (
        ("size", blob.size, read.stored_bytes),
        ("digest", blob.digest, read.stored_digest),
        ("DiffID", blob.diff_id, read.diff_id),
    ):
        if expected is not None and expected != found:
            raise DamagedLayer(
                f"{blob.label}: {what} is wrong: expected {expected}, found {found}",
                hint="the blob is damaged, or the manifest or config names another; fetch or export the image again",
            )


LONGEST_CHUNK = max(READ_CHUNK, OUTPUT_CHUNK)


class _StoredBytes:
    """Counts and hashes the stored bytes on their way."""

    def __init__(self, chunks: Iterator[bytes], hasher: _Hash, promised: int | None) -> None:
        self._source = chunks
        self._promised = promised
        self.hash = hasher
        self.count = 0

    def chunks(self) -> Iterator[bytes]:
        for chunk in self._source:
            self.count += len(chunk)
            if self._promised is not None and self.count > self._promised:
                raise DamagedLayer(f"blob is longer than the {self._promised} bytes promised")
            self.hash.update(chunk)
            yield chunk


def peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """At least one block of the stream's head (less only if the stream is shorter), and the stream again, whole."""
    seen: list[bytes] = []
    length = 0
    while length < BLOCK and (chunk := next(chunks, None)) is not None:
        seen.append(chunk)
        length += len(chunk)
    return b"".join(seen)[:BLOCK], itertools.chain(seen, chunks)


def _require_tar(head: bytes) -> None:
    """A blob with no magic of a compression must start as a tar does, or be empty."""
    if not head.strip(b"\0"):
        return
    try:
        if len(head) == BLOCK:
            decode(head)
            return
    except DamagedLayer:
        if head[257:262] == b"ustar":
            raise
    raise UnsupportedImage(
        f"is neither tar, gzip nor zstd (it starts with {head[:8].hex(' ')})",
        hint="the blob is no image layer, or was compressed or encrypted in a way no specification allows",
    )


def _hashed(chunks: Iterator[bytes], tar_hash: _Hash) -> Iterator[bytes]:
    for chunk in chunks:
        tar_hash.update(chunk)
        yield chunk


def _counted(chunks: Iterator[bytes], index: LayerIndex) -> Iterator[bytes]:
    for chunk in chunks:
        index.uncompressed_bytes += len(chunk)
        yield chunk


class _Filling:
    """An index in the making, held to what one layer may cost."""

    def __init__(self, index: LayerIndex, chunks: Iterator[bytes], runs: list[ProbeRun], limits: Limits) -> None:
        self._index = index
        self._runs = runs
        self._limits = limits
        self._names_bytes = 0
        reader = ChunkReader(chunks)
        self._plain = PlainMembers(reader, index, runs)
        # What plain members cannot pass is not asked of them.
        passable = limits.max_path_bytes >= LONGEST_NAME and limits.max_file_bytes >= LONGEST_CHUNK
        self._tar = TarReader(reader, limits, self._take_plain if passable else None)

    def run(self) -> None:
        """Read the stream to its end."""
        index, runs = self._index, self._runs
        for member in self._tar:
            names_bytes = len(member.path) + len(member.link)
            if member.xattrs:
                names_bytes += sum(len(name) + len(value) for name, value in member.xattrs)
            self._count(names_bytes)
            if len(index) >= self._limits.max_entries:
                raise UnsafeImage(
                    f"has more than {self._limits.max_entries} entries",
                    hint="raise --max-entries if you trust this image",
                )
            wanted = [run for run in runs if run.wants(member)] if runs else runs
            index.append(member, _digest_of(self._tar, member, wanted) if member.kind is EntryKind.FILE else b"")
        index.notes = tuple(self._tar.notes)
        index.seal()

    def _take_plain(self) -> None:
        self._count(self._plain.take(self._limits.max_entries - len(self._index)))

    def _count(self, names_bytes: int) -> None:
        self._names_bytes += names_bytes
        if self._names_bytes > self._limits.max_names_bytes:
            raise UnsafeImage(f"its paths and attributes take more than {self._limits.max_names_bytes} bytes")


def _digest_of(tar: TarReader, member: Member, wanted: list[ProbeRun]) -> bytes:
    if not member.size:
        digest = EMPTY_DIGEST
    elif (view := tar.at_once(member)) is not None:
        digest = hashlib.sha256(view).digest()
        for run in wanted:
            run.feed(view)
    else:
        content_hash = hashlib.sha256()
        for view in tar.content(member):
            content_hash.update(view)
            for run in wanted:
                run.feed(view)
        digest = content_hash.digest()
    for run in wanted:
        run.end()
    return digest
