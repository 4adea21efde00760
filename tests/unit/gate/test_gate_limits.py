"""Sizes, shares, ages and counts as people write them."""

from __future__ import annotations

import pytest

from layerscope.errors import UsageError
from layerscope.gate.limit import Kind, nearest, parse_limit, parse_patterns


@pytest.mark.parametrize(
    ("text", "size", "said"),
    [
        ("250MB", 250_000_000, "250 MB (SI)"),
        ("250 MiB", 262_144_000, "250 MiB (IEC)"),
        ("1.5GiB", 1_610_612_736, "1.5 GiB (IEC)"),
        ("0.1GB", 100_000_000, "0.1 GB (SI)"),
        ("500k", 500_000, "500 k (SI)"),
        ("500Ki", 512_000, "500 Ki (IEC)"),
        ("12B", 12, "12 bytes"),
        (4096, 4096, "4096 bytes"),
    ],
)
def test_sizes_say_which_units_they_were_read_in(text: object, size: int, said: str) -> None:
    limit = parse_limit(Kind.SIZE, text, "", "max-size")
    assert (limit.value, limit.unit, limit.text) == (size, "bytes", said)


def test_fractions_are_exact() -> None:
    assert parse_limit(Kind.SIZE, "1.1PB", "", "x").value == 1_100_000_000_000_000


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Kind.SIZE, "70KiX", "'KiB'"),
        (Kind.SIZE, "5%", "no unit '%'"),
        (Kind.SIZE, "-1", "a size is bytes"),
        (Kind.SIZE, -1, "not negative"),
        (Kind.SIZE, True, "a size is bytes"),
        (Kind.SIZE, 1.5, "a size is bytes"),
        (Kind.SIZE, "9" * 40, "a size is bytes"),
        (Kind.SIZE, "9000PB", "no image is that large"),
        (Kind.AMOUNT, 5, "'5%' or '5MB'"),
        (Kind.AMOUNT, "5", "'5%' or '5MB'"),
        (Kind.AMOUNT, 0.5, "'0.5%' or '0.5MB'"),
        (Kind.AMOUNT, "5 percent", "no unit 'percent'"),
        (Kind.COUNT, "20MB", "without a unit"),
        (Kind.COUNT, -1, "without a unit"),
        (Kind.COUNT, 1.0, "without a unit"),
        (Kind.AGE, "30", "with h, d or w"),
        (Kind.AGE, "30 days", "with h, d or w"),
        (Kind.RATIO, "90", "from 0 to 1"),
        (Kind.RATIO, "nan", "from 0 to 1"),
    ],
)
def test_wrong_units_are_told(kind: Kind, value: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_limit(kind, value, "layers", "max-something")
    assert caught.value.message.startswith("max-something cannot be ")
    assert said in caught.value.hint


def test_the_rest() -> None:
    assert parse_limit(Kind.AMOUNT, "2.5%", "", "x").value == 2.5
    assert parse_limit(Kind.AMOUNT, "2MB", "", "x").unit == "bytes"
    assert parse_limit(Kind.AGE, "2w", "", "x").value == 14 * 86400
    assert parse_limit(Kind.COUNT, "7", "layers", "x").unit == "layers"
    assert parse_limit(Kind.RATIO, "0.95", "", "x").value == 0.95


@pytest.mark.parametrize("value", [[], [""], [1], 5, {"a": 1}])
def test_patterns_are_texts(value: object) -> None:
    with pytest.raises(UsageError):
        parse_patterns(value, "forbid-paths")


def test_the_nearest_name() -> None:
    valid = ["max-size", "max-layers", "forbid-paths"]
    assert nearest("max-sise", valid) == "max-size"
    assert nearest("maxLayers", valid) == "max-layers"
    assert nearest("forbidden_path", valid) == "forbid-paths"
