"""The floor, a program of its own: one read, one inflate, and SHA-256 of stored bytes, tar stream and file bytes.

    python -I floor.py PLAN THREADS [--load-only]

PLAN is a JSON list of layers: path, offset, length, gzip (yes or no), and the file of spans that tell where files'
bytes stand. A layer that is stored as plain tar is hashed once: its stored bytes are its tar stream. Prints what it
found. With --load-only it ends where the work would begin, which is what is subtracted from its time.
"""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

from isal import igzip_lib  # the fastest inflate on PyPI

STORED_CHUNK = 128 << 10
OUTPUT_CHUNK = 512 << 10
"""Of sizes from 64 KiB to 4 MiB those that were fastest here, by a few per cent."""


class Layer:
    """One layer, its spans already in memory."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.spans = array("Q")
        self.spans.frombytes(Path(plan["spans"]).read_bytes())

    def digests(self) -> dict[str, Any]:
        """Does the work."""
        stored, tar = hashlib.sha256(), hashlib.sha256()
        files = Files(self.spans)
        with Path(self.plan["path"]).open("rb", buffering=0) as file:
            file.seek(self.plan["offset"])
            if self.plan["gzip"]:
                for chunk in inflated(self._chunks(file), stored):
                    tar.update(chunk)
                    files.pass_over(chunk)
            else:
                stored = tar
                for chunk in self._chunks(file):
                    tar.update(chunk)
                    files.pass_over(chunk)
        return {"digest": stored.hexdigest(), "diffId": tar.hexdigest(), "files": len(files.digests)}

    def _chunks(self, file: BinaryIO | Any) -> Iterator[bytes]:
        left: int = self.plan["length"]
        while left and (chunk := file.read(min(left, STORED_CHUNK))):
            left -= len(chunk)
            yield chunk


def inflated(chunks: Iterator[bytes], stored: Any) -> Iterator[bytes]:
    """The tar stream of gzip members; hashes what goes in."""
    decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    for chunk in chunks:
        stored.update(chunk)
        data = chunk
        while data or not decoder.needs_input:
            out = decoder.decompress(data, OUTPUT_CHUNK)
            data = b""
            if out:
                yield out
            if decoder.eof:
                data = decoder.unused_data
                decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


class Files:
    """Hashes the bytes of each file as the stream passes."""

    def __init__(self, spans: array[int]) -> None:
        self.digests: list[bytes] = []
        self._spans = iter(zip(spans[::2], spans[1::2], strict=True))
        self._start = self._end = -1
        self._hash = hashlib.sha256()
        self._at = 0
        self._next()

    def _next(self) -> None:
        self._start, size = next(self._spans, (sys.maxsize, 0))
        self._end = self._start + size

    def pass_over(self, chunk: bytes) -> None:
        """Takes what follows."""
        at, after = self._at, self._at + len(chunk)
        view = memoryview(chunk)
        while self._start < after:
            part = view[max(0, self._start - at) : self._end - at]
            self._hash.update(part)
            if self._end > after:
                break
            self.digests.append(self._hash.digest())
            self._hash = hashlib.sha256()
            self._next()
        self._at = after


def main() -> None:
    layers = [Layer(plan) for plan in json.loads(Path(sys.argv[1]).read_bytes())]
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        if "--load-only" not in sys.argv:
            print(json.dumps(list(pool.map(Layer.digests, layers))))


if __name__ == "__main__":
    main()
