"""The merge against a model that is naive on purpose: a flat dictionary of paths, scanned for every question."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from making import Item, directory, file, hardlink, layer_of, opaque, symlink, whiteout

from layerscope.filesystem.advice import VolumeFrom, advise
from layerscope.filesystem.stack import Filesystem, stack
from layerscope.layers.entry import EntryKind
from layerscope.layers.index import LayerIndex

_NAMES = st.sampled_from(["a", "b", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_CONTENT = st.sampled_from([b"", b"x", b"yy", b"zzz"])
_MODES = st.sampled_from([0o644, 0o755])
_ITEMS = st.one_of(
    st.builds(file, _PATHS, _CONTENT, _MODES),
    st.builds(directory, _PATHS, _MODES),
    st.builds(hardlink, _PATHS, _PATHS),
    st.builds(whiteout, _PATHS),
    st.builds(opaque, _PATHS | st.just("")),
)
_WITH_SYMLINKS = st.one_of(_ITEMS, st.builds(symlink, _PATHS, _PATHS | st.just("../a") | st.just("/b/c")))


@dataclass
class Thing:
    """What the model keeps at a path. ``inode`` is (layer, position) of the entry that brought the content."""

    kind: str
    attributes: tuple[int, ...]
    content: bytes
    inode: tuple[int, int]
    brought: int


Model = dict[str, Thing]


def _below(model: Model, path: str) -> list[str]:
    return [other for other in model if other.startswith(path + "/")] if path else list(model)


def _apply(model: Model, layer: int, items: list[Item]) -> None:
    """The rules of image-spec layer.md, spelled out slowly (no symlinks)."""
    links: dict[int, Thing] = {}
    seen: set[str] = set()
    markers = []
    for position, item in enumerate(items):
        parent, _, name = item.info.name.rpartition("/")
        if name == ".wh..wh..opq":
            markers.append((1, parent))
        elif name.startswith(".wh."):
            markers.append((0, f"{parent}/{name[4:]}".lstrip("/")))
        else:
            if item.info.islnk() and item.info.linkname not in seen:
                target = model.get(item.info.linkname)
                if target is not None and target.kind != "directory":
                    links[position] = target
            seen.add(item.info.name)
    for rank, path in sorted(markers, key=lambda marker: marker[0]):
        if rank == 0:
            if path in model:
                for gone in [*_below(model, path), path]:
                    del model[gone]
        elif not path or (path in model and model[path].kind == "directory"):
            for gone in _below(model, path):
                del model[gone]
    for position, item in enumerate(items):
        path = item.info.name
        if "/.wh." in path or path.startswith(".wh."):
            continue
        thing = Thing("file", (item.info.mode, 0, 0, int(item.info.mtime)), item.content, (layer, position), layer)
        if item.info.isdir():
            thing = Thing("directory", (item.info.mode, 0, 0), b"", (layer, position), layer)
        elif item.info.islnk():
            own = model.get(item.info.linkname)
            if own is not None and own.brought == layer and own.kind != "directory":
                target = own
            elif position in links:
                target = links[position]
            else:
                continue
            thing = Thing(target.kind, target.attributes, target.content, target.inode, layer)
        parts = path.split("/")
        for depth in range(1, len(parts)):
            parent = "/".join(parts[:depth])
            if parent not in model or model[parent].kind != "directory":
                model.pop(parent, None)
                model[parent] = Thing("directory", (0o755, 0, 0), b"", (layer, -1), layer)
        if not (thing.kind == "directory" and path in model and model[path].kind == "directory"):
            for gone in _below(model, path):
                del model[gone]
        model[path] = thing


def _model_of(layers: list[list[Item]]) -> list[Model]:
    states: list[Model] = []
    model: Model = {}
    for number, items in enumerate(layers):
        _apply(model, number, items)
        states.append(dict(model))
    return states


def _content(model: Model) -> int:
    return sum({thing.inode: len(thing.content) for thing in model.values()}.values())


def _tree_of(filesystem: Filesystem) -> dict[str, tuple[str, bytes]]:
    tree = filesystem.tree
    found = {}
    for path, node in tree.walk():
        kind = tree.kind(node)
        digest = tree.indexes[node.layer].digest(node.entry) if kind is EntryKind.FILE else b""
        found[path.decode()] = (kind.label, digest)
    return found


def _indexes(layers: list[list[Item]]) -> list[LayerIndex]:
    return [layer_of(*items) for items in layers]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.lists(_ITEMS, max_size=6), min_size=1, max_size=4))
def test_tree_and_changes_are_the_models(layers: list[list[Item]]) -> None:
    import hashlib

    filesystem = stack(_indexes(layers))
    states = _model_of(layers)
    expected = {
        path: (thing.kind, hashlib.sha256(thing.content).digest() if thing.kind == "file" else b"")
        for path, thing in states[-1].items()
    }
    assert _tree_of(filesystem) == expected
    assert filesystem.squashed_bytes == _content(states[-1])
    for number, changes in enumerate(filesystem.changes):
        before = states[number - 1] if number else {}
        after = states[number]
        both = before.keys() & after.keys()
        modified = {p for p in both if (before[p].kind, before[p].content) != (after[p].kind, after[p].content)}
        metadata = {p for p in both - modified if before[p].attributes != after[p].attributes}
        assert changes.added.count == len(after.keys() - before.keys())
        assert changes.deleted.count == len(before.keys() - after.keys())
        assert changes.modified.count == len(modified)
        assert changes.metadata.count == len(metadata)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.lists(_WITH_SYMLINKS, max_size=6), min_size=1, max_size=4))
def test_causes_add_up_to_the_bytes_that_are_gone(layers: list[list[Item]]) -> None:
    indexes = _indexes(layers)
    filesystem = stack(indexes)
    shipped = sum(index.file_bytes for index in indexes)
    assert sum(item.bytes for item in filesystem.reclaimable) == shipped - filesystem.squashed_bytes
    for number, index in enumerate(indexes):
        assert 0 <= sum(item.bytes for item in filesystem.reclaimable if item.layer == number) <= index.file_bytes
    assert all(item.buried_by >= item.layer and item.bytes > 0 for item in filesystem.reclaimable)
    assert 0 <= filesystem.duplicate_bytes <= filesystem.squashed_bytes


@settings(max_examples=500, deadline=None)
@given(st.lists(st.lists(_ITEMS, max_size=6), min_size=1, max_size=3))
def test_a_layer_put_on_twice_changes_nothing_but_what_it_deletes(layers: list[list[Item]]) -> None:
    """Without markers and links a layer is idempotent: the second time, nothing is added, modified or deleted."""
    plain = [item for item in layers[-1] if ".wh." not in item.info.name and not item.info.islnk()]
    names = [item.info.name for item in plain]
    if len(set(names)) != len(names) or any(one.startswith(other + "/") for one in names for other in names):
        return
    once = stack(_indexes([*layers[:-1], plain]))
    twice = stack(_indexes([*layers[:-1], plain, plain]))
    assert _tree_of(once) == _tree_of(twice)
    last = twice.changes[-1]
    assert (last.added.count, last.modified.count, last.metadata.count, last.deleted.count) == (0, 0, 0, 0)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.lists(_WITH_SYMLINKS, max_size=6), min_size=1, max_size=4), st.integers(0, 3))
def test_advice_never_saves_more_than_there_is(layers: list[list[Item]], declared: int) -> None:
    indexes = _indexes(layers)
    filesystem = stack(indexes)
    shipped = sum(index.file_bytes for index in indexes)
    advice = advise(filesystem, [VolumeFrom(b"/a", declared), VolumeFrom(b"/a/b", 0)], file_bytes=shipped, worth=0)
    buried = sum(item.bytes for item in advice if item.buried_by is not None)
    kept = sum(item.bytes for item in advice if item.buried_by is None)
    causes = {"deleted", "opaque", "replaced", "rewritten"}
    later = [item for item in filesystem.reclaimable if item.cause in causes and item.layer != item.buried_by]
    assert buried == sum(item.bytes for item in later)
    assert kept <= filesystem.squashed_bytes
    assert sum(item.bytes for item in advice if item.kind == "duplicate") <= filesystem.duplicate_bytes
    if not any(item.kind == "volume" for item in advice):
        assert sum(item.bytes for item in advice if item.kind == "duplicate") == filesystem.duplicate_bytes
