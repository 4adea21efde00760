"""A stream of chunks, read as if it were one run of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ChunkReader:
    """Takes exact numbers of bytes off an iterator of chunks, copying only what straddles two of them."""

    __slots__ = ("_chunks", "_passed", "at", "chunk")

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.chunk = b""
        """The one at hand."""
        self.at = 0
        """How much of it was taken."""
        self._passed = 0

    @property
    def offset(self) -> int:
        """Bytes taken so far."""
        return self._passed + self.at

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer only at the end of the stream."""
        end = self.at + count
        if end <= len(self.chunk):
            taken = self.chunk[self.at : end]
            self.at = end
            return taken
        parts = [bytes(part) for part in self.spans(count)]
        return b"".join(parts)

    def view(self, count: int) -> memoryview | None:
        """The next ``count`` bytes without a copy if they lie in one chunk; else None, and nothing is taken."""
        end = self.at + count
        if end > len(self.chunk):
            return None
        taken = memoryview(self.chunk)[self.at : end]
        self.at = end
        return taken

    def spans(self, count: int) -> Iterator[memoryview]:
        """The next ``count`` bytes as views, valid until the next call; they add up to fewer only at the end."""
        while count > 0:
            have = len(self.chunk) - self.at
            if have == 0:
                if not self._advance():
                    return
                continue
            step = min(have, count)
            view = memoryview(self.chunk)[self.at : self.at + step]
            self.at += step
            count -= step
            yield view

    def skip(self, count: int) -> int:
        """Pass over ``count`` bytes and return how many there were: fewer only at the end."""
        end = self.at + count
        if end <= len(self.chunk):
            self.at = end
            return count
        return sum(len(view) for view in self.spans(count))

    def rest(self) -> Iterator[memoryview]:
        """Everything to the end of the stream."""
        while True:
            if self.at < len(self.chunk):
                view = memoryview(self.chunk)[self.at :]
                self.at = len(self.chunk)
                yield view
            if not self._advance():
                return

    def _advance(self) -> bool:
        for chunk in self._chunks:
            if chunk:
                self._passed += len(self.chunk)
                self.chunk = chunk
                self.at = 0
                return True
        return False
