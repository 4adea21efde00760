"""Documents as JSON: sorted by their makers, two spaces of indent, ASCII alone, so that no character plays tricks.

The same image gives the same bytes: nothing here speaks of the time or the machine.
"""

from __future__ import annotations

import functools
import json
import re
from itertools import chain, islice
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
    yield head.removesuffix("\n}\n") + ',\n  "files": '
    yield from _pieces(_listed(map(file_document, rows), "\n  "))
    yield "\n}\n"


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
    yield json_text(document).removesuffix("\n  }\n}\n") + ',\n    "changes": '
    changes = (changed_file_document(changed, comparison) for changed in comparison.files.changes)
    yield from _pieces(_listed(changes, "\n    "))
    yield "\n  }\n}\n"


def json_text(value: Any) -> str:
    """``value`` as JSON with a newline at its end."""
    return "".join(json_pieces(value))


def json_pieces(value: Any) -> Iterator[str]:
    """``json_text`` in pieces, never in memory whole. Lone surrogates, which many readers refuse, are replaced."""
    return _pieces(chain(_texts(value, "\n"), "\n"))


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    parts: list[str] = []
    length = 0
    for text in texts:
        parts.append(text)
        length += len(text)
        if length >= _PIECE:
            yield _piece(parts)
            parts, length = [], 0
    yield _piece(parts)


def _piece(parts: list[str]) -> str:
    piece = "".join(parts)
    return _ESCAPES.sub(_without_surrogate, piece) if "\\ud" in piece else piece


def _texts(value: Any, margin: str) -> Iterator[str]:
    """``value`` set as json sets it with ``indent=2``; ``margin`` is a newline and what stands before its lines.

    json's own indentation is written in Python and yields every token. Its C encoder knows none, but takes what stands
    between two items from its caller: so what has only scalars in it, and rows of that, are left to it whole.
    """
    if _is_scalar(value):
        yield _SCALAR(value)
    elif _are_scalars(value.values() if type(value) is dict else value):
        inner = margin + "  "
        text = _encoder(inner).encode(value)
        yield text[0] + inner + text[1:-1] + margin + text[-1]
    elif type(value) is dict:
        inner = margin + "  "
        between = "{" + inner
        for name, each in value.items():
            between += _TEXT(name) + ": "
            if _is_scalar(each):
                yield between + _SCALAR(each)
            else:
                yield between
                yield from _texts(each, inner)
            between = "," + inner
        yield margin + "}"
    else:
        yield from _listed(value, margin)


def _listed(values: Iterable[Any], margin: str) -> Iterator[str]:
    """The text of a list, whose values may come one by one; rows, which are dictionaries of scalars, at once."""
    inner = margin + "  "
    field = inner + "  "
    opening = between = "[" + inner
    values = iter(values)
    while several := list(islice(values, _AT_ONCE)):
        if set(map(type, several)) == {dict} and all(several) and _are_scalars(_fields(several)):
            text = _encoder(field).encode(several)[2:-2]
            # A text of JSON has no newline in its strings: this is where a row ends and the next begins.
            yield between + "{" + field + text.replace("}," + field + "{", inner + "}," + inner + "{" + field)
            yield inner + "}"
            between = "," + inner
            continue
        for each in several:
            yield between
            yield from _texts(each, inner)
            between = "," + inner
    yield "[]" if between == opening else margin + "]"


def _fields(rows: list[dict[str, Any]]) -> Iterable[Any]:
    return chain.from_iterable(map(dict.values, rows))


def _is_scalar(value: Any) -> bool:
    """Or an empty container, which is set like one."""
    return type(value) not in _CONTAINERS or not value


def _are_scalars(values: Iterable[Any]) -> bool:
    return _CONTAINERS.isdisjoint(map(type, values))


@functools.cache
def _encoder(margin: str) -> json.JSONEncoder:
    """Encodes with ``margin`` between two items; for each depth of a document there is one."""
    return json.JSONEncoder(check_circular=False, separators=("," + margin, ": "))


_CONTAINERS = frozenset((dict, list, tuple))
_SCALAR = json.JSONEncoder(check_circular=False).encode
_TEXT = json.encoder.encode_basestring_ascii


def _without_surrogate(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape[1] else escape[0]
