"""What comes and goes with each layer."""

from __future__ import annotations

from making import file, hardlink, opaque, whiteout
from packaged import analysed, apk, dist, dpkg, named, names

from layerscope.packages.package import Packages, Stay

STATUS = whiteout("var/lib/dpkg/status")


def changes(packages: Packages, layer: int) -> list[list[str]]:
    state = packages.layers[layer]
    return [[packages.all[number].name for number in found] for found in (state.added, state.changed, state.removed)]


def test_added_changed_and_removed() -> None:
    found = analysed(
        [*dpkg(("a", "1", []), ("b", "1", []))],
        [*dpkg(("a", "2", []), ("b", "1", []), ("c", "1", []))],
        [*dpkg(("a", "2", []))],
    )
    assert [changes(found, layer) for layer in range(3)] == [
        [["a", "b"], [], []],
        [["c"], ["a"], []],
        [[], [], ["b", "c"]],
    ]
    new = named(found, "a", "2")
    assert (new.layer, new.first_seen, new.replaces, new.removed_by) == (1, 0, "1", None)
    old = named(found, "a", "1")
    assert (old.layer, old.first_seen, old.replaces, old.removed_by) == (0, 0, None, 1)
    assert names(found) == ["a"]


def test_brought_by_is_the_last_arrival() -> None:
    found = analysed([*dpkg(("a", "1", []))], [*dpkg()], [*dpkg(("a", "1", []))], [*dpkg(("a", "1", []))])
    package = named(found, "a")
    assert (package.layer, package.first_seen) == (2, 0)
    assert package.stays == (Stay(0, 1), Stay(2, None))


def test_a_rewritten_database_brings_nothing() -> None:
    found = analysed([*dpkg(("a", "1", ["x"])), file("x", b"123")], [*dpkg(("a", "1", ["x"]))], [file("unrelated")])
    assert named(found, "a").stays == (Stay(0, None),)
    assert changes(found, 1) == changes(found, 2) == [[], [], []]


def test_a_deleted_database_ends_what_it_said() -> None:
    for marker in (STATUS, whiteout("var/lib/dpkg"), whiteout("var"), opaque("var/lib"), opaque("")):
        found = analysed([*dpkg(("a", "1", []))], [marker])
        assert named(found, "a").removed_by == 1


def test_a_database_that_is_no_file_any_more_says_nothing() -> None:
    found = analysed([*dpkg(("a", "1", []))], [file("var/lib/dpkg")])
    assert named(found, "a").removed_by == 1


def test_python_changes_its_version_with_its_directory() -> None:
    site = "usr/lib/python3/dist-packages"
    found = analysed(
        [*dist("flask", "2", [])],
        [whiteout(f"{site}/flask-2.dist-info"), *dist("flask", "3", [])],
    )
    assert changes(found, 1) == [[], ["flask"], []]
    assert named(found, "flask", "3").replaces == "2"
    assert named(found, "flask", "3").first_seen == 0


def test_removed_packages_keep_their_bytes() -> None:
    found = analysed(
        [*dpkg(("a", "1", ["x"])), file("x", b"12345")],
        [*dpkg(), whiteout("x"), whiteout("var/lib/dpkg/info/a.list")],
    )
    package = named(found, "a")
    assert (package.bytes, package.squashed_bytes, package.removed_by) == (5, 0, 1)


def test_the_same_file_under_two_names_is_read_under_both() -> None:
    """As stores of packages link what is equal."""
    package = b'{"name": "a", "version": "1"}'
    found = analysed(
        [
            file("one/node_modules/a/package.json", package),
            hardlink("two/node_modules/a/package.json", "one/node_modules/a/package.json"),
        ]
    )
    assert [each.location for each in found.all] == [b"one/node_modules/a", b"two/node_modules/a"]


def test_distroless_has_a_file_for_each_package() -> None:
    status = b"Package: tzdata\nVersion: 2024a-0\nArchitecture: all\nDescription: x\n"
    sums = b"0123456789abcdef0123456789abcdef  usr/share/zoneinfo/UTC\n"
    found = analysed(
        [
            file("var/lib/dpkg/status.d/tzdata", status),
            file("var/lib/dpkg/status.d/tzdata.md5sums", sums),
            file("usr/share/zoneinfo/UTC", b"12345"),
        ],
        [file("var/lib/dpkg/status.d/base-files", b"Package: base-files\nVersion: 12\n\n")],
    )
    assert [(each.name, each.layer, each.bytes) for each in found.all] == [("base-files", 1, 0), ("tzdata", 0, 5)]


def test_apk() -> None:
    found = analysed(
        [
            apk(("musl", "1.2.5-r0", ["lib/ld-musl-x86_64.so.1"]), ("empty", "0-r0", [])),
            file("lib/ld-musl-x86_64.so.1", b"12345"),
        ],
        [apk(("musl", "1.2.5-r1", ["lib/ld-musl-x86_64.so.1"])), file("lib/ld-musl-x86_64.so.1", b"123")],
    )
    assert [(each.name, each.version, each.bytes, each.removed_by) for each in found.all] == [
        ("empty", "0-r0", 0, 1),
        ("musl", "1.2.5-r0", 5, 1),
        ("musl", "1.2.5-r1", 3, None),
    ]


def test_packages_that_are_configured_only_are_not_installed() -> None:
    status = "".join(
        f"Package: {name}\nStatus: {state}\nVersion: 1\n\n"
        for name, state in (("a", "deinstall ok config-files"), ("b", "install ok unpacked"))
    )
    assert names(analysed([file("var/lib/dpkg/status", status.encode())])) == ["b"]
