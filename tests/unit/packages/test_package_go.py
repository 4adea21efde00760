"""Module lists of Go binaries."""

from __future__ import annotations

from making import Item, file
from packaged import analysed, dpkg, go_binary, named

LINES = (
    "path\texample.org/tool/cmd",
    "mod\texample.org/tool\tv1.2.3\th1:abc=",
    "dep\tgolang.org/x/sys\tv0.1.0\th1:abc=",
    "dep\tgolang.org/x/old\tv0.1.0",
    "=>\tgolang.org/x/new\tv0.2.0\th1:abc=",
    "dep\tgolang.org/x/here\tv0.3.0",
    "=>\t../here\t(devel)",
    "build\t-compiler=gc",
)


def binary(path: str, *lines: str, content: bytes = b"") -> Item:
    return file(path, content or go_binary("go1.22.1", *lines), mode=0o755)


def test_the_main_module_owns_the_binary_and_its_dependencies_are_parts() -> None:
    found = analysed([binary("usr/bin/tool", *LINES)])
    main = named(found, "example.org/tool")
    assert (main.kind, main.version, main.location, main.bytes) == ("go", "v1.2.3", b"usr/bin/tool", 70_000)
    parts = {(each.name, each.version, each.bytes, each.within) for each in found.all if each is not main}
    assert parts == {
        ("golang.org/x/sys", "v0.1.0", 0, main.number),
        ("golang.org/x/new", "v0.2.0", 0, main.number),
        ("golang.org/x/here", "(devel)", 0, main.number),
    }


def test_a_binary_of_a_distribution_is_its_packages() -> None:
    found = analysed([binary("usr/bin/tool", *LINES), *dpkg(("tool", "1.2.3-1", ["usr/bin/tool"]))])
    debian = named(found, "tool")
    assert debian.bytes == 70_000
    assert {each.within for each in found.all if each.kind == "go"} == {debian.number}


def test_without_a_main_module_the_path_is_its_name() -> None:
    (found,) = analysed([binary("bin/x", "path\tcommand-line-arguments")]).all
    assert (found.name, found.version) == ("command-line-arguments", "")


def test_a_dependency_that_changes_its_version() -> None:
    found = analysed([binary("bin/x", *LINES)], [binary("bin/x", *LINES[:2], "dep\tgolang.org/x/sys\tv0.2.0")])
    assert named(found, "golang.org/x/sys", "v0.2.0").replaces == "v0.1.0"
    assert named(found, "golang.org/x/new").removed_by == 1
    assert named(found, "example.org/tool").layer_bytes == ((0, 70_000), (1, 70_000))


def test_what_is_not_executable_or_no_such_binary_says_nothing() -> None:
    whole = go_binary("go1.22.1", *LINES)
    pointers = whole.replace(b"buildinf:\x08\x02", b"buildinf:\x08\x00")
    elsewhere = whole.replace(b"\xff Go buildinf:", b"\xff Go Buildinf:")
    contents = [whole.replace(b"\x7fELF", b"\x7fELG"), pointers, elsewhere, b"#!/bin/sh\n" + whole]
    found = analysed([file("data", whole), *(binary(f"x{n}", content=each) for n, each in enumerate(contents))])
    assert found.all == ()
    assert found.unread == ()
