from __future__ import annotations

import pytest

from layerscope.report.heading import when


@pytest.mark.parametrize(
    ("created", "shown"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01 00:00:00 UTC"),
        ("2026-11-23T01:42:30.032473103Z", "2026-11-23 01:42:30 UTC"),
        ("2024-01-01T01:00:00+02:00", "2023-12-31 23:00:00 UTC"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00 UTC"),
        ("0001-01-01T00:00:00+09:00", "0001-01-01T00:00:00+09:00"),
        ("2024-13-45T00:00:00Z", "2024-13-45T00:00:00Z"),
        ("yesterday\x1b[2J", "yesterday\\x1b[2J"),
        ("", ""),
    ],
)
def test_when(created: str, shown: str) -> None:
    assert when(created) == shown
