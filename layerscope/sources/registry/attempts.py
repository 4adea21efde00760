"""How often something that may pass is tried again, and after which pause."""

from __future__ import annotations

import logging
import math
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from layerscope.errors import SourceUnreachable
from layerscope.sources.registry.failures import ExchangeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from layerscope.errors import LayerscopeError
    from layerscope.sources.registry.options import RegistryOptions
    from layerscope.sources.registry.redirects import Answer

log = logging.getLogger(__name__)

PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that mean "not now"."""
STRANGER_RETRIES = 2
"""New attempts at a host that never answered: its name is more likely wrong than its network."""
LONG_WAIT = 5.0
"""Seconds from which a wait is worth a warning."""


class Attempts:
    """The patience for one thing, such as one blob: shared by everything that can go wrong on the way to it."""

    def __init__(self, options: RegistryOptions, stop: Event) -> None:
        self._options = options
        self._stop = stop
        self._failures = 0

    def failed(self, error: LayerscopeError, *, after: float | None = None, stranger: bool = False) -> None:
        """Wait for the next attempt, or raise ``error`` where there is none left.

        ``after`` is how many seconds the server asked to wait.
        """
        self._failures += 1
        allowed = min(self._options.retries, STRANGER_RETRIES) if stranger else self._options.retries
        if self._stop.is_set():
            raise stopped() from None
        if self._failures > allowed:
            raise error from None
        # Jitter keeps the threads of a pull, and many pulls, from coming back in step.
        pause = self._options.backoff * 2.0 ** min(self._failures - 1, 30) * random.uniform(0.5, 1)  # noqa: S311
        pause = min(max(pause, after or 0.0), self._options.max_wait)
        level = logging.WARNING if pause > LONG_WAIT else logging.INFO
        log.log(level, "%s; attempt %d of %d in %.1f s", error, self._failures + 1, allowed + 1, pause)
        if self._stop.wait(pause):
            raise stopped() from None

    def until_answered(self, ask: Callable[[], Answer], refusal: Callable[[Answer], LayerscopeError]) -> Answer:
        """Ask until there is an answer that will not be another one a moment later."""
        while True:
            if self._stop.is_set():
                raise stopped()
            try:
                answer = ask()
            except ExchangeError as failure:
                if not failure.passing:
                    raise failure.error from None
                self.failed(failure.error, stranger=failure.stranger)
                continue
            if answer.status not in PASSING_STATUS:
                return answer
            self.failed(refusal(answer), after=retry_after(answer.response.headers.get("Retry-After")))

    def progressed(self) -> None:
        """What failed before is forgotten: the thing got on."""
        self._failures = 0


def stopped() -> SourceUnreachable:
    """The error of work that the closing of its image ended."""
    return SourceUnreachable("the image was closed while it was being read")


def retry_after(header: str | None) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or a date (RFC 9110 §10.2.3); None where it makes no sense."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
        except (ValueError, TypeError, OverflowError):
            return None
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    return max(seconds, 0.0) if math.isfinite(seconds) else None
