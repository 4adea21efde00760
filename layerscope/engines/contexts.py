"""The docker CLI's contexts: named endpoints below its settings (docker/cli ``cli/context/store``).

contexts/meta/SHA256-OF-NAME/meta.json
contexts/tls/SHA256-OF-NAME/docker/{ca,cert,key}.pem
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.engines.tls import Tls
from layerscope.errors import InvalidImage, LayerscopeError, UsageError
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES, get_object, get_str, parse_object

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Context:
    """One context's Docker endpoint."""

    name: str
    host: str
    """Empty: the default."""
    tls: Tls | None


@dataclass(frozen=True, slots=True)
class ContextStore:
    """The directory that holds them; None where there is no place for one."""

    directory: Path | None

    def find(self, name: str, origin: str) -> Context:
        """The context called ``name``; ``origin`` says who named it. UsageError lists those that are known.

        The SDK would go on with the local socket where there is no such context, and so look at another engine.
        """
        identity = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        path = self.directory / "meta" / identity / "meta.json" if self.directory else None
        if path is None or self.directory is None or not path.is_file():
            known = ", ".join(["default", *self.names()])
            raise UsageError(
                f"there is no Docker context called {name!r}, which {origin} names", hint=f"there are: {known}"
            )
        host, verify = _read(path)
        tls = Tls.from_directory(self.directory / "tls" / identity / "docker", verify=verify, what=f"context {name!r}")
        return Context(name, host, tls)

    def names(self) -> list[str]:
        """What the contexts are called, apart from the one that is always there."""
        found = []
        for path in self.directory.glob("meta/*/meta.json") if self.directory else ():
            try:
                found.append(get_str(_document(path), "Name", str(path)))
            except LayerscopeError:
                continue  # a broken one is nobody's choice
        return sorted(filter(None, found))


def _read(path: Path) -> tuple[str, bool]:
    """Host, and whether its certificate is to be verified."""
    try:
        endpoints = get_object(_document(path), "Endpoints", str(path))
        if "docker" not in endpoints:
            raise UsageError(f"{path} has no Docker endpoint", hint="choose another context")
        endpoint = get_object(endpoints, "docker", str(path))
        return get_str(endpoint, "Host", str(path)), endpoint.get("SkipTLSVerify") is not True
    except InvalidImage as error:
        raise UsageError(error.message, hint="make the context again with docker context create") from error


def _document(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            return parse_object(file.read(MAX_DOCUMENT_BYTES + 1), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except InvalidImage as error:
        raise UsageError(error.message, hint="make the context again with docker context create") from error
