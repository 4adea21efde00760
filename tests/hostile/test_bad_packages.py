"""Package databases that lie, are cut, are huge, or mean harm: told, never believed, never a wrong sum, never a crash.

``analysed`` holds the sums of every image it is given.
"""

from __future__ import annotations

import json
import random
import sqlite3
import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from making import file, simple_layout, symlink, tar_of
from packaged import (
    analysed,
    apk,
    dist,
    dpkg,
    go_binary,
    named,
    names,
    rpm_berkeley,
    rpm_header,
    rpm_ndb,
    rpm_sqlite,
)

from layerscope.packages import probe, rpm, stack

HEADERS = [rpm_header("a", "1", "1", ["usr/bin/a"]), rpm_header("b", "1", "1", [f"usr/b/{n}" for n in range(90)])]
STATUS = "var/lib/dpkg/status"
RPM = "var/lib/rpm/"
MEGABYTE = 1 << 20


def sqlite(tmp_path: Path) -> bytes:
    return rpm_sqlite(HEADERS, tmp_path / "database")


@pytest.mark.parametrize("cut", [1, 10, 60, 100])
def test_a_cut_status_keeps_what_is_whole(cut: int) -> None:
    (status, *_) = dpkg(("a", "1", []), ("b", "2", []))
    found = analysed([file(STATUS, status.content[:-cut])])
    assert names(found)[0] == "a"


def test_paragraphs_that_are_no_package_are_noted() -> None:
    found = analysed([file(STATUS, b"Package: a\nVersion: 1\n\nPackage: lost\n\n\x00\xff\xfe\n\nVersion: 2\n")])
    assert names(found) == ["a"]
    assert found.notes == ((0, "/var/lib/dpkg/status: 3 of its paragraphs are no package"),)


def test_a_broken_package_json_is_noted_and_no_package() -> None:
    found = analysed([file("node_modules/x/package.json", b'{"name": "x",'), file("node_modules/x/index.js", b"12345")])
    assert found.all == ()
    assert found.unread == ()
    assert found.notes == ((0, "/node_modules/x/package.json: it is no JSON"),)


def test_nuls_escapes_and_bytes_that_are_no_text() -> None:
    found = analysed(
        [
            file(STATUS, b"Package: a\0\x1b[2J\xff\nVersion: 1\n"),
            file("node_modules/x/package.json", b'{"name": "x\\ud800", "version": "\\u202e1"}'),
            file("node_modules/y/package.json", '{"name": "\\u0000", "version": "1"}'.encode("utf-16")),
        ]
    )
    assert {each.name for each in found.all} == {"a\0\x1b[2J\\xff", "x?", "\0"}


def test_a_database_that_is_too_large_is_told() -> None:
    found = analysed([*dpkg(("a", "1", [])), file("opt/" + STATUS, b"\n" * (16 * MEGABYTE + 1))])
    assert [(each.path, each.reason) for each in found.unread] == [
        (b"opt/var/lib/dpkg/status", "it is larger than 16777216 bytes")
    ]
    assert names(found) == ["a"]


def test_a_database_of_rpms_that_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpm, "_MAX_DATABASE", 1000)
    (unread,) = analysed([file(RPM + "Packages.db", rpm_ndb(HEADERS))]).unread
    assert unread.reason == "it is larger than 1000 bytes"


def test_no_room_for_a_copy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    (unread,) = analysed([file(RPM + "Packages.db", rpm_ndb(HEADERS))]).unread
    assert unread.reason == "no temporary copy of it can be made: No such file or directory"


def test_more_than_a_layer_may_say_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_MAX_TEXT", 200)
    found = analysed([*dpkg(("a", "1", ["x" * 100]), ("b", "1", ["y" * 100])), file("x" * 100, b"12345")])
    assert [each.path for each in found.unread] == [b"var/lib/dpkg/info/b.list"]
    assert named(found, "a").bytes == 5


def test_more_paths_than_memory_should_hold_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "MAX_LISTED_BYTES", 150)
    found = analysed([*dpkg(("a", "1", ["x" * 100]), ("b", "1", ["y" * 100])), file("y" * 100, b"12345")])
    assert [each.reason for each in found.unread] == ["more than 150 bytes of paths are listed"]
    assert named(found, "b").bytes == 0


def test_one_directory_meant_by_a_million_files_takes_no_terabyte() -> None:
    database = b"P:a\nV:1\nF:" + b"d" * 4000 + b"\n" + b"R:x\n" * 3_000_000
    tracemalloc.start()
    try:
        (unread,) = analysed([file("lib/apk/db/installed", database)]).unread
        assert tracemalloc.get_traced_memory()[1] < 600 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert unread.reason == "it lists too many paths"


def test_the_same_in_an_rpm_header() -> None:
    header = rpm_header("a", "1", "1", ["d" * 4000 + f"/{n}" for n in range(20_000)])
    (unread,) = analysed([file(RPM + "Packages.db", rpm_ndb([header]))]).unread
    assert unread.reason == "a package in it lists too many paths"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (STATUS, b"Package:" + b" " * 2_000_000 + b"x\n" + b"\n" * 1_000_000),
        (STATUS, b"\n \t" * 1_000_000),
        ("x.dist-info/METADATA", b"Name:" + b"\t" * 2_000_000),
        ("x.dist-info/RECORD", b'"' * 2_000_000),
        ("var/lib/dpkg/info/a.list", b"/a\n" * 1_000_000),
        ("var/lib/dpkg/status.d/a.md5sums", b"0" * 32 + b" *" * 1_000_000),
        ("lib/apk/db/installed", b"\n" * 3_000_000),
        ("node_modules/x/package.json", b"[" * 3_000_000),
        ("node_modules/x/package.json", b'{"a": ' + b"9" * 1_000_000 + b"}"),
    ],
)
def test_nothing_takes_more_than_linear_time(path: str, content: bytes) -> None:
    start = time.process_time()
    analysed([file(path, content)])
    assert time.process_time() - start < 10


def test_loops_and_climbing_paths_lead_nowhere() -> None:
    found = analysed(
        [
            symlink("loop", "loop/loop"),
            symlink("one", "two"),
            symlink("two", "one"),
            symlink("up", "../../../../.."),
            *dpkg(("a", "1", ["loop/loop/x", "one/x", "up/" * 300 + "x", "../" * 500 + "x", "./" * 1000 + "y"])),
            file("x", b"12345"),
            file("y", b"123"),
        ]
    )
    assert named(found, "a").bytes == 8


def test_a_path_longer_than_any_is_nobodys() -> None:
    found = analysed([*dpkg(("a", "1", ["x/" * 100_000 + "y", "z"])), file("z", b"1")])
    assert named(found, "a").bytes == 1


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE VIEW Packages AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT x AS hnum, x AS blob FROM n",
        "CREATE TABLE Other (hnum, blob)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob TEXT); INSERT INTO Packages VALUES (1, 'text')",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB); INSERT INTO Packages VALUES (1, x'00')",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS (zeroblob(999999999)) VIRTUAL);"
        "INSERT INTO Packages (hnum) VALUES (1)",
        "CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)",
    ],
)
def test_an_sqlite_database_with_a_schema_of_its_own(schema: str, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "db")
    try:
        database.executescript(schema)
    except sqlite3.OperationalError as error:
        pytest.fail(str(error))
    database.close()
    (unread,) = analysed([file(RPM + "rpmdb.sqlite", (tmp_path / "db").read_bytes())]).unread
    assert unread.path == b"var/lib/rpm/rpmdb.sqlite"


def test_a_query_that_would_never_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("layerscope.packages.rpmdatabase._MAX_STEPS", 1)
    database = rpm_sqlite([rpm_header(f"p{n}", "1", "1", []) for n in range(2000)], tmp_path / "db")
    (unread,) = analysed([file(RPM + "rpmdb.sqlite", database)]).unread
    assert unread.reason == "it is no whole SQLite database: interrupted"


@pytest.mark.parametrize("name", ["rpmdb.sqlite", "Packages.db", "Packages"])
@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"SQLite format 3\0" * 300, b"RpmP" + b"\xff" * 5000], ids=len)
def test_what_is_no_database(name: str, content: bytes) -> None:
    found = analysed([file(RPM + name, content)])
    assert found.all == ()
    assert len(found.unread) == 1


def test_databases_that_point_at_themselves() -> None:
    chain = bytearray(rpm_berkeley([rpm_header("b", "1", "1", [f"u/{n}" for n in range(300)])]))
    struct.pack_into("<I", chain, 512 * 2 + 16, 2)  # the first overflow page follows itself
    blobs = bytearray(rpm_ndb(HEADERS))
    struct.pack_into("<I", blobs, 32 + 8, 0xFFFFFFFF)
    for name, content in (("Packages", bytes(chain)), ("Packages.db", bytes(blobs))):
        (unread,) = analysed([file(RPM + name, content)]).unread
        assert "a package in it is" in unread.reason or unread.reason in ("it is cut", "a header in it is damaged")


def test_binaries_that_lie_about_themselves() -> None:
    whole = bytearray(go_binary("go1.22", "path\tx", "mod\tx\tv1"))
    many, far, loud = (bytearray(whole) for _ in range(3))
    struct.pack_into("<H", many, 56, 0xFFFF)
    struct.pack_into("<QQ", far, 64 + 8, 0, 0)
    struct.pack_into("<Q", far, 64 + 32, (1 << 64) - 1)
    loud[4096 + 64 + 32 : 4096 + 64 + 41] = b"\xff" * 9
    found = analysed([file(f"x{n}", bytes(each), mode=0o755) for n, each in enumerate((whole, many, far, loud))])
    assert [each.location for each in found.all if each.location == b"x0"] == [b"x0"]


@pytest.mark.parametrize("seed", range(40))
def test_bytes_turned_at_random(seed: int, tmp_path: Path) -> None:
    """Whatever comes of it, it is no exception, and ``analysed`` holds the sums."""
    chance = random.Random(seed)
    wholes = {
        RPM + "rpmdb.sqlite": sqlite(tmp_path),
        RPM + "Packages.db": rpm_ndb(HEADERS),
        RPM + "Packages": rpm_berkeley(HEADERS),
        STATUS: dpkg(("a", "1", []))[0].content,
        "lib/apk/db/installed": apk(("a", "1", ["usr/bin/a"])).content,
        "a-1.dist-info/METADATA": dist("a", "1", [])[0].content,
        "node_modules/a/package.json": b'{"name": "a", "version": "1"}',
        "usr/bin/a": go_binary("go1.22", "path\tx", "mod\tx\tv1", "dep\ty\tv1"),
    }
    layer = []
    for path, whole in wholes.items():
        content = bytearray(whole[: chance.randrange(len(whole) + 1)] if chance.random() < 0.3 else whole)
        for _ in range(chance.choice((1, 5, 50))):
            if content:
                content[chance.randrange(min(len(content), 6000))] = chance.randrange(256)
        layer.append(file(path, bytes(content), mode=0o755))
    analysed(layer, layer)


def test_the_command_tells_what_it_could_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from layerscope.cli.app import run

    layer = tar_of(*dpkg(("\x1b[31ma", "1\n", ["x"])), file("x", b"12345"), file(RPM + "Packages", b"no"))
    image = str(simple_layout(tmp_path / "layout", layer))
    for options in ((), ("--layer", "0"), ("--format", "markdown")):
        assert run(["packages", image, "--no-cache", "--quiet", *options]) == 0
        shown = capsys.readouterr().out
        assert "\x1b" not in shown
        assert "it is cut" in shown
    assert run(["packages", image, "--no-cache", "--quiet", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["complete"] is False
    assert document["skipped"] == [{"layer": 0, "path": "/var/lib/rpm/Packages", "reason": "it is cut"}]
    assert document["totals"]["fileBytes"] == document["totals"]["ownedBytes"] + document["totals"]["unownedBytes"]
