"""Until when a credential says it is good, read from its own text and not verified: for an explanation alone."""

from __future__ import annotations

import base64
import binascii
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage
from layerscope.oci.jsondoc import parse_object

if TYPE_CHECKING:
    from layerscope.credentials.credential import Credential

_MAX_TOKEN = 64 << 10


def expiry(credential: Credential) -> datetime | None:
    """The end of a token that is a JWT (RFC 7519 ``exp``), or of a password of Amazon ECR; None where it does not say.

    ECR's passwords are base64 of JSON with ``expiration``. Most passwords say nothing.
    """
    secret = credential.secret
    if len(secret) > _MAX_TOKEN:
        return None
    parts = secret.split(".")
    if len(parts) == 3:
        return _moment(_object(parts[1]), "exp")
    return _moment(_object(secret), "expiration")


def _object(text: str) -> dict[str, Any]:
    """A JSON object in base64 of either alphabet, padded or not; empty where it is none."""
    plain = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return parse_object(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True), "it")
    except (binascii.Error, ValueError, InvalidImage):
        return {}


def _moment(document: dict[str, Any], name: str) -> datetime | None:
    seconds = document.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None
