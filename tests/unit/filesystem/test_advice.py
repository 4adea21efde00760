"""Advice: which bytes belong to which, that no byte is in two, that following it saves what it says."""

from __future__ import annotations

import pytest
from making import Item, directory, file, hardlink, layer_of, opaque, symlink, whiteout

from layerscope.filesystem.advice import Advice, AdviceKind, VolumeFrom, advise
from layerscope.filesystem.caches import cache_of
from layerscope.filesystem.stack import stack

TEN, OTHER = b"content of", b"other ten!"


def advised(*layers: list[Item], volumes: tuple[VolumeFrom, ...] = (), worth: int | None = 0) -> list[Advice]:
    indexes = [layer_of(*items) for items in layers]
    shipped = sum(index.file_bytes for index in indexes)
    return list(advise(stack(indexes), volumes, file_bytes=shipped, worth=worth))


def told(advice: list[Advice]) -> list[tuple[str, int, int, int | None, int, tuple[bytes, ...]]]:
    return [(str(item.kind), item.bytes, item.layer, item.buried_by, item.files, item.paths) for item in advice]


def test_deleted_by_a_later_layer() -> None:
    bottom = [
        file("a", TEN),
        file("b", TEN + b"1"),
        directory("d"),
        file("d/c", b"1"),
        directory("o"),
        file("o/x", b"22"),
    ]
    assert told(advised(bottom, [whiteout("a"), whiteout("d"), opaque("o")], [whiteout("b")])) == [
        ("deleted", 13, 0, 1, 3, (b"a", b"o/x", b"d/c")),
        ("deleted", 11, 0, 2, 1, (b"b",)),
    ]


def test_rewritten_but_not_overwritten() -> None:
    assert told(advised([file("a", TEN), file("b", TEN)], [file("a", TEN, 0o755), file("b", OTHER)])) == [
        ("rewritten", 10, 0, 1, 1, (b"a",))
    ]


@pytest.mark.parametrize(
    ("path", "tool", "place"),
    [
        ("var/lib/apt/lists/deb_Packages", "apt", b"var/lib/apt/lists"),
        ("var/cache/apt/archives/x.deb", "apt", b"var/cache/apt"),
        ("var/cache/apk/APKINDEX.tar.gz", "apk", b"var/cache/apk"),
        ("var/cache/dnf/x", "dnf", b"var/cache/dnf"),
        ("root/.cache/pip/http/1", "pip", b"root/.cache/pip"),
        ("home/node/.npm/_cacache/x", "npm", b"home/node/.npm/_cacache"),
    ],
)
def test_caches(path: str, tool: str, place: bytes) -> None:
    assert cache_of(path.encode()) == (tool, place)
    (still_there,) = advised([file(path, TEN)])
    assert told([still_there]) == [("package-cache", 10, 0, None, 1, (place,))]
    assert still_there.tool == tool
    (gone,) = advised([file(path, TEN)], [whiteout(path)])
    assert told([gone]) == told([still_there]), "the later layer is too late"


@pytest.mark.parametrize(
    "path", ["var/lib/apt/listsx/a", "var/lib/apt/lists", "home/.cache/pip", "root", "home", "srv/.cache/pip/x"]
)
def test_no_caches(path: str) -> None:
    assert cache_of(path.encode()) is None
    assert advised([file(path, TEN)]) == []


def test_a_cached_file_with_a_name_elsewhere_would_stay() -> None:
    items = [file("root/.cache/uv/a", TEN), hardlink("app", "root/.cache/uv/a"), file("root/.cache/uv/b", b"1")]
    assert told(advised(items)) == [("package-cache", 1, 0, None, 1, (b"root/.cache/uv",))]
    assert told(advised(items, [whiteout("app"), whiteout("root")])) == [
        ("deleted", 10, 0, 1, 1, (b"root/.cache/uv/a",)),
        ("package-cache", 1, 0, None, 1, (b"root/.cache/uv",)),
    ]


def test_a_cache_is_no_link_to_elsewhere() -> None:
    assert (
        advised([symlink("var", "srv"), directory("srv"), directory("srv/cache"), file("srv/cache/apk/x", TEN)]) == []
    )


def test_duplicates_beyond_the_first() -> None:
    layers = (
        [file("a", TEN), file("b", OTHER), hardlink("linked", "a")],
        [file("c", TEN), file("d", TEN)],
        [file("e", OTHER)],
    )
    assert told(advised(*(list(items) for items in layers))) == [
        ("duplicate", 20, 1, None, 2, (b"c", b"d")),
        ("duplicate", 10, 2, None, 1, (b"e",)),
    ]


def test_below_a_volume_after_its_declaration() -> None:
    layers = [file("data/before", TEN)], [file("data/after", OTHER), file("else", b"1")]
    assert told(advised(*layers, volumes=(VolumeFrom(b"/data/", 1),))) == [("volume", 10, 1, None, 1, (b"data",))]
    assert advised(*layers, volumes=(VolumeFrom(b"/", 0), VolumeFrom(b"/data", 2), VolumeFrom(b"/nowhere", 0))) == []


def test_no_byte_is_advised_upon_twice() -> None:
    """A cache below a VOLUME whose files stand elsewhere too."""
    layers = [file("x", TEN)], [file("var/cache/apk/a", TEN), file("var/b", TEN), file("c", TEN)]
    advice = advised(*layers, volumes=(VolumeFrom(b"/var", 1), VolumeFrom(b"/var/cache", 1)))
    assert sorted(told(advice)) == [
        ("duplicate", 10, 1, None, 1, (b"c",)),
        ("package-cache", 10, 1, None, 1, (b"var/cache/apk",)),
        ("volume", 10, 1, None, 1, (b"var",)),
    ]


@pytest.mark.parametrize(
    ("size", "of", "said"), [(11, 1000, True), (10, 1000, False), (1_000_001, 10**9, True), (10**6, 10**9, False)]
)
def test_what_is_worth_saying(size: int, of: int, said: bool) -> None:
    index = [layer_of(file("a", b"x" * size)), layer_of(whiteout("a"))]
    assert bool(advise(stack(index), file_bytes=of)) == said


def test_kinds_are_spelled_as_the_schema_has_them() -> None:
    assert [str(kind) for kind in AdviceKind] == ["package-cache", "deleted", "rewritten", "duplicate", "volume"]
