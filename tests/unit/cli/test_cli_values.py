from __future__ import annotations

import pytest
import typer

from layerscope.cli import values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1", 1),
        ("500000", 500_000),
        ("64kB", 64_000),
        ("64 KB", 64_000),
        ("64k", 64_000),
        ("64KiB", 65_536),
        ("64Ki", 65_536),
        ("1.5GB", 1_500_000_000),
        ("1.5GiB", 1_610_612_736),
        ("2TB", 2 * 10**12),
        ("10B", 10),
        ("4503599627370497", 4_503_599_627_370_497),
        ("4EiB", None),
        ("0", None),
        ("-1", None),
        ("", None),
        ("GB", None),
        ("1XB", None),
        ("1e3", None),
        ("inf", None),
        ("１", None),
        ("9" * 400, None),
    ],
)
def test_size(text: str, found: int | None) -> None:
    check(values.size, text, found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90s", 90),
        ("15m", 900),
        ("12h", 43_200),
        ("30d", 2_592_000),
        ("1.5w", 907_200),
        ("0s", 0),
        ("30", None),
        ("d", None),
        ("1y", None),
        ("", None),
    ],
)
def test_duration(text: str, found: float | None) -> None:
    check(values.duration, text, found)


@pytest.mark.parametrize(
    ("text", "found"), [("30", 30), ("0.5", 0.5), ("0", None), ("-1", None), ("nan", None), ("inf", None), ("x", None)]
)
def test_seconds(text: str, found: float | None) -> None:
    check(values.seconds, text, found)


@pytest.mark.parametrize(
    ("text", "found"), [("0", 0), ("10", 10), ("-1", None), ("1.0", None), ("", None), ("²", None), ("9" * 30, None)]
)
def test_whole(text: str, found: int | None) -> None:
    check(values.whole, text, found)


def test_positive() -> None:
    check(values.positive, "1", 1)
    check(values.positive, "0", None)


def check(parse: object, text: str, found: float | None) -> None:
    assert callable(parse)
    if found is None:
        with pytest.raises(typer.BadParameter):
            parse(text)
    else:
        assert parse(text) == found
