"""Pull secrets out of a file: manifests of Secrets, or the Docker config that such a Secret holds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from layerscope.cluster.manifests import read_manifests
from layerscope.cluster.secret import secret_of
from layerscope.credentials.pullsecret import DATA_KEYS, DOCKER_CFG, DOCKER_CONFIG_JSON, PullSecret
from layerscope.errors import InvalidImage, UsageError
from layerscope.oci.jsondoc import parse_object

if TYPE_CHECKING:
    from typing import Any

_HINT = "name what 'kubectl get secret NAME -o yaml' writes, or the .dockerconfigjson itself"


def pull_secrets(data: bytes, what: str) -> list[PullSecret]:
    """The Secrets in ``data``, in order, or the one that the bare Docker config makes.

    ``what`` is the file's name, or what to call it. UsageError where there is no Secret in it. Where none of its
    Secrets is a pull secret, all are ``required``; among others those that are none are only remarked upon.
    """
    bare = _bare(data, what)
    if bare is not None:
        return [bare]
    try:
        documents = [each for each in read_manifests(data, what) if each.get("kind") == "Secret"]
        secrets = [secret_of(document, what) for document in documents]
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint or _HINT) from None
    if not secrets:
        raise UsageError(f"{what} holds no Secret", hint=_HINT)
    found = [PullSecret(str(secret), secret.type, secret.data, file=what) for secret in secrets]
    if not any(secret.data.get(DATA_KEYS.get(secret.type, "")) for secret in found):
        return [dataclasses.replace(secret, required=True) for secret in found]
    return found


def _bare(data: bytes, what: str) -> PullSecret | None:
    """A Docker config that stands by itself, of the newer shape (``auths``) or of the older (entries alone)."""
    if data.lstrip()[:1] != b"{":
        return None
    try:
        document: dict[str, Any] = parse_object(data, what)
    except InvalidImage:
        return None  # YAML starts with a brace too; and who reads that says what is wrong
    if "kind" in document or "apiVersion" in document:
        return None
    kind = DOCKER_CONFIG_JSON
    if "auths" not in document and document and all(isinstance(entry, dict) for entry in document.values()):
        kind = DOCKER_CFG
    return PullSecret("", kind, {DATA_KEYS[kind]: data}, file=what, required=True)
