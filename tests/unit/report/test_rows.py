from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.filesystem.changes import Change
from layerscope.filesystem.listing import FileRow
from layerscope.report.json import json_text, render_file_lines
from layerscope.report.listing import permissions, render_listing
from layerscope.report.page import ASCII, Page
from layerscope.report.rows import add_path, file_document, rfc3339, safe


def row(path: bytes = b"a", kind: str = "file", **more: Any) -> FileRow:
    known: dict[str, Any] = {
        "mode": 0o644, "uid": 0, "gid": 0, "size": 0, "mtime": (0, 0), "link": b"",
        "device": None, "xattrs": (), "digest": b"", "layer": 0,
    }  # fmt: skip
    return FileRow(path=path, kind=kind, **{**known, **more})


@pytest.mark.parametrize(
    ("seconds", "nanoseconds", "text"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (1_704_067_200, 0, "2024-01-01T00:00:00Z"),
        (1_704_067_200, 120_000_000, "2024-01-01T00:00:00.12Z"),
        (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
        (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
        (253_402_300_800, 0, None),
        (-62_135_596_801, 0, None),
        (2**62, 0, None),
        (-(2**62), 0, None),
    ],
)
def test_times(seconds: int, nanoseconds: int, text: str | None) -> None:
    assert rfc3339(seconds, nanoseconds) == text


@given(st.binary())
def test_paths_keep_their_exact_bytes(path: bytes) -> None:
    document: dict[str, Any] = {}
    add_path(document, "path", path)
    exact = base64.b64decode(document["pathBytes"]) if "pathBytes" in document else document["path"].encode()
    assert exact == path
    assert json_text(document).isascii()


@given(st.text(st.characters()))
def test_safe_text_is_utf8(text: str) -> None:
    assert safe(text).encode("utf-8").decode() == safe(text)
    assert json.loads(json_text({text: [text]})) == {safe(text): [safe(text)]}
    assert json_text({text: [text]}).replace("\n", "").isprintable()


def test_lone_surrogates_do_not_reach_json() -> None:
    assert json_text({"a\ud800": ["\udfff", {"b": "\U0001f642"}]}) == (
        '{\n  "a\\ufffd": [\n    "\\ufffd",\n    {\n      "b": "\\ud83d\\ude42"\n    }\n  ]\n}\n'
    )


def test_what_a_row_becomes() -> None:
    assert file_document(row(mode=0o4755, size=3, digest=b"\x01" * 32, mtime=None)) == {
        "path": "/a",
        "kind": "file",
        "mode": "4755",
        "uid": 0,
        "gid": 0,
        "size": 3,
        "mtime": None,
        "link": None,
        "digest": "sha256:" + "01" * 32,
        "layer": 0,
    }
    assert file_document(row(kind="symlink", link=b"../x"))["link"] == "../x"
    assert file_document(row(kind="hardlink", link=b"x/\xff"))["linkBytes"] == base64.b64encode(b"/x/\xff").decode()
    assert file_document(row(xattrs=((b"user.x", b"\x00"),)))["xattrs"] == {"user.x": "AA=="}
    deleted = file_document(
        row(kind="", mode=None, uid=None, gid=None, mtime=None, change=Change.DELETED, bytes_shipped=7)
    )
    assert (deleted["kind"], deleted["size"], deleted["change"], deleted["bytes"]) == (None, None, "deleted", 7)


def test_lines_are_objects() -> None:
    assert list(render_file_lines([row(), row(b"b")]))[1].startswith('{"path": "/b", ')


@pytest.mark.parametrize(
    ("kind", "mode", "text"),
    [
        ("file", 0o644, "-rw-r--r--"),
        ("file", 0o4755, "-rwsr-xr-x"),
        ("file", 0o2644, "-rw-r-Sr--"),
        ("directory", 0o1777, "drwxrwxrwt"),
        ("symlink", 0o777, "lrwxrwxrwx"),
        ("hardlink", 0o644, "hrw-r--r--"),
        ("character-device", 0o600, "crw-------"),
        ("block-device", 0o660, "brw-rw----"),
        ("fifo", 0o600, "prw-------"),
        ("unknown", 0o600, "?rw-------"),
        ("whiteout", 0, "w---------"),
    ],
)
def test_permissions(kind: str, mode: int, text: str) -> None:
    assert permissions(row(kind=kind, mode=mode)) == text


def test_a_listing_flows() -> None:
    """The first rows come out before the last are asked for."""
    asked = []

    def endless() -> Any:
        for number in range(1_000_000):
            asked.append(number)
            yield row(f"file-{number}".encode())

    listing = render_listing(endless(), Page(), changes=False)
    assert [next(listing) for _ in range(3)][-1].rstrip().endswith("/file-1")
    assert len(asked) <= 2000


def test_an_empty_listing_has_its_titles() -> None:
    assert list(render_listing([], Page(), changes=False)) == ["mode  owner  size  layer  digest  path\n"]


def test_links_and_markers_in_a_listing() -> None:
    shown = "".join(
        render_listing(
            [
                row(b"l", "symlink", link=b"to\x1b"),
                row(b"h", "hardlink", link=b"f"),
                row(b".wh.x", "whiteout"),
                row(b"d", "block-device", device=(8, 1)),
            ],
            Page(glyphs=ASCII),
            changes=False,
        )
    )
    assert "/l -> to\\x1b\n" in shown
    assert "/h link to /f\n" in shown
    assert "/.wh.x  (whiteout)\n" in shown
    assert " 8, 1 " in shown
