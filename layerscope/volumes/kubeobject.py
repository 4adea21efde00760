"""Looking into Kubernetes objects that strangers wrote: whatever has another type than it should is not there."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def at(value: Any, *keys: str) -> Any:
    """What is below ``keys``; None where the way there ends."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text(value: Any, key: str) -> str:
    """``value[key]`` if it is text, else empty."""
    found = at(value, key)
    return found if isinstance(found, str) else ""


def listed(value: Any) -> list[Object]:
    """The objects in a list; empty for what is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strings(value: Any) -> tuple[str, ...]:
    """The texts in a list; empty for what is none."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def name_of(value: Object) -> str:
    """``metadata.name``."""
    return text(at(value, "metadata"), "name")


def namespace_of(value: Object) -> str:
    """``metadata.namespace``; empty where the object leaves it to whoever applies it."""
    return text(at(value, "metadata"), "namespace")
