"""The logins of this machine, in the order in which they count: the first that is found is used."""

from __future__ import annotations

import dataclasses
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from layerscope.credentials.containersauth import ContainersAuth, default_files
from layerscope.credentials.dockerconfig import DockerConfig
from layerscope.credentials.dockerenvironment import VARIABLE, DockerEnvironment
from layerscope.credentials.explanation import Explanation, Outcome, Rules, heeded
from layerscope.credentials.helper import Helpers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layerscope.credentials.credential import Credential
    from layerscope.credentials.explanation import Considered
    from layerscope.oci.reference import Reference

log = logging.getLogger(__name__)

AUTH_FILE_VARIABLE = "REGISTRY_AUTH_FILE"


class Store(Protocol):
    """A place that keeps logins."""

    def consider(self, reference: Reference, helpers: Helpers) -> Iterator[Considered]:
        """What it has for this image, best first, and what was looked at on the way; nothing is read before."""


@dataclass(frozen=True, slots=True)
class LocalLogins:
    """Looks into one store after another."""

    stores: tuple[Store, ...]
    helpers: Helpers = field(default_factory=Helpers)
    _told: set[str] = field(default_factory=set, repr=False, compare=False)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, helpers: Helpers | None = None
    ) -> LocalLogins:
        """As Docker and Podman look, Docker first.

        REGISTRY_AUTH_FILE names the one file that counts; else DOCKER_AUTH_CONFIG, Docker's ``config.json``, Podman's
        ``auth.json`` in the run-time and in the configuration directory, ``~/.dockercfg``.
        """
        helpers = helpers or Helpers(environment=environment)
        if file := environment.get(AUTH_FILE_VARIABLE):
            return cls((ContainersAuth(Path(file), option=AUTH_FILE_VARIABLE),), helpers)
        docker = DockerEnvironment(environment.get(VARIABLE, "")), DockerConfig.from_environment(environment)
        return cls((*docker, *default_files(environment)), helpers)

    def find(self, reference: Reference) -> tuple[Credential, ...]:
        """The first login for this image. Stores behind it are not read, and helpers behind it not asked."""
        for each in heeded(self._walk(reference), log, self._told):
            if each.outcome is Outcome.USED and each.credential:
                return (each.credential,)
        return ()

    def explain(self, reference: Reference) -> Explanation:
        """The same, with what would have counted after it; helpers behind the first login are not asked."""
        return Explanation(reference, Rules.LOCAL, tuple(self._walk(reference)))

    def _walk(self, reference: Reference) -> Iterator[Considered]:
        helpers, found = self.helpers, False
        for store in self.stores:
            for each in store.consider(reference, helpers):
                if each.credential and found:
                    yield dataclasses.replace(each, outcome=Outcome.SHADOWED)
                    continue
                yield each
                if each.credential:
                    found = True
                    helpers = dataclasses.replace(self.helpers, refusal="a login is known already")
