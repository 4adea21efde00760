"""Documents as JSON: sorted by their makers, two spaces of indent, ASCII alone, so that no character plays tricks.

The same image gives the same bytes: nothing here speaks of the time or the machine.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from layerscope.report.document import (
    SCHEMA_VERSION,
    Document,
    history_document,
    image_document,
    inspection_document,
    skipped_document,
)
from layerscope.report.rows import file_document, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from layerscope.filesystem.listing import FileRow
    from layerscope.inspection import ImageReport, Inspection, Skipped

_SURROGATE = re.compile(r"\\ud[89a-f]")
"""The escape of a surrogate, alone or in a pair."""


def render_inspection(inspection: Inspection) -> Iterator[str]:
    """The document of ``inspect``."""
    yield json_text(inspection_document(inspection))


def render_history(inspection: Inspection) -> Iterator[str]:
    """The document of ``history``."""
    yield json_text(history_document(inspection))


def render_files(
    rows: Iterable[FileRow], image: ImageReport, *, listed: Document, skipped: Sequence[Skipped] = ()
) -> Iterator[str]:
    """The document of ``files``, row by row: it is never in memory whole. ``listed`` says what was asked for."""
    head = json_text(
        {
            "schemaVersion": SCHEMA_VERSION,
            "kind": "files",
            "complete": not skipped,
            "image": image_document(image),
            **listed,
            "skipped": [skipped_document(item) for item in skipped],
        }
    )
    yield head.removesuffix("\n}\n") + ',\n  "files": ['
    between = "\n"
    for row in rows:
        yield between + _indented(json_text(file_document(row)), 4)
        between = ",\n"
    yield "]\n}\n" if between == "\n" else "\n  ]\n}\n"


def render_file_lines(rows: Iterable[FileRow]) -> Iterator[str]:
    """One JSON object a line and file."""
    encode = json.JSONEncoder(check_circular=False).encode
    return (encode(file_document(row)) + "\n" for row in rows)


def json_text(value: Any) -> str:
    """``value`` as JSON with a newline at its end."""
    text = json.dumps(value, indent=2, check_circular=False) + "\n"
    if _SURROGATE.search(text):
        text = json.dumps(_clean(value), indent=2, check_circular=False) + "\n"
    return text


def _clean(value: Any) -> Any:
    """``value`` without lone surrogates, which JSON can write and many readers refuse."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {safe(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _indented(text: str, spaces: int) -> str:
    margin = " " * spaces
    return "\n".join(margin + line for line in text.splitlines())
