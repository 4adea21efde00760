"""The bytes of one response, exactly as sent."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import urllib3.exceptions

from layerscope.layers.blob import READ_CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

GATHERED = READ_CHUNK // 2
"""Bytes to a chunk. TLS delivers 16 KiB at a time; far more than this at once, and the C allocator gives the memory
back to the system after every chunk, at the price of half the throughput."""
SLOWEST = 1 << 10
"""Fewer bytes a second than this, over one timeout, count as a standstill: a drip must not hold a pull for ever."""


class BodyCut(Exception):
    """A body ended before its end, for a reason that may pass."""


def chunks(response: requests.Response, timeout: float) -> Iterator[bytes]:
    """The body in chunks of at most ``GATHERED`` bytes; raises BodyCut after everything that did arrive was delivered.

    Nothing is decoded: of a response with Content-Encoding these are the encoded bytes.
    """
    raw = response.raw
    ended = False
    failure = ""
    while not ended and not failure:
        parts: list[bytes] = []
        have = 0
        started = time.monotonic()
        while have < GATHERED:
            try:
                part = raw.read1(GATHERED - have, decode_content=False)
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                # read() would lose what it had gathered when the connection broke; read1 has handed it over already.
                failure = _reason(error, timeout)
                break
            if not part:
                ended = True
                break
            parts.append(part)
            have += len(part)
            if time.monotonic() - started > timeout:
                if have < SLOWEST * timeout:
                    failure = f"only {have} bytes arrived in {timeout:g} s"
                break
        if parts:
            yield b"".join(parts)
    if failure:
        raise BodyCut(failure)


def whole(response: requests.Response, limit: int, timeout: float) -> bytes:
    """The body; of one longer than ``limit`` just more than ``limit`` bytes. BodyCut where it ended early."""
    data = b""
    for chunk in chunks(response, timeout):
        data += chunk
        if len(data) > limit:
            break
    return data


def at_most(response: requests.Response, limit: int, timeout: float) -> bytes:
    """The body, or its first ``limit`` bytes, or what arrived of it in time: for messages, not for content."""
    data = b""
    deadline = time.monotonic() + timeout
    with suppress(BodyCut):
        for chunk in chunks(response, timeout):
            data += chunk
            if len(data) > limit or time.monotonic() > deadline:
                break
    return data[:limit]


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"nothing arrived for {timeout:g} s"
    return "the connection was cut"
