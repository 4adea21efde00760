"""What a comparison of two trees must always be: empty, mirrored, applicable, exact."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st
from making import Item, device, directory, file, hardlink, layer_of, opaque, symlink, whiteout

from layerscope.compare.aspects import IGNORABLE, Aspect, FileChange, Ignore
from layerscope.compare.files import FilesCompared, compare_files
from layerscope.filesystem.listing import FileRow, merged_rows, node_row
from layerscope.filesystem.stack import Filesystem, stack

_NAMES = st.sampled_from(["a", "b", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_CONTENT = st.sampled_from([b"", b"x", b"yy", b"zzz"])
_SMALL = st.sampled_from([0, 1])
_ITEMS = st.one_of(
    st.builds(file, _PATHS, _CONTENT, st.sampled_from([0o644, 0o755]), _SMALL, _SMALL, _SMALL),
    st.builds(file, _PATHS, _CONTENT),
    st.builds(directory, _PATHS, st.sampled_from([0o755, 0o700]), _SMALL, _SMALL, _SMALL),
    st.builds(hardlink, _PATHS, _PATHS),
    st.builds(hardlink, _PATHS, _PATHS),
    st.builds(symlink, _PATHS, _PATHS),
    st.builds(device, _PATHS, _SMALL, _SMALL),
    st.builds(whiteout, _PATHS),
    st.builds(opaque, _PATHS | st.just("")),
)
_LAYERS = st.lists(st.lists(_ITEMS, max_size=7), min_size=0, max_size=3)
_IGNORES = st.builds(
    Ignore,
    aspects=st.frozensets(st.sampled_from(IGNORABLE)),
    paths=st.sampled_from([None, lambda path, _: path.startswith(b"a"), lambda _, is_directory: not is_directory]),
    directory_times=st.booleans(),
)
_MIRRORED = {FileChange.ADDED: FileChange.REMOVED, FileChange.REMOVED: FileChange.ADDED}


def _stacks(shared: list[list[Item]], one: list[list[Item]], other: list[list[Item]]) -> tuple[Filesystem, Filesystem]:
    below = [layer_of(*items) for items in shared]  # the same indexes in both, as one cache gives them
    return stack([*below, *(layer_of(*i) for i in one)]), stack([*below, *(layer_of(*i) for i in other)])


def _rows(filesystem: Filesystem) -> dict[bytes, FileRow]:
    root = node_row(filesystem.tree, b"", filesystem.tree.root)
    return {row.path: _comparable(row) for row in (root, *merged_rows(filesystem))}


def _comparable(row: FileRow) -> FileRow:
    """A row without what is no property of the file: which layer has it, the mode of a symlink."""
    mode = 0o777 if row.kind == "symlink" else row.mode
    return dataclasses.replace(row, layer=None, mode=mode)


def _check_sums(found: FilesCompared, before: Filesystem, after: Filesystem) -> None:
    assert found.bytes == after.squashed_bytes - before.squashed_bytes
    assert sum(tally.bytes for tally in found.tallies.values()) + found.ignored.bytes == found.bytes
    for change, tally in found.tallies.items():
        own = [changed for changed in found.changes if changed.change is change]
        assert (tally.count, tally.bytes) == (len(own), sum(changed.bytes for changed in own))


@settings(max_examples=200, deadline=None)
@given(_LAYERS)
def test_a_tree_does_not_differ_from_itself(layers: list[list[Item]]) -> None:
    one, other = (stack([layer_of(*items) for items in layers]) for _ in range(2))
    for directory_times in (True, False):
        found = compare_files(one, other, Ignore(directory_times=directory_times))
        assert (found.changes, found.bytes, found.ignored.count) == ((), 0, 0)


@settings(max_examples=600, deadline=None)
@given(_LAYERS, _LAYERS, _LAYERS)
def test_applied_to_one_tree_the_changes_give_the_other(
    shared: list[list[Item]], one: list[list[Item]], other: list[list[Item]]
) -> None:
    before, after = _stacks(shared, one, other)
    found = compare_files(before, after, Ignore(directory_times=False))
    _check_sums(found, before, after)
    rows = _rows(before)
    used = set()
    for changed in found.changes:
        if changed.before is not None:
            old = node_row(before.tree, changed.old_path, changed.before)
            assert rows.pop(changed.old_path) == _comparable(old)
            assert changed.old_path not in used
            used.add(changed.old_path)
    for changed in found.changes:
        if changed.after is not None:
            assert changed.path not in rows
            rows[changed.path] = _comparable(node_row(after.tree, changed.path, changed.after))
    assert rows == _rows(after)


@settings(max_examples=600, deadline=None)
@given(_LAYERS, _LAYERS, _LAYERS, _IGNORES)
def test_the_other_way_round_it_is_the_mirror_image(
    shared: list[list[Item]], one: list[list[Item]], other: list[list[Item]], ignore: Ignore
) -> None:
    before, after = _stacks(shared, one, other)
    there, back = compare_files(before, after, ignore), compare_files(after, before, ignore)
    _check_sums(there, before, after)
    _check_sums(back, after, before)
    mirrored = [(c.old_path, c.path, _MIRRORED.get(c.change, c.change), c.differences, -c.bytes) for c in back.changes]
    assert sorted(mirrored) == sorted((c.path, c.old_path, c.change, c.differences, c.bytes) for c in there.changes)
    assert (there.ignored.count, there.ignored.bytes) == (back.ignored.count, -back.ignored.bytes)


@settings(max_examples=600, deadline=None)
@given(_LAYERS, _LAYERS, _LAYERS)
def test_each_change_is_what_it_says(shared: list[list[Item]], one: list[list[Item]], other: list[list[Item]]) -> None:
    before, after = _stacks(shared, one, other)
    found = compare_files(before, after, Ignore())
    left, right = _rows(before), _rows(after)
    for changed in found.changes:
        old, new = left.get(changed.old_path), right.get(changed.path)
        match changed.change:
            case FileChange.ADDED:
                assert old is None and new is not None and 0 <= changed.bytes <= new.size
            case FileChange.REMOVED:
                assert old is not None and new is None and 0 <= -changed.bytes <= old.size
            case FileChange.MOVED:
                assert old is not None and new is not None and changed.path != changed.old_path
                assert changed.path not in left and changed.old_path not in right
                assert old.digest == new.digest and old.size == new.size > 0
            case FileChange.KIND:
                assert old is not None and new is not None and old.kind != new.kind
            case FileChange.MODIFIED:
                assert old is not None and new is not None and old.kind == new.kind == "file" != old.digest
                assert old.digest != new.digest
            case FileChange.METADATA:
                assert old is not None and new is not None and old.kind == new.kind and old.digest == new.digest
                assert bool(changed.bytes) == (Aspect.LINKS in changed.differences)
    # what could still have moved has not been left
    gone = {c.before and left[c.path].digest for c in found.changes if c.change is FileChange.REMOVED}
    come = {c.after and right[c.path].digest for c in found.changes if c.change is FileChange.ADDED}
    empty = {row.digest for row in (*left.values(), *right.values()) if not row.size}
    assert not (gone & come) - empty
