"""Schemes, hosts and ports."""

from __future__ import annotations

import pytest

from layerscope.sources.registry import RegistryOptions
from layerscope.sources.registry.endpoint import scheme_for
from layerscope.sources.registry.origin import Origin, shown


@pytest.mark.parametrize(
    ("url", "origin", "text"),
    [
        ("https://ghcr.io/v2/", Origin("https", "ghcr.io", 443), "ghcr.io"),
        ("HTTPS://GHCR.io:443/", Origin("https", "ghcr.io", 443), "ghcr.io"),
        ("http://[::1]:5000/v2/", Origin("http", "::1", 5000), "[::1]:5000"),
        ("http://host:443/", Origin("http", "host", 443), "host:443"),
    ],
)
def test_origins(url: str, origin: Origin, text: str) -> None:
    assert Origin.of(url) == origin
    assert str(origin) == text


@pytest.mark.parametrize(
    "url",
    ["", "/v2/", "host:5000/x", "ftp://host/", "https://", "https://u:p@host/", "https://host\\x/", "https://ho st/",
     "https://hö.example/", "https://host:x/", "https://host:99999/", "https://[::1", "https://a%2eb/", "https://ho\nst/"],
)  # fmt: skip
def test_what_is_no_origin(url: str) -> None:
    with pytest.raises(ValueError):
        Origin.of(url)


@pytest.mark.parametrize(
    ("host", "plain", "scheme"),
    [
        ("localhost", "", "http"),
        ("localhost:5000", "", "http"),
        ("127.0.0.1:5000", "", "http"),
        ("127.9.9.9", "", "http"),
        ("[::1]:5000", "", "http"),
        ("ghcr.io", "", "https"),
        ("10.0.0.5:5000", "", "https"),
        ("localhost.example", "", "https"),
        ("registry-1.docker.io", "", "https"),
        ("Host.example:5000", "host.EXAMPLE:5000", "http"),
        ("host.example:5000", "host.example", "http"),
        ("host.example:5000", "host.example:5001", "https"),
        ("host.example", "host.example:5000", "https"),
        ("sub.host.example", "host.example", "https"),
    ],
)
def test_plain_http_is_for_loopback_and_for_whom_it_is_asked(host: str, plain: str, scheme: str) -> None:
    assert scheme_for(host, RegistryOptions(plain_http=frozenset({plain} - {""}))) == scheme


def test_urls_are_shown_without_their_query() -> None:
    assert shown("https://s3.example/blob?X-Amz-Signature=canary") == "https://s3.example/blob?…"
    assert shown("https://s3.example/blob") == "https://s3.example/blob"
