"""What a token server answers: a token, and how long it lives."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage, NotAuthorised, SourceUnreachable
from layerscope.oci.jsondoc import parse_object

if TYPE_CHECKING:
    from layerscope.sources.registry.origin import Origin

MAX_TOKEN_BODY = 1 << 20
LEAST_LIFETIME = 60.0
"""Seconds a token lives where the server does not say, or says less (distribution-spec auth: it never should). One
that ends before costs a 401, after which a new one is fetched."""

_BEARER = re.compile(r"[A-Za-z0-9._~+/=-]+", re.ASCII)
"""What a header can carry as a token (RFC 6750 §2.1)."""


@dataclass(frozen=True, slots=True)
class TokenReply:
    """A token in hand."""

    token: str = field(repr=False)
    lifetime: float
    """Seconds from when it was asked for. ``issued_at`` is not read: it is another machine's clock."""
    refresh_token: str = field(default="", repr=False)
    """For the next time, where the server changes it."""


def read_reply(body: bytes, server: Origin) -> TokenReply:
    """The token in an answer; SourceUnreachable for what is no answer, NotAuthorised for one without a token."""
    try:
        if len(body) > MAX_TOKEN_BODY:
            raise InvalidImage(f"its answer has more than {MAX_TOKEN_BODY} bytes")
        document = parse_object(body, "its answer")
    except InvalidImage as error:
        raise SourceUnreachable(
            f"token server {server} gave no token: {error}",
            hint="what answers there is no token server, or a proxy answers in its place",
        ) from None
    token = document.get("token") or document.get("access_token")
    if not isinstance(token, str) or not is_token(token):
        raise NotAuthorised(
            f"token server {server} gave no token, or one that no header can carry",
            hint="tell the registry's administrator; its token server should refuse, or give a token",
        )
    refresh = document.get("refresh_token")
    return TokenReply(token, _lifetime(document.get("expires_in")), refresh if isinstance(refresh, str) else "")


def is_token(text: str) -> bool:
    """Whether a header can carry this as a bearer token."""
    return bool(_BEARER.fullmatch(text))


def _lifetime(claimed: Any) -> float:
    try:
        seconds = float(claimed)
    except (TypeError, ValueError, OverflowError):
        return LEAST_LIFETIME
    return max(seconds, LEAST_LIFETIME) if math.isfinite(seconds) else LEAST_LIFETIME
