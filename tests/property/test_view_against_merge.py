"""Looking from the top down gives what merging from the bottom up gives, at every path and after every layer."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from making import Item, directory, file, hardlink, opaque, simple_layout, symlink, tar_of, whiteout

from layerscope.content.capture import Capture
from layerscope.content.contents import Contents
from layerscope.content.view import View
from layerscope.errors import NotFound
from layerscope.filesystem.stack import stack
from layerscope.layers.entry import EntryKind
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image

_NAMES = st.sampled_from(["a", "b", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_TARGETS = _PATHS | st.sampled_from(["../a", "/b/c", ".", "..", "/"])
_ITEMS = st.one_of(
    st.builds(file, _PATHS, st.sampled_from([b"", b"x", b"yy", b"zzz"])),
    st.builds(directory, _PATHS),
    st.builds(hardlink, _PATHS, _PATHS),
    st.builds(symlink, _PATHS, _TARGETS),
    st.builds(whiteout, _PATHS),
    st.builds(opaque, _PATHS | st.just("")),
)
_LAYERS = st.lists(st.tuples(st.lists(_ITEMS, max_size=5), st.booleans()), min_size=1, max_size=4)
_EVERY_PATH = ["/".join(parts) for n in (1, 2, 3) for parts in itertools.product("abc", repeat=n)]


def _as_builders_write(items: list[Item]) -> list[Item]:
    """Every directory above an entry listed before it."""
    out: list[Item] = []
    listed: set[str] = set()
    for item in items:
        parts = item.info.name.split("/")[:-1]
        for n in range(1, len(parts) + 1):
            parent = "/".join(parts[:n])
            if parent not in listed:
                out.append(directory(parent))
                listed.add(parent)
        out.append(item)
    return out


@settings(max_examples=400, deadline=None)
@given(_LAYERS)
def test_view_is_the_merge(made: list[tuple[list[Item], bool]]) -> None:
    layers = [_as_builders_write(items) if whole else items for items, whole in made]
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_image(str(simple_layout(Path(scratch) / "layout", *(tar_of(*items) for items in layers)))) as image,
        Capture(()) as capture,
    ):
        contents = Contents(image, LayerReader(), capture)
        for top in range(len(layers)):
            tree = stack([contents.layers.index(n) for n in range(top + 1)]).tree
            view = View(contents.layers, top)
            merged = dict(tree.walk())
            for path in map(str.encode, _EVERY_PATH):
                place, node = view.at(path), merged.get(path)
                if node is None:
                    assert place is None, path
                    continue
                assert place is not None, path
                assert place.kind == tree.kind(node), path
                if place.kind is not EntryKind.DIRECTORY:
                    assert (place.layer, place.entry, place.brought) == (node.layer, node.entry, node.brought), path
            if top == len(layers) - 1:
                for path in map(str.encode, _EVERY_PATH):
                    node = tree.find(path)
                    try:
                        found = contents.find(path)
                    except NotFound:
                        assert node is None, path
                    else:
                        assert node is not None and tree.kind(node) == found.kind, path
                        if found.kind is EntryKind.FILE:
                            assert (found.layer, found.entry) == (node.layer, node.entry), path
