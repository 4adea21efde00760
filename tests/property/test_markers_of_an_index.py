"""The markers of a layer, searched for in all names at once, against a look at each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from making import file, layer_of

from layerscope.layers.entry import is_marker

PARTS = st.sampled_from(["a", ".wh.a", ".wh..wh..opq", "a.wh.b", ".wh.", ".wh", "wh."])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@given(st.lists(PATHS, max_size=12))
def test_every_marker_is_found_where_it_is(paths: list[str]) -> None:
    index = layer_of(*(file(path, b"x") for path in paths))
    assert index.markers() == [position for position, path in enumerate(index.paths) if is_marker(path)]
