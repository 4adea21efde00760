"""One entry of an ``auths`` map, and the files that hold such maps."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage
from layerscope.oci.jsondoc import MAX_DOCUMENT_BYTES, parse_object

if TYPE_CHECKING:
    from pathlib import Path


class Unusable(Exception):
    """A file or an entry that cannot be used; says why without quoting a secret."""


def read_document(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no file. Unusable where it cannot be read."""
    try:
        with path.open("rb") as file:
            return document(file.read(MAX_DOCUMENT_BYTES + 1))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL in the path
        raise Unusable("no file can have this name") from None


def document(data: bytes) -> dict[str, Any]:
    """A JSON object; Unusable where it is none, in words that quote nothing of it."""
    try:
        return parse_object(data, "it")
    except InvalidImage as error:
        raise Unusable(error.message) from None


def members(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """``holder[name]`` as an object; absent and null are empty."""
    found = holder.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unusable(f"its {name!r} is not an object")
    return found


def text(entry: dict[str, Any], name: str) -> str:
    """``entry[name]`` as text; absent and null are empty."""
    found = entry.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Unusable(f"its {name!r} is not text")
    return found


def decoded(auth: str, *, unpadded: bool = False) -> str:
    """What ``auth`` holds, with Go's base64: line breaks are passed over, padding is needed unless ``unpadded``."""
    bare = auth.replace("\r", "").replace("\n", "")
    try:
        if unpadded:
            if "=" in bare:
                raise binascii.Error
            bare += "=" * (-len(bare) % 4)
        elif len(bare) % 4:
            raise binascii.Error  # which Python's decoder does not mind everywhere
        return base64.b64decode(bare, validate=True).decode()
    except (binascii.Error, ValueError):
        # The exception would carry the secret along.
        raise Unusable("its 'auth' is not the base64 of USER:PASSWORD") from None
