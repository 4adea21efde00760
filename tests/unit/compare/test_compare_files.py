from __future__ import annotations

from making import Item, device, directory, file, hardlink, layer_of, symlink, whiteout

from layerscope.compare.aspects import Aspect, FileChange, Ignore
from layerscope.compare.files import FilesCompared, compare_files
from layerscope.filesystem.stack import stack


def compared(one: list[Item], other: list[Item], ignore: Ignore | None = None) -> FilesCompared:
    found = compare_files(stack([layer_of(*one)]), stack([layer_of(*other)]), ignore or Ignore())
    assert sum(tally.bytes for tally in found.tallies.values()) + found.ignored.bytes == found.bytes
    return found


def rows(found: FilesCompared) -> list[tuple[str, ...] | tuple[object, ...]]:
    return [
        (c.change.value, c.path.decode(), c.bytes, *map(str, c.differences))
        if c.path == c.old_path
        else (c.change.value, f"{c.old_path.decode()} > {c.path.decode()}", c.bytes, *map(str, c.differences))
        for c in found.changes
    ]


def test_added_removed_modified() -> None:
    found = compared(
        [file("gone", b"12345"), file("kept", b"k"), file("other", b"1")],
        [file("come", b"123"), file("kept", b"k"), file("other", b"22")],
    )
    assert rows(found) == [("added", "come", 3), ("removed", "gone", -5), ("modified", "other", 1, "content")]
    assert found.bytes == -1


def with_xattr(item: Item, name: str, value: str) -> Item:
    item.info.pax_headers = {f"SCHILY.xattr.{name}": value}
    return item


def test_metadata_is_named() -> None:
    pairs: list[tuple[str, Item, Item]] = [
        ("mode", file("f", b"x", 0o644), file("f", b"x", 0o4755)),
        ("owner", file("f", b"x", uid=1), file("f", b"x", gid=2)),
        ("mtime", file("f", b"x", mtime=1), file("f", b"x", mtime=1.5)),
        ("xattrs", file("f", b"x"), with_xattr(file("f", b"x"), "user.a", "1")),
        ("target", symlink("f", "a"), symlink("f", "b")),
        ("device", device("f", 1, 3), device("f", 1, 5)),
        ("mode", directory("f", 0o755), directory("f", 0o700)),
        ("owner", directory("f"), directory("f", uid=1)),
    ]
    for name, one, other in pairs:
        assert rows(compared([one], [other])) == [("metadata", "f", 0, name)]
        found = compared([one], [other], Ignore(aspects=frozenset((Aspect(name),))))
        assert (found.changes, found.ignored.count) == ((), 1)
    several = compared([file("f", b"x", 0o644, 1, 1, 1)], [file("f", b"x", 0o600, 0, 0, 0)])
    assert rows(several) == [("metadata", "f", 0, "mode", "owner", "mtime")]
    both = compared([file("f", b"x", 0o644)], [file("f", b"yy", 0o600)], Ignore(aspects=frozenset((Aspect.MODE,))))
    assert rows(both) == [("modified", "f", 1, "content")]


def test_the_time_of_a_directory_counts_only_where_it_is_asked_for() -> None:
    one, other = [directory("d", mtime=1)], [directory("d", mtime=2)]
    assert compared(one, other).changes == ()
    assert rows(compared(one, other, Ignore(directory_times=False))) == [("metadata", "d", 0, "mtime")]


def test_a_directory_that_no_layer_lists_is_one_with_the_usual_mode() -> None:
    one, other = [file("d/f", b"x")], [directory("d"), file("d/f", b"x")]
    assert compared(one, other).changes == ()
    assert rows(compared(one, [directory("d", 0o700), file("d/f", b"x")])) == [("metadata", "d", 0, "mode")]


def test_the_root_itself() -> None:
    assert rows(compared([], [directory("", 0o700)])) == [("metadata", "", 0, "mode")]


def test_another_kind() -> None:
    one = [directory("d"), file("d/f", b"12345"), file("e", b"x")]
    other = [file("d", b"ab"), symlink("e", "d")]
    assert rows(compared(one, other)) == [
        ("kind", "d", 2, "kind", "mode"),
        ("removed", "d/f", -5),
        ("kind", "e", -1, "kind"),
    ]


def test_moved() -> None:
    found = compared([file("a/x", b"same", 0o644)], [file("b/y", b"same", 0o755)])
    assert rows(found) == [
        ("removed", "a", 0),
        ("added", "b", 0),
        ("moved", "a/x > b/y", 0, "mode"),
    ]


def test_a_file_without_content_never_moves() -> None:
    assert rows(compared([file("a")], [file("b")])) == [("removed", "a", 0), ("added", "b", 0)]


def test_a_copy_has_not_moved() -> None:
    assert rows(compared([file("a", b"x")], [file("a", b"x"), file("b", b"x")])) == [("added", "b", 1)]


def test_each_file_moves_once_those_of_one_name_first() -> None:
    one = [file("1/lib", b"x"), file("2/bin", b"x"), file("3/etc", b"x")]
    other = [file("5/bin", b"x"), file("4/usr", b"x")]
    found = compared(one, other)
    assert [row for row in rows(found) if row[0] == "moved" or row[2]] == [
        ("removed", "3/etc", -1),
        ("moved", "1/lib > 4/usr", 0),
        ("moved", "2/bin > 5/bin", 0),
    ]


def test_a_name_that_becomes_another_kind_has_not_moved() -> None:
    found = compared([file("a", b"x")], [directory("a"), file("a/b", b"x")])
    assert rows(found) == [("kind", "a", -1, "kind", "mode"), ("added", "a/b", 1)]


def test_another_name_of_a_file_weighs_nothing() -> None:
    linked = [file("a", b"12345"), hardlink("b", "a")]
    assert rows(compared([file("a", b"12345")], linked)) == [("added", "b", 0)]
    assert rows(compared(linked, [file("b", b"12345")])) == [("removed", "a", 0)]
    assert rows(compared(linked, [])) == [("removed", "a", -5), ("removed", "b", 0)]


def test_a_link_that_became_a_copy_is_said() -> None:
    linked, copied = [file("a", b"12345"), hardlink("b", "a")], [file("a", b"12345"), file("b", b"12345")]
    assert rows(compared(linked, copied)) == [("metadata", "b", 5, "links")]
    assert rows(compared(copied, linked)) == [("metadata", "b", -5, "links")]
    found = compared(copied, linked, Ignore(aspects=frozenset((Aspect.LINKS,))))
    assert (found.changes, found.ignored.count, found.ignored.bytes) == ((), 1, -5)


def test_linked_files_move_together_and_weigh_nothing() -> None:
    one = [file("1/a", b"12345"), hardlink("1/b", "1/a")]
    other = [file("2/b", b"12345"), hardlink("2/0", "2/b")]
    moved = [row for row in rows(compared(one, other)) if row[0] == "moved"]
    assert moved == [("moved", "1/a > 2/0", 0), ("moved", "1/b > 2/b", 0)]


def test_a_file_that_both_have_weighs_nothing_where_another_name_can_carry_the_bytes() -> None:
    one = [file("a", b"12345"), hardlink("b", "a")]
    other = [file("b", b"12345"), file("c", b"12345"), hardlink("a", "c")]
    assert rows(compared(one, other)) == [("added", "c", 5)]
    assert rows(compared(other, one)) == [("removed", "c", -5)]


def test_who_carries_the_bytes_is_the_same_the_other_way_round() -> None:
    one = [file("1/q", b"12345"), hardlink("2/p", "1/q")]
    other = [file("3/p", b"12345"), file("4/q", b"12345")]
    there = [row for row in rows(compared(one, other)) if row[0] == "moved"]
    back = [row for row in rows(compared(other, one)) if row[0] == "moved"]
    assert there == [("moved", "2/p > 3/p", 5, "links"), ("moved", "1/q > 4/q", 0)]
    assert back == [("moved", "4/q > 1/q", 0), ("moved", "3/p > 2/p", -5, "links")]


def test_a_link_to_other_content() -> None:
    one = [file("a", b"12345"), hardlink("b", "a"), file("c", b"x")]
    other = [file("a", b"12345"), file("c", b"x"), hardlink("b", "c")]
    assert rows(compared(one, other)) == [("modified", "b", 0, "content")]


def test_ignored_paths_are_counted_apart() -> None:
    one, other = [file("cache/a", b"x"), file("b", b"1")], [file("cache/b", b"yyy"), file("b", b"22"), file("n", b"x")]
    found = compared(one, other, Ignore(paths=lambda path, _: path.startswith(b"cache/")))
    assert rows(found) == [("modified", "b", 1, "content"), ("added", "n", 1)]  # and nothing moved out of the cache
    assert (found.ignored.count, found.ignored.bytes, found.bytes) == (2, 2, 4)


def test_whether_an_ignored_path_is_a_directory() -> None:
    asked: dict[bytes, bool] = {}
    one, other = [file("d/f", b"x")], [symlink("d", "e"), directory("n")]
    compared(one, other, Ignore(paths=lambda path, directory: asked.setdefault(path, directory)))
    assert asked == {b"d": True, b"d/f": False, b"n": True}


def test_the_mode_of_a_symlink_is_nothing() -> None:
    one, other = symlink("s", "a"), symlink("s", "a")
    other.info.mode = 0o755
    found = compared([one], [other])
    assert (found.changes, found.ignored.count) == ((), 0)


def test_what_a_shared_layer_brought_is_the_same_wherever_it_stands() -> None:
    shared = layer_of(file("a", b"x"), file("b", b"y"))
    own = layer_of(file("c", b"z"))
    before, after = stack([shared]), stack([own, shared])
    found = compare_files(before, after, Ignore())
    assert rows(found) == [("added", "c", 1)]
    found = compare_files(before, stack([shared, layer_of(whiteout("a"))]), Ignore())
    assert rows(found) == [("removed", "a", -1)]


def test_the_layer_of_a_change() -> None:
    below = layer_of(file("a", b"x"), file("b", b"y"))
    before, after = stack([below]), stack([below, layer_of(file("c", b"z")), layer_of(whiteout("a"))])
    layers = {changed.path: changed.layer for changed in compare_files(before, after, Ignore()).changes}
    assert layers == {b"a": 0, b"c": 1}


def test_nothing_of_one_tree_with_itself() -> None:
    tree = stack([layer_of(file("a", b"x"))])
    assert compare_files(tree, tree, Ignore()).changes == ()
    assert set(compare_files(tree, tree, Ignore()).tallies) == set(FileChange)
