"""Reading somebody else's file of settings: small, whole, and never trusted to be what it should be."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage, UsageError
from layerscope.oci.jsondoc import parse_object

if TYPE_CHECKING:
    from pathlib import Path

MAX_SETTINGS = 1 << 20


def read_settings(path: Path) -> bytes | None:
    """The file's bytes; None where there is none. UsageError where it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SETTINGS + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise wrong(path, getattr(error, "strerror", None) or str(error)) from None
    if len(data) > MAX_SETTINGS:
        raise wrong(path, f"it has more than {MAX_SETTINGS} bytes")
    return data


def parse_toml(data: bytes, path: Path) -> dict[str, Any]:
    """The document; UsageError says where it is broken."""
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise wrong(path, f"it is not TOML: {error}") from None


def parse_json(data: bytes, path: Path) -> dict[str, Any]:
    """The document; UsageError says what is wrong with it."""
    try:
        return parse_object(data, str(path))
    except InvalidImage as error:
        raise UsageError(error.message, hint=NOT_USED) from None


NOT_USED = "correct the file, or leave all such files alone with --mirror-config none"


def wrong(path: Path, why: str) -> UsageError:
    """A file of settings that cannot be used."""
    return UsageError(f"{path}: {why}", hint=NOT_USED)


def tables(value: Any, path: Path, what: str) -> list[dict[str, Any]]:
    """A list of tables; UsageError where it is anything else. None is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong(path, f"{what} is not a list of tables")
    return value


def strings(value: Any, path: Path, what: str) -> list[str]:
    """A list of strings; UsageError where it is anything else. None is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong(path, f"{what} is not a list of strings")
    return value


def flag(table: dict[str, Any], name: str, path: Path) -> bool:
    """A boolean, False where it is absent; UsageError where it is anything else."""
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise wrong(path, f"{name!r} is neither true nor false")
    return value


def text(table: dict[str, Any], name: str, path: Path) -> str:
    """A string, empty where it is absent; UsageError where it is anything else."""
    value = table.get(name, "")
    if not isinstance(value, str):
        raise wrong(path, f"{name!r} is not a string")
    return value
