"""Processes that read layers, from the side of the one that has them do it: see ``worker``."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope import errors
from layerscope.layers.blob import FileChunks, ReadLayer
from layerscope.layers.worker import DESCRIPTOR, Refused, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layerscope.layers.blob import LayerBlob
    from layerscope.layers.limits import Limits
    from layerscope.layers.probe import Probe

_log = logging.getLogger(__name__)
WORTH_BYTES = 4 << 20
"""Stored bytes of a blob that are worth asking another process: starting one takes as long as reading some 20 MB."""
MOST = 2
"""Processes at a time, of some 25 MiB each: more would pass what a run may take of memory. Other threads read here."""
_START = "import sys; sys.path[:] = sys.argv[2:]; from layerscope.layers.worker import main; main(int(sys.argv[1]))"
_CLOSED = (OSError, ValueError)
"""What a connection raises that the other side, or another thread of this one, has closed."""
_PACKAGE = str(Path(__file__).parents[2])
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
"""For the GNU allocator: not to give a chunk's memory back to the system, to ask for it again for the next."""


def is_worth_a_process(blob: LayerBlob) -> bool:
    """Whether a blob is large enough to be read elsewhere."""
    return blob.open is not None and (blob.size or 0) >= WORTH_BYTES


class WorkerGone(Exception):
    """The process ended before its time, or was never there: the blob may be read here."""


class Workers:
    """A process for each of the first threads that ask, started when they ask first; ``close`` ends them all."""

    def __init__(self, limits: Limits, probes: tuple[Probe, ...]) -> None:
        self._limits = limits
        self._probes = probes
        self._own = threading.local()
        self._all: list[_Worker] = []
        self._free = threading.Semaphore(MOST)
        self._closed = False

    def has_one(self) -> bool:
        """Whether this thread may ask: it has a process of its own, or one is left to be started."""
        if not hasattr(self._own, "worker"):
            if not self._free.acquire(blocking=False):
                return False
            self._own.worker = None
        return True

    def read(self, blob: LayerBlob, chunks: Iterator[bytes], advance: Callable[[int], None]) -> ReadLayer:
        """``read_blob`` of an opened blob, elsewhere, where ``has_one``; whatever ``advance`` raises ends it.

        Raises what ``read_blob`` does, and WorkerGone.
        """
        worker: _Worker | None = self._own.worker
        if worker is None:
            worker = self._own.worker = _Worker()
            self._all.append(worker)
            if self._closed:
                worker.end()
                raise WorkerGone("nobody waits for it")
        placed = chunks if isinstance(chunks, FileChunks) else None
        request = Request(
            offset=placed.offset if placed else None,
            length=placed.length if placed else 0,
            label=blob.label,
            limits=self._limits,
            probes=self._probes,
            algorithm=blob.algorithm,
            diff_algorithm=blob.diff_id.algorithm,
            size=blob.size,
        )
        try:
            if placed is not None:
                answer = worker.ask(request, placed.descriptor, advance)
            else:
                answer = worker.feed(request, chunks, advance)
        except BaseException:
            worker.end()  # it may be anywhere in a blob
            self._own.worker = None
            raise
        if isinstance(answer, ReadLayer):
            return answer
        kind: type[errors.LayerscopeError] = getattr(errors, answer.kind)
        raise kind(answer.message, hint=answer.hint)

    def close(self) -> None:
        """End every process."""
        self._closed = True
        for worker in list(self._all):
            worker.end()


class _Worker:
    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START, str(theirs.fileno()), _PACKAGE, *sys.path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **_MEMORY},
            )
        except OSError as error:
            ours.close()
            raise WorkerGone(str(error)) from error
        finally:
            theirs.close()
        self._socket = ours
        self._stream: Any = ours.makefile("rwb")

    def ask(self, request: Request, descriptor: int, advance: Callable[[int], None]) -> ReadLayer | Refused:
        """Have a blob read from a descriptor."""
        self._send(request, descriptor)
        return self._answer(advance)

    def feed(self, request: Request, chunks: Iterator[bytes], advance: Callable[[int], None]) -> ReadLayer | Refused:
        """Have a blob read that comes in chunks."""
        reading, writing = os.pipe()
        try:
            try:
                self._send(request, reading)
            finally:
                os.close(reading)
            for chunk in chunks:
                advance(len(chunk))
                left = memoryview(chunk)
                while left:
                    left = left[os.write(writing, left) :]
        except BrokenPipeError:
            pass  # it has seen enough, and says of what
        finally:
            os.close(writing)
        return self._answer(advance)

    def end(self) -> None:
        """End the process, wherever it is."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._stream.close()
        self._socket.close()

    def _send(self, request: Request, descriptor: int) -> None:
        try:
            socket.send_fds(self._socket, [DESCRIPTOR], [descriptor])
            pickle.dump(request, self._stream, pickle.HIGHEST_PROTOCOL)
            self._stream.flush()
        except _CLOSED as error:
            raise WorkerGone(str(error)) from error

    def _answer(self, advance: Callable[[int], None]) -> ReadLayer | Refused:
        while True:
            try:
                message = pickle.load(self._stream)  # noqa: S301 - from a process of our own
            except (EOFError, pickle.UnpicklingError, *_CLOSED) as error:
                raise WorkerGone(f"ended with {self._process.poll()}") from error
            if isinstance(message, int):
                advance(message)
            else:
                answer: ReadLayer | Refused = message
                return answer
