"""Reading WWW-Authenticate."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.sources.registry.challenge import Challenge, parse_challenges

HUB = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
HUB_PARAMETERS = {
    "realm": "https://auth.docker.io/token",
    "service": "registry.docker.io",
    "scope": "repository:a/b:pull,push",
}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (HUB, [Challenge("bearer", HUB_PARAMETERS)]),
        ('Basic realm="Registry Realm"', [Challenge("basic", {"realm": "Registry Realm"})]),
        ('BASIC REALM="x"', [Challenge("basic", {"realm": "x"})]),
        ("Basic", [Challenge("basic")]),
        ("Negotiate, Basic realm=x", [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        (f'Basic realm="a, b", {HUB}', [Challenge("basic", {"realm": "a, b"}), Challenge("bearer", HUB_PARAMETERS)]),
        ("Bearer realm=https://a/b?x=y,service=s", [Challenge("bearer", {"realm": "https://a/b?x=y", "service": "s"})]),
        ('Bearer realm="r",service="",scope="s"', [Challenge("bearer", {"realm": "r", "service": "", "scope": "s"})]),
        ('Bearer realm = "r" , service = "s"', [Challenge("bearer", {"realm": "r", "service": "s"})]),
        ('Bearer realm="r" service="s"', [Challenge("bearer", {"realm": "r", "service": "s"})]),
        ('Bearer realm="a\\"b\\\\c"', [Challenge("bearer", {"realm": 'a"b\\c'})]),
        ('Bearer realm="first",realm="second"', [Challenge("bearer", {"realm": "first"})]),
        ("Negotiate YWJj==, Basic realm=x", [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        (', ,Bearer realm="r",,', [Challenge("bearer", {"realm": "r"})]),
        ('Bearer realm="r", error="invalid_token"', [Challenge("bearer", {"realm": "r", "error": "invalid_token"})]),
        ('Bearer realm="unended', [Challenge("bearer")]),
        ("", []),
        ("=", []),
        ('"quoted"', []),
        ("realm=x", []),
    ],
)
def test_headers(header: str, expected: list[Challenge]) -> None:
    assert parse_challenges([header]) == expected


def test_several_headers_keep_their_order_and_apart() -> None:
    found = parse_challenges(['Basic realm="unended', HUB, "Basic realm=x"])
    assert [challenge.scheme for challenge in found] == ["basic", "bearer", "basic"]
    assert found[1].parameters == HUB_PARAMETERS


@given(st.text(alphabet=st.sampled_from('aB=",\\ \t;:é\x00'), max_size=60))
def test_nothing_breaks_it(header: str) -> None:
    for challenge in parse_challenges([header]):
        assert challenge.scheme == challenge.scheme.lower()


@pytest.mark.parametrize("part", ['a="', "a ", ",", '"', 'a="\\', "a=b "])
def test_long_headers_take_no_time(part: str) -> None:
    started = time.monotonic()
    parse_challenges([part * 1_000_000] * 3)
    assert time.monotonic() - started < 2
