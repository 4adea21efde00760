from __future__ import annotations

from making import file, whiteout
from packaged import analysed, apk, dist, dpkg

from layerscope.compare.packages import PackagesCompared, compare_packages
from layerscope.packages.package import Packages


def compared(before: Packages, after: Packages) -> PackagesCompared:
    found, back = compare_packages(before, after), compare_packages(after, before)
    one, other = (sum(p.squashed_bytes for p in side.all) + side.squashed_unowned_bytes for side in (before, after))
    assert found.bytes == other - one == -back.bytes
    assert sum(tally.bytes for tally in found.tallies.values()) + found.unowned_bytes == found.bytes
    assert sorted(-each.bytes for each in back.changes) == sorted(each.bytes for each in found.changes)
    assert compare_packages(before, before).changes == ()
    return found


def rows(found: PackagesCompared) -> list[tuple[str, str, str | None, str | None, int]]:
    return [
        (
            each.change.value,
            each.package.name,
            each.before and each.before.version,
            each.after and each.after.version,
            each.bytes,
        )
        for each in found.changes
    ]


def test_added_removed_other_version_other_bytes() -> None:
    kept = [file("usr/bin/kept", b"k" * 10), file("usr/share/doc/kept", b"d" * 5)]
    before = analysed(
        [
            *dpkg(
                ("kept", "1", ["usr/bin/kept", "usr/share/doc/kept"]),
                ("gone", "1", ["usr/bin/gone"]),
                ("grown", "1.0", ["usr/bin/grown"]),
                ("same", "1", ["usr/bin/same"]),
            ),
            *kept,
            file("usr/bin/gone", b"12345"),
            file("usr/bin/grown", b"1"),
            file("usr/bin/same", b"s"),
        ]
    )
    after = analysed(
        [
            *dpkg(
                ("kept", "1", ["usr/bin/kept", "usr/share/doc/kept"]),
                ("come", "2", ["usr/bin/come"]),
                ("grown", "1.1", ["usr/bin/grown"]),
                ("same", "1", ["usr/bin/same"]),
            ),
            *kept,
            file("usr/bin/come", b"1234567"),
            file("usr/bin/grown", b"1234"),
            file("usr/bin/same", b"s"),
        ],
        [whiteout("usr/share/doc/kept")],
    )
    assert rows(compared(before, after)) == [
        ("added", "come", None, "2", 7),
        ("removed", "gone", "1", None, -5),
        ("version", "grown", "1.0", "1.1", 3),
        ("resized", "kept", "1", "1", -5),
    ]


def test_another_place_is_the_same_package() -> None:
    one = analysed([*dist("flask", "3.0", ["flask/app.py"]), file("usr/lib/python3/dist-packages/flask/app.py", b"1")])
    place = "srv/venv/lib"
    other = analysed([*dist("flask", "3.0", ["flask/app.py"], at=place), file(f"{place}/flask/app.py", b"1")])
    assert compared(one, other).changes == ()


def test_of_several_each_is_used_once() -> None:
    def installed(*places: tuple[str, str]) -> Packages:
        return analysed([item for version, place in places for item in dist("flask", version, [], at=place)])

    one, other = installed(("1", "a"), ("2", "b"), ("3", "c")), installed(("2", "a"), ("4", "b"))
    found = compared(one, other)
    assert [row[:4] for row in rows(found)] == [("version", "flask", "1", "4"), ("removed", "flask", "3", None)]


def test_kinds_are_kept_apart() -> None:
    one, other = analysed([*dpkg(("curl", "1", []))]), analysed([apk(("curl", "1", []))])
    assert [row[:2] for row in rows(compared(one, other))] == [("added", "curl"), ("removed", "curl")]


def test_what_nobody_owns_is_told_apart() -> None:
    found = compared(analysed([file("srv/a", b"1")]), analysed([file("srv/a", b"123")]))
    assert (found.changes, found.unowned_bytes, found.bytes) == ((), 2, 2)
