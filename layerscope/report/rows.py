"""One file of a listing as a value that JSON has."""

from __future__ import annotations

import base64
import functools
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from layerscope.filesystem.changes import Change

if TYPE_CHECKING:
    from layerscope.filesystem.listing import FileRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SURROGATE = re.compile("[\ud800-\udfff]")


def file_document(row: FileRow) -> dict[str, Any]:
    """One row: its path, and everything the listing knows of it."""
    document: dict[str, Any] = {}
    add_path(document, "path", b"/" + row.path)
    document["kind"] = row.kind or None
    document["mode"] = None if row.mode is None else f"{row.mode:04o}"
    document["uid"] = row.uid
    document["gid"] = row.gid
    document["size"] = None if row.change is Change.DELETED else row.size
    document["mtime"] = None if row.mtime is None else rfc3339(*row.mtime)
    if row.kind == "symlink":
        add_path(document, "link", row.link)
    elif row.kind == "hardlink":
        add_path(document, "link", b"/" + row.link)
    else:
        document["link"] = None
    if row.device is not None:
        document["device"] = {"major": row.device[0], "minor": row.device[1]}
    if row.xattrs:
        document["xattrs"] = {
            name.decode("utf-8", "backslashreplace"): base64.b64encode(value).decode() for name, value in row.xattrs
        }
    document["digest"] = f"sha256:{row.digest.hex()}" if row.digest else None
    document["layer"] = row.layer
    if row.change is not None:
        document["change"] = str(row.change)
        document["bytes"] = row.bytes_shipped
    if row.cause is not None:
        document["cause"] = str(row.cause)
        document["buriedBy"] = row.buried_by
    return document


def add_path(document: dict[str, Any], name: str, path: bytes) -> None:
    """Put a path under ``name``; where it is not UTF-8, its exact bytes beside it, under the name with ``Bytes``."""
    try:
        document[name] = path.decode()
    except UnicodeDecodeError:
        document[name] = path.decode("utf-8", "replace")
        document[name + "Bytes"] = base64.b64encode(path).decode()


def safe(text: str) -> str:
    """Text that any JSON reader takes: lone surrogates, which no UTF-8 has, are replaced."""
    return _SURROGATE.sub("\ufffd", text)


@functools.lru_cache(maxsize=1024)  # files of a layer often have the same time
def rfc3339(seconds: int, nanoseconds: int) -> str | None:
    """A time in UTC, fractions only where there are any; None for years that RFC 3339 cannot write."""
    try:
        moment = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    except OverflowError:
        return None
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{moment:0>19}{fraction}Z"
