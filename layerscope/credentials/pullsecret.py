"""Kubernetes pull secrets as plain values. Who reads files or a cluster builds them (``layerscope.cli``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKER_CONFIG_JSON = "kubernetes.io/dockerconfigjson"
"""Type of a secret whose ``.dockerconfigjson`` is a Docker config file."""
DOCKER_CFG = "kubernetes.io/dockercfg"
"""Type of a secret whose ``.dockercfg`` is the older file: the map of entries alone."""
DATA_KEYS = {DOCKER_CONFIG_JSON: ".dockerconfigjson", DOCKER_CFG: ".dockercfg"}
"""Where a secret of each type keeps it."""


@dataclass(frozen=True, slots=True)
class PullSecret:
    """A Secret, its ``data`` decoded from base64 once, as the API gives it."""

    origin: str
    """Which secret it is: ``namespace/name`` where it has a name."""
    type: str
    """Its ``type``: only ``DOCKER_CONFIG_JSON`` and ``DOCKER_CFG`` count for the kubelet."""
    data: Mapping[str, bytes] = field(repr=False)
    file: str = ""
    """The file it was read from; empty where it came from a cluster."""
    via: str = ""
    """How it came to count, such as ``service account team/default``; empty where it was named itself."""
    required: bool = False
    """Whether it was named by an option, so that not to be able to use it is an error."""


@dataclass(frozen=True, slots=True)
class UnreadSecret:
    """A secret that should count and could not be read: the kubelet passes over it with a warning."""

    origin: str
    """``namespace/name``."""
    reason: str
    """Why, in words: there is no such secret, or reading it is not allowed."""
    hint: str = ""
    via: str = ""
    """How it came to count, as in ``PullSecret``."""
    required: bool = False
    """Whether that is an error, as in ``PullSecret``."""
