"""Some entries of a blob: read from its start, and no further than the last that is wanted.

Nothing of the blob is verified by that. Whoever wants the bytes holds each file against the digest in an index that a
full read has verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, LayerscopeError, NotFound
from layerscope.layers.chunks import ChunkReader
from layerscope.layers.compression import decompress, detect
from layerscope.layers.read import peek
from layerscope.layers.tarstream import TarReader

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from layerscope.layers.blob import LayerBlob
    from layerscope.layers.limits import Limits
    from layerscope.layers.member import Member
    from layerscope.progress import Progress, Task


def read_entries(
    blob: LayerBlob, positions: Iterable[int], *, limits: Limits, progress: Progress
) -> Generator[tuple[int, Member, Iterator[memoryview]], None, None]:
    """(position, member, content) of the entries at ``positions``, in stream order; then reading stops.

    Take a member's content before asking for the next; each view is valid until the next. Close the generator when you
    stop early. NotFound where the source cannot open the blob (again), DamagedLayer and UnsafeImage name the layer.
    """
    wanted = sorted(set(positions), reverse=True)
    if not wanted:
        return
    if blob.open is None:
        raise NotFound(f"{blob.label}: its bytes have passed and cannot be read again")
    task = progress.start(blob.label, blob.size)
    outcome = "failed"
    try:
        with blob.open() as chunks:
            head, whole = peek(_watched(chunks, task))
            tar = TarReader(ChunkReader(decompress(detect(head), whole, limits)), limits)
            for position, member in enumerate(tar):
                if position != wanted[-1]:
                    continue
                yield position, member, _named(tar.content(member), blob)
                wanted.pop()
                if not wanted:
                    break
            else:
                raise DamagedLayer(f"ends before entry {wanted[-1]}")
        outcome = "read"
    except LayerscopeError as error:
        raise _of(blob, error) from error
    finally:
        task.finish(outcome)


def _watched(chunks: Iterator[bytes], task: Task) -> Iterator[bytes]:
    for chunk in chunks:
        task.advance(len(chunk))
        yield chunk


def _named(content: Iterator[memoryview], blob: LayerBlob) -> Iterator[memoryview]:
    try:
        yield from content
    except LayerscopeError as error:
        raise _of(blob, error) from error


def _of(blob: LayerBlob, error: LayerscopeError) -> LayerscopeError:
    return type(error)(f"{blob.label}: {error.message}", hint=error.hint)
