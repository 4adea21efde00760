"""How a credential was found and whether it works, as a value that JSON has. No secret is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.credentials.credential import shown_key
from layerscope.credentials.expiry import expiry
from layerscope.report.document import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from layerscope.credentials.credential import Credential, Place
    from layerscope.credentials.explanation import Considered, Explanation
    from layerscope.report.document import Document
    from layerscope.sources.registry.certificate import Certificate
    from layerscope.sources.registry.token import TokenStep
    from layerscope.sources.registry.trial import Attempt, EndpointTrial, Trial


def explain_document(explanation: Explanation, trial: Trial | None, remarks: Sequence[str]) -> Document:
    """Everything ``auth explain`` tells; ``attempt`` is null where none was made."""
    reference = explanation.reference
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "explain",
        "image": {
            "reference": str(reference),
            "registry": reference.registry,
            "repository": reference.repository,
        },
        "rules": str(explanation.rules),
        "considered": [_considered(each) for each in explanation.considered],
        "credentials": [credential_document(each) for each in explanation.credentials],
        "blocked": explanation.blocked is not None,
        "attempt": None if trial is None else _trial(trial),
        "remarks": list(remarks),
    }


def credential_document(credential: Credential) -> Document:
    """Who, of what kind, from where; never the secret."""
    ends = expiry(credential)
    return {
        "username": credential.username,
        "kind": str(credential.kind),
        **_place(credential.place),
        "key": shown_key(credential.key),
        "expires": None if ends is None else rfc3339(ends),
    }


def rfc3339(moment: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _place(place: Place) -> Document:
    return {"source": str(place.source), "name": place.name, "file": place.file, "via": place.via}


def _considered(item: Considered) -> Document:
    return {
        **_place(item.place),
        "key": shown_key(item.key),
        "outcome": str(item.outcome),
        "why": item.why,
        "hint": item.hint,
        "credential": None if item.credential is None else credential_document(item.credential),
    }


def _trial(trial: Trial) -> Document:
    return {
        "outcome": str(trial.outcome),
        "digest": trial.digest or None,
        "message": trial.message,
        "hint": trial.hint,
        "endpoints": [_endpoint(each) for each in trial.endpoints],
    }


def _endpoint(endpoint: EndpointTrial) -> Document:
    seen = endpoint.certificate
    return {
        "url": endpoint.url,
        "host": endpoint.host,
        "repository": endpoint.repository,
        "mirror": endpoint.mirror,
        "namedBy": endpoint.named_by,
        "outcome": str(endpoint.outcome),
        "certificate": None if seen is None else _certificate(seen),
        "verified": endpoint.verified,
        "clientCertificate": endpoint.client_certificate,
        "attempts": [_attempt(each) for each in endpoint.attempts],
        "message": endpoint.message,
        "hint": endpoint.hint,
    }


def _certificate(seen: Certificate) -> Document:
    return {
        "subject": seen.subject,
        "issuer": seen.issuer,
        "names": list(seen.names),
        "notBefore": rfc3339(seen.not_before),
        "notAfter": rfc3339(seen.not_after),
        "fingerprint": f"sha256:{seen.fingerprint}",
    }


def _attempt(attempt: Attempt) -> Document:
    return {
        "credential": None if attempt.credential is None else credential_document(attempt.credential),
        "outcome": str(attempt.outcome),
        "offered": list(attempt.offered),
        "tokens": [_token(each) for each in attempt.tokens],
        "method": attempt.method,
        "status": attempt.status,
        "digest": attempt.digest or None,
        "loginTaken": attempt.login_taken,
        "message": attempt.message,
        "hint": attempt.hint,
    }


def _token(step: TokenStep) -> Document:
    return {
        "realm": step.realm,
        "service": step.service,
        "scope": step.scope,
        "method": step.method,
        "status": step.status,
        "lifetimeSeconds": step.lifetime,
    }
