"""What a certificate says, and what a hostile one may not do."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from layerscope.sources.registry.certificate import MAX_NAMES, parse_certificate

BEGIN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
END = BEGIN + timedelta(days=10)


def made(subject: str, issuer: str, names: list[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, _validate=False)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(item) for item in names]), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_the_facts() -> None:
    certificate = parse_certificate(made("a", "b", ["x.test", "*.y.test"]))
    assert certificate is not None
    assert str(certificate) == (
        "subject CN=a; issuer CN=b; names x.test, *.y.test; valid 2026-01-02 03:04 to 2026-01-12 03:04 UTC"
    )
    assert not certificate.self_signed
    assert certificate.wrong_time(BEGIN) == certificate.wrong_time(END) == ""
    assert certificate.wrong_time(BEGIN - timedelta(1)) == "it is good only from 2026-01-02 03:04 UTC on"
    assert certificate.wrong_time(END + timedelta(1)) == "it expired on 2026-01-12 03:04 UTC"


@pytest.fixture
def odd() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made("a\x1b[31m\r\nb\u202ec", "d" * 5000, [f"{n}.test" for n in range(1000)])


def test_hostile_text_stays_on_its_line_and_short(odd: bytes) -> None:
    certificate = parse_certificate(odd)
    assert certificate is not None
    assert str(certificate).isprintable()
    assert len(certificate.issuer) < 300
    assert len(certificate.names) == MAX_NAMES


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x82\xff\xff" + b"\x00" * 500, made("a", "a", [])[:-40]])
def test_what_is_no_certificate(der: bytes) -> None:
    assert parse_certificate(der) is None
