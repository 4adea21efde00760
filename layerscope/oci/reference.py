"""Image references: ``[DOMAIN/]PATH[:TAG][@DIGEST]`` (distribution/reference grammar and normalisation)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from layerscope.errors import InvalidImage, InvalidReference
from layerscope.oci.digest import Digest

DOCKER_HUB = "docker.io"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?", re.ASCII)
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_BARE_ID = re.compile(r"[a-f0-9]{64}", re.ASCII)
MAX_PATH = 255


@dataclass(frozen=True, slots=True)
class Reference:
    """A normalised reference: always a registry and a repository, a tag or a digest or both."""

    registry: str
    """The registry's name as people write it: ``docker.io``, ``ghcr.io``, ``localhost:5000``."""
    repository: str
    tag: str = ""
    digest: Digest | None = None

    def __str__(self) -> str:
        text = f"{self.registry}/{self.repository}"
        if self.tag:
            text += f":{self.tag}"
        return f"{text}@{self.digest}" if self.digest else text

    @property
    def host(self) -> str:
        """The host[:port] that serves this registry: docker.io is served by registry-1.docker.io."""
        return "registry-1.docker.io" if self.registry == DOCKER_HUB else self.registry

    @property
    def identifier(self) -> str:
        """What a manifest is asked for by: the digest where there is one, else the tag."""
        return str(self.digest) if self.digest else self.tag

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Parse and normalise as Docker does; InvalidReference says which rule was broken."""
        rest, digest = _split_digest(text)
        if _BARE_ID.fullmatch(rest):
            raise _invalid(text, "64 hex digits alone are an image ID, not a name; write NAME@sha256:DIGEST")
        domain, remainder = _split_domain(rest)
        path, tag = _split_tag(remainder, text)
        if not _DOMAIN.fullmatch(domain):
            raise _invalid(text, f"{domain!r} is not a registry host (letters, digits, dots, dashes, [IPv6], :PORT)")
        _check_path(path, text)
        if domain == DOCKER_HUB and "/" not in path:
            path = f"library/{path}"
        if not tag and digest is None:
            tag = "latest"
        return cls(domain, path, tag, digest)


def normalised(name: str) -> str:
    """A name in full as Docker reads it, for comparing; what is no reference stays as it stands."""
    try:
        return str(Reference.parse(name))
    except InvalidReference:
        return name


def _invalid(text: str, rule: str) -> InvalidReference:
    return InvalidReference(
        f"not an image reference: {text[:300]!r}: {rule}",
        hint="a reference is [REGISTRY/]REPOSITORY[:TAG][@DIGEST], such as ghcr.io/org/app:1.2",
    )


def _split_digest(text: str) -> tuple[str, Digest | None]:
    if not text:
        raise _invalid(text, "it is empty")
    if "://" in text:
        raise _invalid(text, "it has a URL scheme; leave 'https://' off")
    name, at, digest = text.partition("@")
    if not at:
        return name, None
    try:
        return name, Digest.parse(digest)
    except InvalidImage as error:
        raise _invalid(text, f"what follows '@' is no digest ({error.hint})") from error


def _split_domain(name: str) -> tuple[str, str]:
    """Docker's rule: the first segment is a registry if it has a dot, a colon or upper case, or is localhost."""
    first, slash, rest = name.partition("/")
    if not slash or not (first == "localhost" or "." in first or ":" in first or first.lower() != first):
        return DOCKER_HUB, name
    return (DOCKER_HUB if first in {"index.docker.io", DOCKER_HUB} else first), rest


def _split_tag(remainder: str, text: str) -> tuple[str, str]:
    path, colon, tag = remainder.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise _invalid(
            text, f"{tag[:140]!r} is not a tag (at most 128 letters, digits, '_', '.', '-', not first '.' or '-')"
        )
    return path, tag


def _check_path(path: str, text: str) -> None:
    if not path:
        raise _invalid(text, "it names no repository")
    if len(path) > MAX_PATH:
        raise _invalid(text, f"the repository is {len(path)} characters long; the limit is {MAX_PATH}")
    if path.lower() != path:
        raise _invalid(text, "the repository must be lower-case")
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            raise _invalid(
                text,
                f"{component!r} is no path component (lower-case letters and digits, joined by '.', '_', '__' or '-')",
            )
