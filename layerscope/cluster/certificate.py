"""When a certificate ends. The standard library decodes the certificate of a peer alone, never one of a file."""

from __future__ import annotations

import datetime
import ssl

_VERSION, _UTC = 0xA0, 0x17


def expiry(pem: bytes) -> datetime.datetime | None:
    """``notAfter`` of the first certificate in ``pem`` (RFC 5280, 4.1.2.5); None where it cannot be told."""
    start, end = pem.find(b"-----BEGIN CERTIFICATE-----"), pem.find(b"-----END CERTIFICATE-----")
    try:
        der = ssl.PEM_cert_to_DER_cert(pem[start : end + 25].decode("ascii"))
        certificate = _items(der)[0][1]
        fields = [item for item in _items(_items(certificate)[0][1]) if item[0] != _VERSION]
        _serial, _algorithm, _issuer, validity = fields[:4]
        kind, moment = _items(validity[1])[1]
        text = moment.decode("ascii")
        if kind == _UTC:
            text = ("19" if text >= "50" else "20") + text
        return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC)
    except (ValueError, IndexError):
        return None


def _items(der: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of what stands side by side in DER."""
    found, at = [], 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError("cut")
        found.append((tag, der[at : at + length]))
        at += length
    return found
