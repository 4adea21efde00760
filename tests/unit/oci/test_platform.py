"""Which manifest of an index is chosen (containerd platforms/compare.go)."""

from __future__ import annotations

import pytest

from layerscope.errors import UsageError
from layerscope.oci.platform import Platform, choose

P = Platform.parse


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], 1),
        ("linux/amd64", ["linux/amd64", "linux/amd64"], 0),
        ("linux/x86_64", ["linux/amd64"], 0),
        ("amd64", ["linux/amd64"], 0),
        ("linux/amd64", ["linux/amd64/v3"], None),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2"], 1),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v4"], 0),
        ("linux/amd64/v1", ["linux/amd64"], 0),
        ("linux/amd64", ["linux/386"], 0),
        ("linux/386", ["linux/amd64"], None),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], 1),
        ("linux/arm/v6", ["linux/arm/v7"], None),
        ("linux/arm", ["linux/arm/v7"], 0),
        ("linux/armhf", ["linux/arm/v7"], 0),
        ("linux/armel", ["linux/arm/v6"], 0),
        ("linux/arm64", ["linux/arm64/v8"], 0),
        ("linux/aarch64", ["linux/arm64/v8"], 0),
        ("linux/arm64/v8", ["linux/arm64"], 0),
        ("linux/arm64/v9", ["linux/arm64"], 0),
        ("linux/arm64/v9.2", ["linux/arm64/v8.5", "linux/arm64/v9"], 1),
        ("linux/arm64/v8.4", ["linux/arm64/v8.6", "linux/arm64/v8.2"], 1),
        ("linux/arm64", ["linux/arm/v7", "linux/arm/v6"], 0),
        ("linux/arm64", ["linux/arm/v6", "linux/arm/v8"], 1),
        ("windows/amd64", ["linux/amd64"], None),
        ("linux/riscv64", ["linux/riscv64"], 0),
        ("linux/ppc64le/power9", ["linux/ppc64le"], 0),
        ("linux/amd64", ["unknown/unknown"], None),
    ],
)
def test_choice(wanted: str, offered: list[str], expected: int | None) -> None:
    assert choose([P(item) for item in offered], P(wanted)) == expected


def test_windows_builds_must_agree() -> None:
    offered = [
        Platform("windows", "amd64", os_version="10.0.17763.1"),
        Platform("windows", "amd64", os_version="10.0.20348.2"),
    ]
    assert choose(list(offered), Platform("windows", "amd64", os_version="10.0.20348.9")) == 1
    assert choose(list(offered), Platform("windows", "amd64")) == 0


def test_an_only_offer_without_platform_is_taken() -> None:
    assert choose([None], P("linux/amd64")) == 0
    assert choose([None, None], P("linux/amd64")) is None


@pytest.mark.parametrize("text", ["", "a/b/c/d", "linux/", "linux/a b", "linux/amd64\n"])
def test_not_a_platform(text: str) -> None:
    with pytest.raises(UsageError, match="not a platform"):
        P(text)
