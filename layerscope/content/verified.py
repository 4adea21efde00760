"""Content on its way out, held against its digest: nothing is complete before it is verified."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HELD = 16 << 20
"""Bytes that are held back until all is verified: the whole of most files, the end of the others."""


def verified(chunks: Iterable[bytes | memoryview], size: int, digest: bytes, what: str) -> Iterator[bytes]:
    """``chunks``, the last ``HELD`` bytes of them only once size and raw SHA-256 are right; else DamagedLayer.

    So what has no more bytes than that is verified before the first of them is handed over, and nobody ever gets all
    of a larger file that is wrong.
    """
    held: deque[bytes] = deque()
    holding = seen = 0
    content_hash = hashlib.sha256()
    for chunk in chunks:
        content_hash.update(chunk)
        piece = bytes(chunk)
        seen += len(piece)
        held.append(piece)
        holding += len(piece)
        while holding - len(held[0]) >= HELD:
            first = held.popleft()
            holding -= len(first)
            yield first
    if seen != size or content_hash.digest() != digest:
        given = seen - holding
        raise DamagedLayer(
            f"{what} is not what was verified before: expected {size} bytes, sha256:{digest.hex()}, found {seen} bytes,"
            f" sha256:{content_hash.hexdigest()}"
            + (f"; the {given} bytes already handed over are not to be trusted" if given else ""),
            hint="the blob changed since its layer was read; --no-cache reads the layer anew",
        )
    yield from held
