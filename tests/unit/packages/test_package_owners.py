"""Whose bytes are whose: paths, links, several claims, several layers."""

from __future__ import annotations

from making import directory, file, hardlink, opaque, symlink, whiteout
from packaged import analysed, apk, dist, dpkg, named, names

from layerscope.packages.package import UNOWNED


def test_bytes_are_the_files_and_not_what_the_database_claims() -> None:
    found = analysed([*dpkg(("tool", "1", ["usr/bin/tool", "usr/share/gone"])), file("usr/bin/tool", b"x" * 100)])
    tool = named(found, "tool")
    assert (tool.bytes, tool.squashed_bytes, tool.layer_bytes) == (100, 100, ((0, 100),))
    assert (tool.kind, tool.version, tool.architecture, tool.location) == ("dpkg", "1", "amd64", b"var/lib/dpkg")


def test_usrmerge() -> None:
    """The database writes /bin/sh; the tree has bin -> usr/bin, from a lower layer."""
    found = analysed(
        [directory("usr/bin"), symlink("bin", "usr/bin"), symlink("lib", "usr/lib"), symlink("usr/lib64", "lib")],
        [
            *dpkg(("dash", "1", ["bin/sh", "usr/lib64/../lib/x.so"])),
            file("usr/bin/sh", b"12345"),
            file("lib/x.so", b"123"),
        ],
    )
    assert named(found, "dash").bytes == 8


def test_a_directory_that_becomes_a_link_moves_the_claims() -> None:
    found = analysed(
        [*dpkg(("dash", "1", ["bin/sh"])), file("bin/sh", b"12345")],
        [whiteout("bin"), symlink("bin", "usr/bin"), file("usr/bin/sh", b"1234567")],
        [file("bin/sh", b"123456789")],
    )
    assert named(found, "dash").layer_bytes == ((0, 5), (1, 7), (2, 9))
    assert named(found, "dash").squashed_bytes == 9


def test_a_hard_link_counts_once_and_for_the_owner_of_any_name() -> None:
    found = analysed(
        [
            *dpkg(("perl", "1", ["usr/bin/perl", "usr/bin/perl5"])),
            file("usr/bin/perl", b"12345"),
            hardlink("usr/bin/perl5", "usr/bin/perl"),
        ],
        [
            file("store/content", b"123"),
            hardlink("store/again", "store/content"),
            *dpkg(("perl", "1", ["usr/bin/perl", "usr/bin/perl5", "store/again"])),
        ],
    )
    assert named(found, "perl").layer_bytes == ((0, 5), (1, 3))
    assert named(found, "perl").squashed_bytes == 8


def test_a_link_to_a_lower_layer_gives_its_bytes_there() -> None:
    found = analysed(
        [file("store/content", b"123")],
        [hardlink("usr/bin/tool", "store/content"), *dpkg(("tool", "1", ["usr/bin/tool"]))],
    )
    assert named(found, "tool").layer_bytes == ((0, 3),)
    assert found.layers[0].unowned_bytes == 0


def test_files_rewritten_by_a_later_layer_are_still_the_packages() -> None:
    found = analysed(
        [*dpkg(("tool", "1", ["usr/bin/tool"])), file("usr/bin/tool", b"12345")],
        [file("usr/bin/tool", b"12345", mode=0o755)],
    )
    tool = named(found, "tool")
    assert (tool.layer_bytes, tool.squashed_bytes, tool.layer) == (((0, 5), (1, 5)), 5, 0)


def test_a_database_in_a_later_layer_claims_what_is_still_there() -> None:
    """As apko writes images of several layers."""
    found = analysed(
        [file("usr/bin/kept", b"12345"), file("usr/bin/replaced", b"123")],
        [file("usr/bin/replaced", b"1"), apk(("tool", "1-r0", ["usr/bin/kept", "usr/bin/replaced"]))],
    )
    tool = named(found, "tool")
    assert (tool.layer, tool.layer_bytes) == (1, ((0, 5), (1, 1)))
    assert found.layers[0].unowned_bytes == 3


def test_the_distribution_beats_pip_and_says_so() -> None:
    site = "usr/lib/python3/dist-packages"
    own = [f"{site}/flask/app.py", f"{site}/flask-2.dist-info/METADATA", f"{site}/flask-2.dist-info/RECORD"]
    found = analysed(
        [
            *dist("flask", "2", ["flask/app.py"]),
            file(f"{site}/flask/app.py", b"12345"),
            *dpkg(("python3-flask", "2-1", own)),
        ]
    )
    flask, debian = named(found, "flask"), named(found, "python3-flask")
    assert (flask.bytes, flask.within) == (0, debian.number)
    assert debian.bytes > 5
    assert debian.within is None


def test_who_waits_inherits() -> None:
    """Two packages list a file, as Multi-Arch: same does; the first is removed."""
    both = ["usr/share/doc/copyright"]
    found = analysed(
        [*dpkg(("libc:amd64", "1", both), ("libc:i386", "1", both)), file(*both, b"12345")],
        [*dpkg(("libc:i386", "1", both)), whiteout("var/lib/dpkg/info/libc:amd64.list"), file(*both, b"123")],
    )
    assert named(found, "libc:amd64").layer_bytes == ((0, 5),)
    assert named(found, "libc:i386").layer_bytes == ((1, 3),)
    assert names(found) == ["libc:i386"]


def test_diverted_files_are_found_where_they_are() -> None:
    divert = b"/bin/sh\n/bin/sh.distrib\ndash\n"
    found = analysed(
        [
            *dpkg(("dash", "1", ["bin/sh"]), ("bash", "1", ["bin/sh"])),
            file("var/lib/dpkg/diversions", divert),
            file("bin/sh", b"123"),
            file("bin/sh.distrib", b"12345"),
        ]
    )
    assert (named(found, "dash").bytes, named(found, "bash").bytes) == (3, 5)


def test_npm_packages_own_their_directories_without_those_below() -> None:
    modules = "app/node_modules"
    found = analysed(
        [
            file(f"{modules}/a/package.json", b'{"name": "a", "version": "1"}'),
            file(f"{modules}/a/lib/index.js", b"12345"),
            file(f"{modules}/a/lib/package.json", b'{"type": "module"}'),
            file(f"{modules}/a/node_modules/@s/b/package.json", b'{"name": "@s/b", "version": "2"}'),
            file(f"{modules}/a/node_modules/@s/b/index.js", b"123"),
            file(f"{modules}/.package-lock.json", b"{}"),
            file("app/package.json", b'{"name": "app", "version": "0"}'),
        ]
    )
    sizes = {each.name: each.bytes for each in found.all}
    assert sizes == {"a": 29 + 5 + 18, "@s/b": 32 + 3}
    assert named(found, "@s/b").location == b"app/node_modules/a/node_modules/@s/b"
    assert named(found, "a").squashed_bytes == 52


def test_owners_name_the_package_of_each_entry() -> None:
    found = analysed([file("etc/own", b"1"), *dpkg(("tool", "1", ["usr/bin/tool"])), file("usr/bin/tool", b"12345")])
    owners = list(found.owners[0])
    assert owners[-1] == named(found, "tool").number
    assert set(owners[:-1]) == {UNOWNED}


def test_markers_carry_nothing() -> None:
    found = analysed(
        [*dpkg(("tool", "1", ["d/tool"])), file("d/tool", b"12345")],
        [opaque("d"), file("d/.wh.x", b"not empty")],
    )
    assert found.layers[1].file_bytes == found.layers[1].unowned_bytes == 0
    assert named(found, "tool").squashed_bytes == 0


def test_paths_that_climb_stay_inside() -> None:
    found = analysed(
        [
            symlink("loop", "loop"),
            symlink("out", "../../../etc"),
            *dpkg(("tool", "1", ["../../etc/passwd", "loop/x", "out/shadow", "a//b/./c"])),
            file("etc/passwd", b"12345"),
            file("etc/shadow", b"123"),
            file("a/b/c", b"1"),
        ]
    )
    assert named(found, "tool").bytes == 9


def test_a_link_below_a_link_moves_the_claims_too() -> None:
    found = analysed(
        [symlink("bin", "usr/bin"), *dpkg(("tool", "1", ["usr/bin/d/tool"])), file("usr/bin/d/tool", b"12345")],
        [file("opt/d/tool", b"123"), whiteout("usr/bin/d"), symlink("bin/d", "/opt/d")],
    )
    assert named(found, "tool").layer_bytes == ((0, 5), (1, 3))
    assert named(found, "tool").squashed_bytes == 3
