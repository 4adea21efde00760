"""Patience."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from layerscope.credentials.credential import Anonymous
from layerscope.errors import SourceUnreachable
from layerscope.sources.registry import RegistryOptions
from layerscope.sources.registry.attempts import Attempts, retry_after

FAULT = SourceUnreachable("the fault")


def attempts(stop: threading.Event | None = None, **changes: float) -> Attempts:
    settings = {"retries": 3, "backoff": 0.0, "max_wait": 0.0} | changes
    return Attempts(RegistryOptions(credentials=Anonymous(), **settings), stop or threading.Event())  # type: ignore[arg-type]


def failures_until_raised(patience: Attempts, *, stranger: bool = False) -> int:
    for count in range(1, 100):
        try:
            patience.failed(FAULT, stranger=stranger)
        except SourceUnreachable as error:
            assert error is FAULT
            return count
    raise AssertionError("endless")


def test_there_are_as_many_as_the_options_say() -> None:
    assert failures_until_raised(attempts(retries=3)) == 4
    assert failures_until_raised(attempts(retries=0)) == 1


def test_a_stranger_gets_fewer() -> None:
    assert failures_until_raised(attempts(retries=9), stranger=True) == 3
    assert failures_until_raised(attempts(retries=1), stranger=True) == 2


def test_progress_starts_the_count_anew() -> None:
    patience = attempts(retries=3)
    for _ in range(20):
        patience.failed(FAULT)
        patience.failed(FAULT)
        patience.progressed()
    assert failures_until_raised(patience) == 4


class Recorder(threading.Event):
    """Notes how long it is waited for, and waits no moment."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        return self.is_set()


def test_pauses_double_up_to_the_cap_with_jitter() -> None:
    stop = Recorder()
    failures_until_raised(attempts(stop, retries=8, backoff=1.0, max_wait=20.0))
    for number, pause in enumerate(stop.waits):
        assert min(2.0**number / 2, 20) <= pause <= min(2.0**number, 20)
    assert len(set(stop.waits[:4])) == 4


def test_a_server_may_ask_for_longer_but_not_beyond_the_cap() -> None:
    stop = Recorder()
    patience = attempts(stop, retries=8, backoff=1.0, max_wait=20.0)
    for after in (7.0, 7000.0, 0.0):
        patience.failed(FAULT, after=after)
    assert stop.waits[:2] == [7.0, 20.0]
    assert stop.waits[2] >= 2


def test_a_long_wait_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    patience = attempts(Recorder(), retries=8, backoff=1.0, max_wait=20.0)
    patience.failed(FAULT)
    assert not caplog.records
    patience.failed(FAULT, after=10)
    assert "the fault; attempt 3 of 9 in 10.0 s" in caplog.text


def test_a_wait_can_be_ended() -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    started = time.monotonic()
    with pytest.raises(SourceUnreachable, match="closed"):
        attempts(stop, backoff=60.0, max_wait=60.0).failed(FAULT)
    assert time.monotonic() - started < 5


def test_after_the_end_nothing_is_tried() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SourceUnreachable, match="closed"):
        attempts(stop).until_answered(lambda: pytest.fail("asked"), lambda _: FAULT)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("", None), ("0", 0), ("120", 120), ("1.5", 1.5), ("-5", 0), ("soon", None), ("nan", None),
     ("inf", None), ("9" * 400, None), ("Mon, 99 Foo 2026", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
     ("Thu, 01 Jan 1970 00:00:00", 0), ("Fri, 31 Dec 99999 23:59:59 GMT", None)],
)  # fmt: skip
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_a_date() -> None:
    then = datetime.now(UTC) + timedelta(seconds=90)
    found = retry_after(format_datetime(then, usegmt=True))
    assert found is not None
    assert 85 < found <= 90
