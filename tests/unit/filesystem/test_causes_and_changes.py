"""Each definition of changes and causes, on the smallest stack that shows it."""

from __future__ import annotations

import io
import tarfile

import pytest
from making import Item, device, directory, file, hardlink, layer_of, opaque, symlink, tar_of, whiteout

from layerscope.filesystem.changes import Change
from layerscope.filesystem.stack import Filesystem, stack
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob

BIG = b"content of ten"[:10]
OTHER = b"different!"


def stacked(*layers: list[Item], keep: int | None = None) -> Filesystem:
    return stack([layer_of(*items) for items in layers], keep_changes_of=keep)


def causes(*layers: list[Item]) -> list[tuple[str, str, int, int, int]]:
    return [
        (item.path.decode(), item.cause.value, item.bytes, item.layer, item.buried_by)
        for item in stacked(*layers).reclaimable
    ]


def changes(*layers: list[Item]) -> dict[str, str]:
    """What the last layer changed."""
    return {item.path.decode(): item.change.value for item in stacked(*layers, keep=len(layers) - 1).changed}


@pytest.mark.parametrize(
    ("upper", "cause"),
    [
        ([whiteout("d/f")], "deleted"),
        ([whiteout("d")], "deleted"),
        ([opaque("d")], "opaque"),
        ([opaque("")], "opaque"),
        ([opaque("d"), whiteout("d/f")], "deleted"),
        ([whiteout("d/f"), file("d/f", OTHER)], "deleted"),
        ([file("d/f", OTHER), whiteout("d/f")], "deleted"),
        ([file("d/f", BIG), opaque("d")], "opaque"),
        ([symlink("d/f", "x")], "replaced"),
        ([directory("d/f")], "replaced"),
        ([file("d")], "replaced"),
        ([file("d/f/below")], "replaced"),
        ([file("d/f", OTHER)], "overwritten"),
        ([file("d/f", BIG, mode=0o600)], "rewritten"),
        ([file("d/f", BIG)], "rewritten"),
    ],
)
def test_cause(upper: list[Item], cause: str) -> None:
    assert causes([directory("d"), file("d/f", BIG)], upper) == [("d/f", cause, 10, 0, 1)]


def test_repeated_in_one_layer() -> None:
    assert causes([file("f", BIG), file("f", OTHER)]) == [("f", "repeated", 10, 0, 0)]
    assert causes([file("f", BIG), symlink("f", "x")]) == [("f", "repeated", 10, 0, 0)]
    assert causes([file("d/f", BIG), file("d", OTHER)]) == [("d/f", "replaced", 10, 0, 0)]


def test_content_lives_until_its_last_name_is_gone() -> None:
    base = [file("a", BIG), hardlink("b", "a")]
    assert causes(base, [whiteout("a")]) == []
    assert causes(base, [whiteout("a")], [file("b", OTHER)]) == [("a", "overwritten", 10, 0, 2)]
    assert causes(base, [whiteout("a"), whiteout("b")]) == [("a", "deleted", 10, 0, 1)]
    assert stacked(base).squashed_bytes == 10
    assert stacked(base, [whiteout("a"), hardlink("c", "a"), whiteout("b")]).squashed_bytes == 10
    assert stacked(base, [hardlink("a", "a")]).reclaimable == ()


def test_a_hard_link_prefers_its_own_layer_then_the_tree_before_the_markers() -> None:
    filesystem = stacked([file("a", BIG)], [file("a", OTHER * 2), hardlink("b", "a")])
    assert filesystem.squashed_bytes == 20
    filesystem = stacked([file("a", BIG)], [hardlink("b", "a"), file("a", OTHER * 2)])
    assert filesystem.squashed_bytes == 30
    dangling = stacked([hardlink("b", "nowhere")], [directory("d")], [hardlink("e", "d")])
    assert [(item.layer, item.path, item.reason) for item in dangling.unplaced] == [
        (0, b"b", "dangling hard link to /nowhere"),
        (2, b"e", "dangling hard link to /d"),
    ]


@pytest.mark.parametrize(
    ("upper", "expected"),
    [
        ([file("d/f", BIG)], {}),
        ([file("d/f", OTHER)], {"d/f": "modified"}),
        ([file("d/f", BIG, mode=0o600)], {"d/f": "metadata"}),
        ([file("d/f", BIG, uid=7)], {"d/f": "metadata"}),
        ([file("d/f", BIG, gid=7)], {"d/f": "metadata"}),
        ([file("d/f", BIG, mtime=7)], {"d/f": "metadata"}),
        ([file("d/f", BIG, mtime=0.5)], {"d/f": "metadata"}),
        ([symlink("l", "other")], {"l": "modified"}),
        ([device("c", 1, 4)], {"c": "modified"}),
        ([device("c", 1, 3)], {}),
        ([directory("d", mtime=9)], {}),
        ([directory("d", mode=0o700)], {"d": "metadata"}),
        ([directory("d", uid=5)], {"d": "metadata"}),
        ([directory("l")], {"l": "modified"}),
        ([whiteout("d")], {"d": "deleted", "d/f": "deleted"}),
        ([opaque("d")], {"d/f": "deleted"}),
        ([whiteout("d"), directory("d"), file("d/f", BIG)], {}),
        ([whiteout("d"), file("d/f", OTHER)], {"d/f": "modified"}),
        ([whiteout("absent")], {}),
        ([file("new/deep/f", BIG)], {"new": "added", "new/deep": "added", "new/deep/f": "added"}),
        ([directory("./")], {}),
        ([file("n", BIG), file("n/below")], {"n": "added", "n/below": "added"}),
    ],
)
def test_change(upper: list[Item], expected: dict[str, str]) -> None:
    base = [directory("d"), file("d/f", BIG), symlink("l", "target"), device("c", 1, 3)]
    assert changes(base, upper) == expected


def test_extended_attributes_are_metadata() -> None:
    with_capability = tarfile.TarInfo("f")
    with_capability.size = len(BIG)
    with_capability.pax_headers = {"SCHILY.xattr.security.capability": "\x01\x00\x00\x02"}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(with_capability, io.BytesIO(BIG))
    upper = read_blob(iter([out.getvalue()]), "layer", limits=Limits()).index
    assert upper.xattrs(0) == ((b"security.capability", b"\x01\x00\x00\x02"),)
    filesystem = stack([layer_of(file("f", BIG)), upper])
    assert filesystem.changes[1].metadata.count == 1
    assert filesystem.reclaimable[0].cause == "rewritten"


def test_bytes_of_changes() -> None:
    filesystem = stacked(
        [file("a", BIG), file("b", BIG * 2), file("c", BIG * 3), hardlink("c2", "c")],
        [file("a", OTHER), file("b", BIG * 2, mode=0o600), whiteout("c"), file("new", b"1")],
        [whiteout("c2")],
    )
    second, third = filesystem.changes[1:]
    assert (second.added.bytes, second.modified.bytes, second.metadata.bytes) == (1, 10, 20)
    assert (second.deleted.count, second.deleted.bytes) == (1, 0)  # another name still holds the content
    assert (third.deleted.count, third.deleted.bytes) == (1, 30)


def test_an_opaque_marker_acts_wherever_it_stands_and_never_on_its_own_layer() -> None:
    filesystem = stacked([file("d/old", BIG)], [file("d/new", OTHER), opaque("d")])
    assert [path for path, _ in filesystem.tree.walk()] == [b"d", b"d/new"]


def test_entries_below_a_symlink_land_where_it_points_inside_the_image() -> None:
    for target in ("usr/lib", "/usr/lib", "../../../usr/lib"):
        filesystem = stacked([directory("usr/lib"), symlink("lib", target)], [file("lib/x", BIG)])
        assert filesystem.tree.find(b"usr/lib/x", follow=False) is not None
        assert "parent is a symlink" in filesystem.notes[0][1]
    own = stacked([directory("usr/lib"), symlink("lib", "usr/lib")], [directory("lib"), file("lib/x", BIG)])
    assert own.tree.find(b"usr/lib/x") is None
    assert own.changes[1].modified.count == 1
    loop = stacked([symlink("a", "b"), symlink("b", "a")], [file("a/x", BIG)])
    assert loop.squashed_bytes == 10


def test_duplicates_are_equal_content_of_different_inodes() -> None:
    filesystem = stacked([file("a", BIG), hardlink("b", "a"), file("c", BIG), file("d", BIG), file("e"), file("f")])
    assert filesystem.duplicate_bytes == 20


def test_markers_are_no_paths_and_carry_no_bytes() -> None:
    index = layer_of(
        file(".wh.a", b"12345"),
        file("d/.wh..wh..opq", b"1"),
        directory(".wh..wh.plnk"),
        file(".wh..wh.plnk/1.2", b"123"),
        file(".wh..wh.aufs"),
        file("d/.wh."),
        file("real", b"1"),
    )
    assert (len(index), index.file_bytes) == (7, 1)
    filesystem = stack([index])
    assert [path for path, _ in filesystem.tree.walk()] == [b"real"]
    assert filesystem.notes == ((0, "a whiteout that names nothing is ignored: /d/.wh."),)


def test_unknown_entry_types_are_skipped_and_their_data_passed_over() -> None:
    odd = tarfile.TarInfo("odd")
    odd.type, odd.size = b"Q", 700
    layer = odd.tobuf(tarfile.GNU_FORMAT) + bytes(1024) + tar_of(file("after", b"1"))
    filesystem = stack([read_blob(iter([layer]), "layer", limits=Limits()).index])
    assert [(item.path, item.reason) for item in filesystem.unplaced] == [(b"odd", "unknown entry type")]
    assert filesystem.squashed_bytes == 1


def test_growth_is_linear_in_whiteouts() -> None:
    """A hundred thousand whiteouts are a matter of seconds, not of hours: one cumulative stack."""
    base = layer_of(*(file(f"d/{number}", b"x") for number in range(20_000)))
    gone = layer_of(*(whiteout(f"d/{number}") for number in range(20_000)), opaque("d"), opaque(""))
    filesystem = stack([base, gone])
    assert filesystem.changes[1].deleted.count == 20_001
    assert {item.cause for item in filesystem.reclaimable} == {"deleted"}
    assert filesystem.squashed_bytes == 0


def test_every_change_has_its_own_tally() -> None:
    filesystem = stacked([file("a", BIG)], [file("a", OTHER)], keep=1)
    assert [(item.path, item.change, item.bytes) for item in filesystem.changed] == [(b"a", Change.MODIFIED, 10)]
