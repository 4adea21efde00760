from __future__ import annotations

import pytest

from layerscope.errors import UsageError
from layerscope.filesystem.listing import FileRow
from layerscope.report.selection import arranged, below, matching, normalised


def row(path: str, size: int = 0, kind: str = "file", shipped: int | None = None) -> FileRow:
    return FileRow(
        path.encode("utf-8", "surrogateescape"), kind, 0, 0, 0, size, None, b"", None, (), b"", 0, None, shipped
    )


def names(rows: object) -> list[str]:
    return [item.path.decode("utf-8", "surrogateescape") for item in rows]  # type: ignore[attr-defined]


ROWS = [
    row("etc", kind="directory"),
    row("etc/passwd", 30),
    row("etc/ssl", kind="directory"),
    row("etc/ssl/cert.pem", 10),
    row("etcetera", 20),
    row("raw\udcff.pem", 30),
]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"", b""),
        (b"/", b""),
        (b"//", b""),
        (b"etc/", b"etc"),
        (b"./a/../b", b"b"),
        (b"../../x", b"x"),
        (b"/\xff", b"\xff"),
    ],
)
def test_normalised(path: bytes, found: bytes) -> None:
    assert normalised(path) == found


def test_below() -> None:
    assert names(below(ROWS, b"etc")) == ["etc", "etc/passwd", "etc/ssl", "etc/ssl/cert.pem"]
    assert names(below(ROWS, b"")) == names(ROWS)
    assert names(below(ROWS, b"et")) == []


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (("*.pem",), ["etc/ssl/cert.pem", "raw\udcff.pem"]),
        (("/etc/*", "!passwd"), ["etc/ssl", "etc/ssl/cert.pem"]),
        (("ssl/",), ["etc/ssl", "etc/ssl/cert.pem"]),
        (("passwd/",), []),
        (("**/cert.*",), ["etc/ssl/cert.pem"]),
        (("nothing",), []),
    ],
)
def test_matching(patterns: tuple[str, ...], found: list[str]) -> None:
    assert names(matching(ROWS, patterns)) == found


def test_a_bad_pattern() -> None:
    with pytest.raises(UsageError):
        matching(ROWS, ("!",))


def test_arranged() -> None:
    assert names(arranged(ROWS, None, None)) == names(ROWS)
    assert names(arranged(ROWS, "size", None))[:3] == ["etc/passwd", "raw\udcff.pem", "etcetera"]
    assert names(arranged(ROWS, None, 2)) == ["etc/passwd", "raw\udcff.pem"]
    assert names(arranged(reversed(ROWS), "path", 2)) == ["etc", "etc/passwd"]
    assert names(arranged([row("a", 5, shipped=1), row("b", 0, shipped=9)], "size", None)) == ["b", "a"]
