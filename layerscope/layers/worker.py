"""A process that reads blobs for another: Python's threads wait for one another, processes do not.

It is handed a file descriptor and what is to be read from it, and answers with how far it is and, in the end, with
what it found. It is started by ``workers``, of the same program, and ends when whoever started it does.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerscope.errors import LayerscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from layerscope.layers.blob import ReadLayer
    from layerscope.layers.limits import Limits
    from layerscope.layers.probe import Probe

CHUNK = 1 << 20
"""Stored bytes read at a time."""
TOLD = 16 << 20
"""Stored bytes read between two words of how far it is: who watches sees it move, and it costs nothing."""
DESCRIPTOR = b"d"
"""The byte that a descriptor comes with."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to read from a descriptor, and how: see ``read_blob``."""

    offset: int | None
    """Where the blob begins in a file; None of a pipe, which is read to its end."""
    length: int
    """Bytes of the blob in the file."""
    label: str
    limits: Limits
    probes: tuple[Probe, ...]
    algorithm: str
    diff_algorithm: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the image's, by the name of its class."""

    kind: str
    message: str
    hint: str


def main(descriptor: int) -> None:
    """Answer requests until nobody is there to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for whoever started this
    gc.disable()  # what a read makes holds no cycles
    connection = socket.socket(fileno=descriptor)
    stream: Any = connection.makefile("rwb")
    try:
        while descriptors := socket.recv_fds(connection, len(DESCRIPTOR), 1)[1]:
            request = pickle.load(stream)  # noqa: S301 - from the process that started this one
            _send(stream, _answer(request, descriptors[0], stream))
            os.close(descriptors[0])
    except (EOFError, OSError):
        pass  # it has gone


def _answer(request: Request, descriptor: int, stream: BinaryIO) -> ReadLayer | Refused:
    from layerscope.layers.read import read_blob  # not for whoever only sends requests

    try:
        return read_blob(
            _chunks(request, descriptor, stream),
            request.label,
            limits=request.limits,
            probes=request.probes,
            algorithm=request.algorithm,
            diff_algorithm=request.diff_algorithm,
            size=request.size,
        )
    except LayerscopeError as error:
        return Refused(type(error).__name__, error.message, error.hint)


def _chunks(request: Request, descriptor: int, stream: BinaryIO) -> Iterator[bytes]:
    """The blob, each chunk told of: a pipe's are counted by whoever fills it."""
    if request.offset is None:
        while chunk := os.read(descriptor, CHUNK):
            yield chunk
        return
    at, end = request.offset, request.offset + request.length
    told = at
    while at < end and (chunk := os.pread(descriptor, min(CHUNK, end - at), at)):
        at += len(chunk)
        if at - told >= TOLD or at == end:
            _send(stream, at - told)
            told = at
        yield chunk


def _send(stream: BinaryIO, message: object) -> None:
    pickle.dump(message, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()
