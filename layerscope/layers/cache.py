"""The index cache: what a full read verified is never read again.

    DIRECTORY/v1/
      blobs/PAIR            one for each verified (stored digest, DiffID): size and compression of the stored blob
      indexes/DIFFID        the LayerIndex of a tar stream, shared by every blob that unpacks to it
      probes/DIFFID-ID-V    one probe's result on a tar stream
      witnesses/WITNESS     stored digest of bytes known by file and times alone (archives without a manifest)
      documents/DIGEST      a config, manifest or index, byte for byte: what an engine would only tell with a whole save

Every file is written beside its place and renamed into it, and carries a digest of itself: readers and writers of any
number of processes never see half a file, a kill at any moment leaves at worst a stray temporary, and a damaged entry
is dropped and made again. A cache that cannot be written is reported once and gone without.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.layers.blob import ReadLayer
from layerscope.layers.indexfile import DamagedEntry, pack, seal, unpack, unseal
from layerscope.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.layers.blob import LayerBlob
    from layerscope.layers.index import LayerIndex
    from layerscope.layers.probe import Probe

_log = logging.getLogger(__name__)
_VERSION = re.compile(r"v\d+")
ROOMS = ("indexes", "blobs", "documents", "probes", "witnesses")
"""Directories below a version's."""
READER_VERSION = "v1"
"""Raised when the reader would make another index of the same bytes."""
_STRAY_AFTER = 3600.0
"""A temporary file older than this many seconds was left by a killed process."""


def default_directory() -> Path | None:
    """The user's cache directory for layerscope, as the system has it; None where the user has no home."""
    import platformdirs  # not where the directory is named

    try:
        directory = Path(platformdirs.user_cache_dir("layerscope"))
    except RuntimeError:
        return None
    return directory if directory.is_absolute() else None  # "~/.cache", where nobody knows what ~ is


@dataclass(frozen=True, slots=True)
class CacheFile:
    """One file of the cache. ``used`` is the time of its last use, seconds since the epoch."""

    path: Path
    size: int
    used: float


class IndexCache:
    """A directory of verified layer indexes, shared by processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._root = directory / READER_VERSION
        self._warned = False

    # -- what reads ask ------------------------------------------------------------------------------------------

    def get(self, blob: LayerBlob, probes: Sequence[Probe]) -> ReadLayer | None:
        """The layer, if exactly this (stored digest, DiffID) was verified and every probe has its result."""
        if blob.digest is None and blob.witness == vouched_by_engine(blob.diff_id):
            return self.get_vouched(blob.diff_id, probes)
        described = self._described(blob)
        results = self._probed(blob.diff_id, probes) if described is not None else None
        index = self._index(blob.diff_id) if results is not None else None
        if described is None or results is None or index is None:
            return None
        stored, size, compression = described
        return ReadLayer(index, blob.diff_id, stored, size, compression, results)

    def get_vouched(self, diff_id: Digest, probes: Sequence[Probe]) -> ReadLayer | None:
        """The layer by its DiffID alone, for an engine that unpacked these bytes itself and vouches for them.

        What such an engine would save is the tar stream, so that is what is described. Nobody else is believed: a
        manifest or an archive may claim a known DiffID for other bytes, so theirs goes by the pair (see ``get``).
        """
        results = self._probed(diff_id, probes)
        index = self._index(diff_id) if results is not None else None
        if index is None or results is None:
            return None
        return ReadLayer(index, diff_id, diff_id, index.uncompressed_bytes, "none", results)

    def has(self, blob: LayerBlob, probes: Sequence[Probe]) -> bool:
        """Whether ``get`` would have an answer: every file is there and whole, though not unpacked."""
        vouched = blob.digest is None and blob.witness == vouched_by_engine(blob.diff_id)
        if not vouched and self._described(blob) is None:
            return False
        return self._probed(blob.diff_id, probes) is not None and self._read("indexes", _file(blob.diff_id)) is not None

    def document(self, digest: Digest) -> bytes | None:
        """A config, manifest or index by its digest, which is computed again; None where it is not known."""
        data = self._read_sealed("documents", _file(digest))
        if data is not None and Digest.of(data, digest.algorithm) != digest:
            self._drop("documents", _file(digest))
            return None
        return data

    def put_document(self, digest: Digest, data: bytes) -> None:
        """Keep a document that was verified."""
        self._write("documents", _file(digest), data)

    def put(self, blob: LayerBlob, read: ReadLayer) -> None:
        """Keep a layer whose every claim was verified."""
        self._write("indexes", _file(read.diff_id), pack(read.index))
        for (probe_id, version), data in read.probes.items():
            self._write("probes", _probe_name(read.diff_id, probe_id, version), seal(data))
        described = {"size": read.stored_bytes, "compression": read.compression}
        self._write("blobs", _pair(read.stored_digest, read.diff_id), seal(json.dumps(described).encode()))
        if blob.witness:
            self._write("witnesses", _name(blob.witness), seal(str(read.stored_digest).encode()))

    # -- what `layerscope cache` asks ----------------------------------------------------------------------------

    def files(self) -> Iterator[CacheFile]:
        """Every file of the cache, of any reader version, temporaries too.

        Looks into the cache's own rooms alone: a directory named by mistake must not be emptied of what else it holds.
        """
        rooms = [
            room for room in self.directory.glob("v*/*") if room.name in ROOMS and _VERSION.fullmatch(room.parent.name)
        ]
        for room in sorted(rooms):
            for path in room.iterdir() if room.is_dir() and not room.is_symlink() else ():
                try:
                    status = path.lstat()
                except FileNotFoundError:
                    continue
                if not stat.S_ISDIR(status.st_mode):
                    yield CacheFile(path, status.st_size, status.st_mtime)

    def prune(self, *, older_than: float | None = None, max_bytes: int | None = None) -> list[CacheFile]:
        """Remove what was not used for ``older_than`` seconds, then the longest unused until ``max_bytes`` are left.

        Files of other reader versions and strays of killed processes always go. Returns what was removed.
        """
        now = time.time()
        kept: list[CacheFile] = []
        removed: list[CacheFile] = []
        for file in self.files():
            stray = file.path.name.startswith(".") and now - file.used > _STRAY_AFTER
            foreign = not file.path.is_relative_to(self._root)
            old = older_than is not None and now - file.used > older_than
            (removed if stray or foreign or old else kept).append(file)
        if max_bytes is not None:
            kept.sort(key=lambda file: (-file.used, file.path))
            total = 0
            for file in kept:
                total += file.size
                if total > max_bytes:
                    removed.append(file)
        return [file for file in removed if self._remove(file.path)]

    def clear(self) -> list[CacheFile]:
        """Remove every file of the cache; returns what was removed. Directories stay."""
        return [file for file in list(self.files()) if self._remove(file.path)]

    # -- files ---------------------------------------------------------------------------------------------------

    def _described(self, blob: LayerBlob) -> tuple[Digest, int, str] | None:
        """Stored digest, size and compression of the verified pair that ``blob`` is; None where it is none."""
        stored = blob.digest or self._witnessed(blob.witness)
        found = self._read_json("blobs", _pair(stored, blob.diff_id)) if stored is not None else None
        if stored is None or found is None or (blob.size is not None and found.get("size") != blob.size):
            return None
        return stored, int(found["size"]), str(found["compression"])

    def _probed(self, diff_id: Digest, probes: Sequence[Probe]) -> dict[tuple[str, int], bytes] | None:
        """What every probe found in the tar stream; None if one has not seen it yet."""
        results = {}
        for probe in probes:
            data = self._read("probes", _probe_name(diff_id, probe.id, probe.version))
            if data is None:
                return None
            results[probe.id, probe.version] = data
        return results

    def _index(self, diff_id: Digest) -> LayerIndex | None:
        data = self._read_sealed("indexes", _file(diff_id))
        if data is None:
            return None
        try:
            return unpack(data)
        except DamagedEntry:
            self._drop("indexes", _file(diff_id))
            return None

    def _witnessed(self, witness: str) -> Digest | None:
        data = self._read("witnesses", _name(witness)) if witness else None
        return Digest.parse(data.decode(), "cached digest") if data is not None else None

    def _read_json(self, room: str, name: str) -> dict[str, Any] | None:
        data = self._read(room, name)
        return json.loads(data) if data is not None else None

    def _read(self, room: str, name: str) -> bytes | None:
        data = self._read_sealed(room, name)
        if data is None:
            return None
        try:
            return unseal(data)
        except DamagedEntry:
            self._drop(room, name)
            return None

    def _read_sealed(self, room: str, name: str) -> bytes | None:
        path = self._root / room / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        with contextlib.suppress(OSError):  # a read-only cache still answers
            os.utime(path)  # its last use, for prune
        return data

    def _drop(self, room: str, name: str) -> None:
        _log.info("cache entry %s/%s is damaged; it is made again", room, name)
        self._remove(self._root / room / name)

    def _remove(self, path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            self._warn(error)
            return False
        return True

    def _write(self, room: str, name: str, data: bytes) -> None:
        import tempfile  # seldom: what is there is not written again

        directory = self._root / room
        temporary = ""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=".", dir=directory)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(temporary).replace(directory / name)
        except OSError as error:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            self._warn(error)
        except BaseException:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            _log.warning("cache at %s cannot be used: %s", self.directory, error.strerror or error)


def vouched_by_engine(diff_id: Digest) -> str:
    """The witness of a layer that a container engine holds unpacked under this DiffID (see ``get_vouched``)."""
    return f"engine {diff_id}"


def _file(digest: Digest) -> str:
    return str(digest).replace(":", "-")


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _pair(stored: Digest, diff_id: Digest) -> str:
    return _name(f"{stored} {diff_id}")


def _probe_name(diff_id: Digest, probe_id: str, version: int) -> str:
    return f"{diff_id}-{probe_id}-{version}".replace(":", "-")
