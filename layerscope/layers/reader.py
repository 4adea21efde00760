"""Reading the layers of an image: from the cache where it can answer, else from the blob, several side by side."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage, LayerscopeError, NotFound
from layerscope.layers.blob import LayerBlob, ReadLayer, SkippedLayer
from layerscope.layers.limits import Limits, hold_to_limits
from layerscope.layers.workers import WorkerGone, Workers, is_worth_a_process
from layerscope.oci.mediatypes import is_encrypted_layer, is_foreign_layer
from layerscope.progress import Progress, SilentProgress, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.layers.cache import IndexCache
    from layerscope.layers.probe import Probe

_log = logging.getLogger(__name__)
_GRACE = 0.5
"""Seconds an interrupted read may take to notice."""


class _Stopped(Exception):
    """Another layer failed or the user interrupted: this one's outcome no longer matters."""


@dataclass(frozen=True, slots=True)
class LayerReader:
    """How layers are to be read: limits, probes, cache, who watches, how many at a time."""

    limits: Limits = field(default_factory=Limits)
    probes: tuple[Probe, ...] = ()
    cache: IndexCache | None = None
    progress: Progress = field(default_factory=SilentProgress)
    workers: int = field(default_factory=lambda: min(8, os.cpu_count() or 1))
    processes: bool = False
    """Whether large layers are read in other processes, where Python's threads would wait for one another. Starts
    ``sys.executable``, which must be Python's."""

    def read_all(self, blobs: Sequence[LayerBlob]) -> list[ReadLayer | SkippedLayer]:
        """Every layer, bottom first. Errors as in ``read_in_order``."""
        return list(self.read_in_order(blobs))

    def read_in_order(self, blobs: Sequence[LayerBlob]) -> Iterator[ReadLayer | SkippedLayer]:
        """Every layer, bottom first, each as soon as it and those below are there: analysis overlaps the reading.

        Layers are read side by side; what occurs twice is read once. The first error stops the rest and is raised.
        """
        stop = threading.Event()
        workers = self._processes(blobs)
        pool = ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="layer")
        futures: dict[object, Future[ReadLayer | SkippedLayer]] = {}
        for blob in blobs:
            if _same(blob) not in futures:
                futures[_same(blob)] = pool.submit(self._read, blob, stop, workers)
        pending = set(futures.values())
        try:
            for blob in blobs:
                while futures[_same(blob)] in pending:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()  # raises at once, whichever layer it was
                yield futures[_same(blob)].result()
        finally:
            stop.set()  # without effect when all are done
            pool.shutdown(wait=False, cancel_futures=True)
            if workers is not None:
                workers.close()
            wait(futures.values(), timeout=_GRACE)

    def _processes(self, blobs: Sequence[LayerBlob]) -> Workers | None:
        """What reads in other processes; None where it would gain nothing, or the probes cannot go there."""
        large = sum(is_worth_a_process(blob) for blob in blobs)
        if not self.processes or self.workers < 2 or large < 2 or not all(probe.portable for probe in self.probes):
            return None
        return Workers(self.limits, self.probes)

    def _read(self, blob: LayerBlob, stop: threading.Event, workers: Workers | None) -> ReadLayer | SkippedLayer:
        if stop.is_set():
            raise _Stopped
        if is_encrypted_layer(blob.media_type):
            return SkippedLayer(f"encrypted ({blob.media_type}), and layerscope has no key for it")
        task = self.progress.start(blob.label, blob.size)
        outcome = "failed"
        try:
            found = self.cache.get(blob, self.probes) if self.cache else None
            if found is not None:
                hold_to_limits(found, self.limits, blob.label)
                outcome = "cached"
                return found
            result = self._read_bytes(blob, task, stop, workers)
            outcome = "skipped" if isinstance(result, SkippedLayer) else "read"
            return result
        finally:
            task.finish(outcome)

    def _read_bytes(
        self, blob: LayerBlob, task: Task, stop: threading.Event, workers: Workers | None
    ) -> ReadLayer | SkippedLayer:
        from layerscope.layers.read import verify

        if isinstance(blob.passed, LayerscopeError):
            raise blob.passed
        if blob.passed is not None:
            read = blob.passed
        elif blob.open is None:
            return self._absent(blob, "the archive does not hold its blob")
        else:
            try:
                read = self._elsewhere(blob, task, stop, workers) or self._here(blob, task, stop)
            except NotFound as error:
                return self._absent(blob, error.message)
        verify(read, blob)
        if self.cache:
            self.cache.put(blob, read)
        return read

    def _here(self, blob: LayerBlob, task: Task, stop: threading.Event) -> ReadLayer:
        from layerscope.layers.read import read_blob  # most runs find every layer in the cache

        assert blob.open is not None
        with blob.open() as chunks:
            return read_blob(
                _watched(chunks, task, stop),
                blob.label,
                limits=self.limits,
                probes=self.probes,
                algorithm=blob.algorithm,
                diff_algorithm=blob.diff_id.algorithm,
                size=blob.size,
            )

    def _elsewhere(
        self, blob: LayerBlob, task: Task, stop: threading.Event, workers: Workers | None
    ) -> ReadLayer | None:
        """The layer, read in another process; None where it is to be read here."""
        if workers is None or not is_worth_a_process(blob) or not workers.has_one():
            return None

        def advance(count: int) -> None:
            if stop.is_set():
                raise _Stopped
            task.advance(count)

        assert blob.open is not None
        try:
            with blob.open() as chunks:
                return workers.read(blob, chunks, advance)
        except WorkerGone as error:
            if stop.is_set():
                raise _Stopped from error
            _log.warning("%s: the process that read it is gone (%s); it is read again", blob.label, error)
            return None

    def _absent(self, blob: LayerBlob, why: str) -> SkippedLayer:
        """A foreign layer may be missing from where the image is; any other is part of a whole image."""
        if is_foreign_layer(blob.media_type):
            return SkippedLayer(
                f"foreign layer whose blob is not with the image ({blob.media_type}); URLs are not fetched"
            )
        raise InvalidImage(
            f"{blob.label}: blob is missing: {why}", hint="the image is incomplete; push, copy or export it again"
        )


def _same(blob: LayerBlob) -> object:
    return (blob.digest, blob.diff_id, blob.size, blob.witness, id(blob.passed))


def _watched(chunks: Iterator[bytes], task: Task, stop: threading.Event) -> Iterator[bytes]:
    for chunk in chunks:
        if stop.is_set():
            raise _Stopped
        task.advance(len(chunk))
        yield chunk
