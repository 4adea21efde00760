"""Which token servers a registry may name."""

from __future__ import annotations

import pytest

from layerscope.errors import NotAuthorised
from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.realm import check_realm, is_internal

PUBLIC = Origin.of("https://ghcr.io")
LOOPBACK = Origin.of("http://127.0.0.1:5000")
PRIVATE = Origin.of("https://10.0.0.5:5000")


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        (PUBLIC, "https://ghcr.io/token"),
        (PUBLIC, "https://auth.docker.io/token?x=y"),
        (PUBLIC, "https://tokens.corp.internal:8443/jwt/auth"),
        (PUBLIC, "https://1.1.1.1/token"),
        (LOOPBACK, "http://127.0.0.1:5001/token"),
        (LOOPBACK, "http://localhost:5001/token"),
        (LOOPBACK, "http://[::1]:5001/token"),
        (LOOPBACK, "https://auth.docker.io/token"),
        (PRIVATE, "https://10.0.0.5:8443/token"),
    ],
)
def test_allowed(registry: Origin, realm: str) -> None:
    assert str(check_realm(realm, registry)) in realm


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        (PUBLIC, ""),
        (PUBLIC, "Registry Realm"),
        (PUBLIC, "//host/token"),
        (PUBLIC, "http://ghcr.io/token"),
        (PUBLIC, "http://auth.docker.io/token"),
        (PUBLIC, "ftp://auth.docker.io/token"),
        (PUBLIC, "https://user@auth.docker.io/token"),
        (PUBLIC, "https://ghcr.io@10.0.0.1/token"),
        (PUBLIC, "https://auth.docker.io\\@10.0.0.1/"),
        (PUBLIC, "https://auth.docker.io:notaport/"),
        (PUBLIC, "https://127.0.0.1/token"),
        (PUBLIC, "https://127.1/"),
        (PUBLIC, "https://0/"),
        (PUBLIC, "https://2130706433/"),
        (PUBLIC, "https://0x7f000001/"),
        (PUBLIC, "https://0177.0.0.1/"),
        (PUBLIC, "https://127.0.0.1./"),
        (PUBLIC, "https://127。0。0。1/"),
        (PUBLIC, "https://①⑦②.16.0.1/"),
        (PUBLIC, "https://%31%32%37.0.0.1/"),
        (PUBLIC, "https://localhost/"),
        (PUBLIC, "https://LOCALHOST./"),
        (PUBLIC, "https://tokens.localhost/"),
        (PUBLIC, "https://10.0.0.1/"),
        (PUBLIC, "https://172.16.0.1/"),
        (PUBLIC, "https://192.168.0.1/"),
        (PUBLIC, "https://169.254.169.254/latest/meta-data"),
        (PUBLIC, "https://100.64.0.1/"),
        (PUBLIC, "https://0.0.0.0/"),
        (PUBLIC, "https://[::1]/"),
        (PUBLIC, "https://[::]/"),
        (PUBLIC, "https://[fe80::1]/"),
        (PUBLIC, "https://[fe80::1%25eth0]/"),
        (PUBLIC, "https://[fd00::1]/"),
        (PUBLIC, "https://[::ffff:127.0.0.1]/"),
        (PUBLIC, "https://[::ffff:7f00:1]/"),
        (PUBLIC, "https://[::127.0.0.1]/"),
        (PUBLIC, "https://[64:ff9b::a00:1]/"),
        (PUBLIC, "https://[2002:a00:1::]/"),
        (LOOPBACK, "http://10.0.0.1/token"),
        (PRIVATE, "https://10.0.0.6/token"),
        (PRIVATE, "https://127.0.0.1/token"),
    ],
)
def test_refused(registry: Origin, realm: str) -> None:
    with pytest.raises(NotAuthorised, match="will not ask"):
        check_realm(realm, registry)


def test_a_refusal_shows_no_query_and_no_control_characters() -> None:
    with pytest.raises(NotAuthorised) as caught:
        check_realm("http://x/\x1b[31m?token=canary", PUBLIC)
    assert "canary" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["auth.docker.io", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "localhost.example"]
)
def test_public_hosts(host: str) -> None:
    assert not is_internal(host)
