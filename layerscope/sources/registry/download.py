"""A blob's bytes from a registry: one stream to whoever reads it, however many connections it takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.errors import DamagedLayer, NotFound, SourceUnreachable
from layerscope.sources.registry.attempts import stopped
from layerscope.sources.registry.body import BodyCut, chunks
from layerscope.sources.registry.client import require_unencoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from layerscope.oci.descriptor import Descriptor
    from layerscope.sources.registry.client import RegistryClient
    from layerscope.sources.registry.redirects import Answer

PROGRESS = 1 << 20
"""Bytes after which a download counts as getting on, and earlier failures are forgotten."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


class Download:
    """A context whose value iterates over the blob's bytes, from the start, in chunks of at most ``READ_CHUNK``.

    What a cut connection left out is asked for again from where it broke, always at the registry, as a link to its
    storage may have expired. Nothing is hashed here: whoever reads verifies the digest, over exactly these bytes.
    """

    def __init__(self, client: RegistryClient, descriptor: Descriptor) -> None:
        self._client = client
        self._url = client.blob_url(descriptor.digest)
        self._size = descriptor.size
        self._what = f"blob {descriptor.digest}"
        self._attempts = client.attempts()
        self._response: requests.Response | None = None

    def __enter__(self) -> Iterator[bytes]:
        """NotFound where the registry has no such blob."""
        self._begin(0)
        return self._bytes()

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._response is not None:
            self._client.done(self._response)
            self._response = None

    def _bytes(self) -> Iterator[bytes]:
        position = mark = skip = 0
        while True:
            assert self._response is not None
            why = "it ended early"
            try:
                for chunk in chunks(self._response, self._client.options.timeout):
                    if self._client.closed:
                        raise stopped()
                    fresh = chunk[skip:] if skip else chunk
                    skip -= len(chunk) - len(fresh)
                    if position + len(fresh) > self._size:
                        raise DamagedLayer(f"{self._what} is longer than the {self._size} bytes promised")
                    position += len(fresh)
                    if position - mark >= PROGRESS:
                        self._attempts.progressed()
                        mark = position
                    if fresh:
                        yield fresh
            except BodyCut as cut:
                why = str(cut)
            self._leave()
            if position == self._size:
                return
            self._attempts.failed(
                SourceUnreachable(
                    f"{self._client.origin} sent {position} of {self._size} bytes of {self._what}: {why}",
                    hint="check the network, and try again",
                )
            )
            skip = self._resume(position)

    def _resume(self, position: int) -> int:
        try:
            return self._begin(position)
        except NotFound as error:  # to the reader that would mean: never was there
            raise SourceUnreachable(f"{self._what} vanished while it was being read: {error}") from None

    def _begin(self, position: int) -> int:
        """Open the blob from ``position`` on; returns how many bytes of the answer come before that."""
        headers = {"Range": f"bytes={position}-"} if position else {}
        answer = self._client.ask(self._url, headers, self._what, self._attempts)
        try:
            skip = self._accept(answer, position)
        except BaseException:
            answer.response.close()
            raise
        self._response = answer.response
        self._client.opened(answer.response)
        return skip

    def _accept(self, answer: Answer, position: int) -> int:
        """Hold the head of an answer against what was asked for."""
        status = answer.status
        if status == 416 or (status == 206 and not position):
            raise DamagedLayer(f"{self._what} has not the {self._size} bytes promised: {answer.origin} says {status}")
        if status not in {200, 206}:
            raise self._client.refusal(answer, self._what)
        response = answer.response
        require_unencoded(response, self._what, DamagedLayer)
        if status == 206:
            self._check_range(response, position)
        expected = self._size - (position if status == 206 else 0)
        length = response.headers.get("Content-Length")
        if length is not None and length.strip() != str(expected):
            raise DamagedLayer(
                f"{self._what} has not the {self._size} bytes promised: {answer.origin} says that "
                f"{length[:40]!r} bytes follow, expected were {expected}",
                hint="the manifest names another blob than the registry keeps, or a proxy changes what passes",
            )
        # A whole answer to a Range: what was read already is passed over. Should it differ from what was handed on,
        # the digest over the bytes handed on tells: the reader computes it anyway.
        return position if status == 200 else 0

    def _check_range(self, response: requests.Response, position: int) -> None:
        header = response.headers.get("Content-Range", "")
        found = _CONTENT_RANGE.fullmatch(header.strip())
        wanted = (str(position), str(self._size - 1))
        if not found or found.group(1, 2) != wanted or found[3] not in {"*", str(self._size)}:
            raise DamagedLayer(
                f"{self._what}: bytes {wanted[0]}-{wanted[1]}/{self._size} were asked for, {header[:80]!r} came",
                hint="the registry, or a proxy before it, gets ranges wrong",
            )
