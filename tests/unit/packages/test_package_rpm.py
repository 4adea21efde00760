"""rpm's three databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import file
from packaged import analysed, named, rpm_berkeley, rpm_header, rpm_ndb, rpm_sqlite

LONG = [f"usr/share/long/{number:04}" for number in range(200)]
HEADERS = [
    rpm_header("bash", "5.2", "1.el9", ["usr/bin/bash", "etc/bashrc"]),
    rpm_header("gpg-pubkey", "1", "2", []),
    rpm_header("dbus", "1.12", "8.el9", LONG, epoch=1),
]


@pytest.mark.parametrize("at", ["var/lib/rpm", "usr/lib/sysimage/rpm"])
@pytest.mark.parametrize("name", ["rpmdb.sqlite", "Packages.db", "Packages"])
def test_every_database_says_the_same(name: str, at: str, tmp_path: Path) -> None:
    content = {
        "rpmdb.sqlite": lambda: rpm_sqlite(HEADERS, tmp_path / "db"),
        "Packages.db": lambda: rpm_ndb(HEADERS),
        "Packages": lambda: rpm_berkeley(HEADERS),
    }[name]()
    found = analysed([file(f"{at}/{name}", content), file("usr/bin/bash", b"12345"), file(LONG[7], b"123")])
    assert not found.unread
    assert [(each.kind, each.name, each.version, each.architecture, each.bytes) for each in found.all] == [
        ("rpm", "bash", "5.2-1.el9", "noarch", 5),
        ("rpm", "dbus", "1:1.12-8.el9", "noarch", 3),
    ]
    assert {each.location for each in found.all} == {at.encode()}


def test_a_database_of_another_kind_in_its_place_brings_nothing(tmp_path: Path) -> None:
    """As rpmdb --rebuilddb converts it."""
    found = analysed(
        [file("var/lib/rpm/Packages", rpm_berkeley(HEADERS))],
        [file("var/lib/rpm/.wh.Packages"), file("var/lib/rpm/rpmdb.sqlite", rpm_sqlite(HEADERS, tmp_path / "db"))],
    )
    assert named(found, "bash").layer == 0
    assert found.layers[1].added == found.layers[1].removed == ()


def test_what_sqlite_has_not_taken_over_yet_is_noted(tmp_path: Path) -> None:
    database = file("var/lib/rpm/rpmdb.sqlite", rpm_sqlite(HEADERS, tmp_path / "db"))
    assert not analysed([database, file("var/lib/rpm/rpmdb.sqlite-wal")]).notes
    ((layer, note),) = analysed([database, file("var/lib/rpm/rpmdb.sqlite-wal", b"x")]).notes
    assert layer == 0
    assert note.startswith("/var/lib/rpm/rpmdb.sqlite-wal: ")
