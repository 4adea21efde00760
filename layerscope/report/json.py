"""Documents as JSON: sorted by their makers, two spaces of indent, ASCII alone, so that no character plays tricks.

The same image gives the same bytes: nothing here speaks of the time or the machine.
"""

from __future__ import annotations

import functools
import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from layerscope.report.document import (
    SCHEMA_VERSION,
    Document,
    history_document,
    image_document,
    inspection_document,
    skipped_document,
)
from layerscope.report.rows import file_document

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from layerscope.compare.comparison import Comparison, Kind
    from layerscope.filesystem.listing import FileRow
    from layerscope.inspection import ImageReport, Inspection, Skipped
    from layerscope.report.packagechoice import PackageChoice

_ESCAPES = re.compile(r"\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)")
"""The escapes of a JSON text, one by one, so that none is mistaken for another; the first group is a lone surrogate."""
_PIECE = 64 << 10
"""Characters joined to one piece, or a few more: a large document's text is several times its size."""
_AT_ONCE = 256
"""Rows encoded at once."""


def render_inspection(inspection: Inspection) -> Iterator[str]:
    """The document of ``inspect``."""
    yield from json_pieces(inspection_document(inspection))


def render_packages_document(inspection: Inspection, choice: PackageChoice) -> Iterator[str]:
    """The document of ``packages``."""
    from layerscope.report.packagesdocument import packages_document

    yield from json_pieces(packages_document(inspection, choice))


def render_history(inspection: Inspection) -> Iterator[str]:
    """The document of ``history``."""
    yield from json_pieces(history_document(inspection))


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


def render_comparison(comparison: Comparison, kinds: Collection[Kind]) -> Iterator[str]:
    """The document of ``diff``; the files that changed one by one, so that it is never in memory whole."""
    from layerscope.report.diffdocument import changed_file_document, comparison_document

    document = comparison_document(comparison, kinds)
    if not document.get("files"):
        yield from json_pieces(document)
        return
    assert comparison.files is not None
    yield json_text(document).removesuffix("\n  }\n}\n") + ',\n    "changes": ['
    between = "\n"
    for changed in comparison.files.changes:
        yield between + _indented(json_text(changed_file_document(changed, comparison)), 6)
        between = ",\n"
    yield "]\n  }\n}\n" if between == "\n" else "\n    ]\n  }\n}\n"


def json_text(value: Any) -> str:
    """``value`` as JSON with a newline at its end."""
    return "".join(json_pieces(value))


def json_pieces(value: Any) -> Iterator[str]:
    """``json_text`` in pieces, never in memory whole. Lone surrogates, which many readers refuse, are replaced."""
    parts: list[str] = []
    length = 0
    for text in chain(_texts(value, "\n"), "\n"):
        parts.append(text)
        length += len(text)
        if length >= _PIECE or text == "\n":
            piece = "".join(parts)
            yield _ESCAPES.sub(_without_surrogate, piece) if "\\ud" in piece else piece
            parts.clear()
            length = 0


def _texts(value: Any, margin: str) -> Iterator[str]:
    """``value`` set as json sets it with ``indent=2``; ``margin`` is a newline and what stands before its lines.

    json's own indentation is written in Python and yields every token. Its C encoder knows none, but takes what stands
    between two items from its caller: so what has only scalars in it, and rows of that, are left to it whole.
    """
    inner = margin + "  "
    if not value or not isinstance(value, _CONTAINERS):
        yield _encoder("").encode(value)
    elif _are_scalars(value.values() if isinstance(value, dict) else value):
        text = _encoder(inner).encode(value)
        yield text[0] + inner + text[1:-1] + margin + text[-1]
    elif isinstance(value, dict):
        between = "{"
        for name, each in value.items():
            yield between + inner + _encoder("").encode(name) + ": "
            yield from _texts(each, inner)
            between = ","
        yield margin + "}"
    else:
        between = "["
        for several in _runs(value):
            yield between + inner
            yield from _rows(several, inner)
            between = ","
        yield margin + "]"


def _runs(values: Sequence[Any]) -> Iterator[list[Any]]:
    """Lists of rows, as long as may be at once; what is none comes alone."""
    for start in range(0, len(values), _AT_ONCE):
        several = list(values[start : start + _AT_ONCE])
        if all(several) and set(map(type, several)) == {dict} and _are_scalars(_values(several)):
            yield several
        else:
            yield from ([each] for each in several)


def _rows(several: list[Any], margin: str) -> Iterator[str]:
    """A value's text, or that of several rows: dictionaries of scalars."""
    if len(several) == 1:
        yield from _texts(several[0], margin)
        return
    inner = margin + "  "
    text = _encoder(inner).encode(several)[2:-2]
    # A text of JSON has no newline in its strings: this is where a row ends and the next begins.
    yield "{" + inner + text.replace("}," + inner + "{", margin + "}," + margin + "{" + inner) + margin + "}"


def _values(rows: list[dict[str, Any]]) -> Iterable[Any]:
    return chain.from_iterable(map(dict.values, rows))


def _are_scalars(values: Iterable[Any]) -> bool:
    return _CONTAINERS_SET.isdisjoint(map(type, values))


@functools.cache
def _encoder(margin: str) -> json.JSONEncoder:
    """Encodes with ``margin`` between two items; for each depth of a document there is one."""
    return json.JSONEncoder(check_circular=False, separators=("," + margin, ": "))


_CONTAINERS = (dict, list, tuple)
_CONTAINERS_SET = frozenset(_CONTAINERS)


def _without_surrogate(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape[1] else escape[0]


def _indented(text: str, spaces: int) -> str:
    margin = " " * spaces
    return "\n".join(margin + line for line in text.splitlines())
