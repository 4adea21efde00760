"""Reading JSON that a stranger wrote: bounded in size and depth, with typed access that names what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

from layerscope.errors import InvalidImage

MAX_DOCUMENT_BYTES = 4 << 20
"""Manifests, indexes and configs above this are refused, as registries and peers do."""
MAX_DEPTH = 64
"""No document of the OCI specs nests deeper than a dozen levels."""

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def _check_depth(data: bytes, what: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(data):
        first = data[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidImage(f"{what} nests deeper than {MAX_DEPTH} levels", hint="no valid image document does")
        elif first in b"]}":
            depth -= 1


def parse_object(data: bytes, what: str) -> dict[str, Any]:
    """Parse ``data`` as one JSON object; InvalidImage names ``what`` otherwise."""
    value = parse_value(data, what)
    if not isinstance(value, dict):
        raise InvalidImage(f"{what} is JSON, but not an object")
    return value


def parse_value(data: bytes, what: str) -> Any:
    """Parse ``data`` as JSON of any kind within the size and depth limits."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InvalidImage(
            f"{what} is {len(data)} bytes; the limit is {MAX_DOCUMENT_BYTES}",
            hint="a manifest, index or config this large is refused by registries too",
        )
    _check_depth(data, what)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidImage(f"{what} is not JSON: {error}") from error


def get_object(holder: dict[str, Any], key: str, what: str) -> dict[str, Any]:
    """``holder[key]`` as an object; absent and null are empty."""
    value = holder.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidImage(f"{what}: {key!r} is not an object")
    return value


def get_list(holder: dict[str, Any], key: str, what: str) -> list[Any]:
    """``holder[key]`` as a list; absent and null are empty."""
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidImage(f"{what}: {key!r} is not a list")
    return value


def get_str(holder: dict[str, Any], key: str, what: str) -> str:
    """``holder[key]`` as text; absent and null are empty."""
    value = holder.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidImage(f"{what}: {key!r} is not a string")
    return value


def get_strings(holder: dict[str, Any], key: str, what: str) -> tuple[str, ...]:
    """``holder[key]`` as a list of text; a lone string counts as a list of one (Docker writes both)."""
    value = holder.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidImage(f"{what}: {key!r} is not a list of strings")
    return tuple(value)


def get_string_map(holder: dict[str, Any], key: str, what: str) -> dict[str, str]:
    """``holder[key]`` as a map of text to text, sorted by key; null values become empty text."""
    value = get_object(holder, key, what)
    if not all(item is None or isinstance(item, str) for item in value.values()):
        raise InvalidImage(f"{what}: {key!r} has a value that is not a string")
    return {name: value[name] or "" for name in sorted(value)}
