"""What a cluster refused, and the smallest role that would allow it (RBAC)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_API = "rbac.authorization.k8s.io"
_PLAIN = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One thing that may be allowed or not."""

    verb: str
    """``get`` or ``list``."""
    group: str
    """The API group; empty for the core one."""
    resource: str
    """In the plural: ``secrets``."""
    namespace: str
    """Empty for what belongs to no namespace, or to all."""
    name: str = ""
    """Which one; empty for a list."""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name!r}" if self.name else ""
        return f"{self.verb} {resource}{named}" + (f" in namespace {self.namespace!r}" if self.namespace else "")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the cluster takes us for."""

    username: str
    confirmed: bool
    """Whether the cluster said so (SelfSubjectReview); else it is what the kubeconfig calls us."""

    def __str__(self) -> str:
        return repr(self.username) if self.confirmed else self.username


def grant(permissions: Iterable[Permission], identity: Identity) -> str:
    """The smallest roles that hold ``permissions``, bound to ``identity``: YAML, as ``kubectl apply`` takes it.

    A Role for each namespace, a ClusterRole for what belongs to none; rules name what is to be read where a verb can
    be held to names. A role's own name tells it from others: applying one never takes back what an earlier one gave.
    """
    wanted = sorted(
        set(permissions), key=lambda each: (each.namespace, each.group, each.resource, each.verb, each.name)
    )
    documents = []
    for namespace in dict.fromkeys(each.namespace for each in wanted):
        documents += _role([each for each in wanted if each.namespace == namespace], namespace, identity)
    return "---\n".join(documents)


def _role(permissions: Sequence[Permission], namespace: str, identity: Identity) -> list[str]:
    kind = "Role" if namespace else "ClusterRole"
    facts = "\n".join([identity.username, *map(str, permissions)])
    name = f"layerscope-reader-{hashlib.sha256(facts.encode('utf-8', 'replace')).hexdigest()[:8]}"
    metadata = ["metadata:", f"  name: {name}"] + ([f"  namespace: {_scalar(namespace)}"] if namespace else [])
    rules = ["rules:"]
    for group, resource, verb in dict.fromkeys((each.group, each.resource, each.verb) for each in permissions):
        names = [each.name for each in permissions if (each.group, each.resource, each.verb) == (group, resource, verb)]
        rules += [f"- apiGroups: [{_scalar(group)}]", f"  resources: [{_scalar(resource)}]"]
        if all(names):
            rules.append(f"  resourceNames: [{', '.join(map(_scalar, names))}]")
        rules.append(f"  verbs: [{_scalar(verb)}]")
    subject = ["subjects:", *_subject(identity)]
    reference = ["roleRef:", f"  apiGroup: {_API}", f"  kind: {kind}", f"  name: {name}"]
    role = [f"apiVersion: {_API}/v1", f"kind: {kind}", *metadata, *rules]
    binding = [f"apiVersion: {_API}/v1", f"kind: {kind}Binding", *metadata, *subject, *reference]
    return ["\n".join(lines) + "\n" for lines in (role, binding)]


def _subject(identity: Identity) -> list[str]:
    parts = identity.username.split(":")
    if identity.confirmed and len(parts) == 4 and parts[:2] == ["system", "serviceaccount"]:
        return ["- kind: ServiceAccount", f"  name: {_scalar(parts[3])}", f"  namespace: {_scalar(parts[2])}"]
    name = identity.username if identity.confirmed else "USER"
    return ["- kind: User", f"  apiGroup: {_API}", f"  name: {_scalar(name)}"]


def _scalar(text: str) -> str:
    """A word as it is, everything else in quotes: names come out of a cluster."""
    if _PLAIN.fullmatch(text) and text not in _WORDS:
        return text
    escaped = (
        letter if letter.isprintable() and letter not in '"\\' else f"\\u{ord(letter):04x}" if ord(letter) < 0x10000
        else f"\\U{ord(letter):08x}" for letter in text
    )  # fmt: skip
    return f'"{"".join(escaped)}"'
