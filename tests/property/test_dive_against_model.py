"""dive's arithmetic against a model that is naive on purpose: the whole stack in one flat dictionary of paths."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from making import Item, directory, file, layer_of, opaque, symlink, whiteout

from layerscope.filesystem.dive import dive_figures

_PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
_ITEMS = st.one_of(
    st.builds(file, _PATHS, st.sampled_from([b"", b"x", b"yy", b"zzz"])),
    st.builds(directory, _PATHS),
    st.builds(symlink, _PATHS, _PATHS),
    st.builds(whiteout, _PATHS),
    st.builds(opaque, _PATHS),
    st.builds(lambda path: file(f"{path}/.wh..wh.plnk/1"), _PATHS),
)

Node = tuple[int, bool]
"""Size, and whether it is a directory that the layer lists."""


def _tree(items: list[Item]) -> dict[str, Node]:
    """A layer as dive builds it: what it lists, and what that lies in."""
    nodes: dict[str, Node] = {}
    for item in items:
        path, special, _ = f"/{item.info.name}".partition("/.wh..wh.")
        node = (0, False) if special else (item.info.size, item.info.isdir())
        if path and not (special and path in nodes):
            nodes[path] = node
    for path in list(nodes):
        while path := path.rpartition("/")[0]:
            nodes.setdefault(path, (0, False))
    return nodes


def _below(nodes: dict[str, Node], path: str) -> list[str]:
    return [other for other in nodes if other.startswith(path + "/")]


def _hidden(path: str) -> str | None:
    directory, _, name = path.rpartition("/")
    return f"{directory}/{name[4:]}" if name.startswith(".wh.") else None


def _model(layers: list[list[Item]]) -> tuple[int, int, dict[str, tuple[int, int]]]:
    """Smallest sizes and all sizes, added up, and of each inefficient path the number of leaves and their sizes."""
    seen: dict[str, list[int]] = {}
    touched: set[str] = set()
    stack = _tree(layers[0])
    for items in layers:
        tree = _tree(items)
        for path in sorted((path for path in tree if not _below(tree, path)), key=lambda path: path.split("/")):
            hidden = _hidden(path)
            if hidden is None:
                seen.setdefault(path, []).append(tree[path][0])
            elif hidden not in stack:
                touched.add(hidden)
                break
            else:
                size, is_directory = stack[hidden]
                total = size + sum(stack[below][0] for below in _below(stack, hidden))
                seen.setdefault(hidden, []).append(total if is_directory else 0)
        for path in sorted(tree, key=lambda path: [*((0, part) for part in path.split("/")), (1, "")]):
            hidden = _hidden(path)
            if hidden is None:
                stack[path] = tree[path]
                while path := path.rpartition("/")[0]:
                    stack.setdefault(path, (0, False))
            else:
                for gone in [*_below(stack, hidden), hidden]:
                    stack.pop(gone, None)
    smallest = sum(map(min, seen.values())) - len(touched - seen.keys())
    inefficient = {path: (len(sizes), sum(sizes)) for path, sizes in seen.items() if len(sizes) > 1}
    return smallest, sum(map(sum, seen.values())), inefficient


@given(st.lists(st.lists(_ITEMS, max_size=6), min_size=1, max_size=4))
@example([[file("a/b", b"x")], [whiteout("a")], [file("a", b"yy")]])
@example([[directory("a"), file("a/b", b"x")], [file("a/.wh..wh.plnk/1")], [whiteout("a")]])
@settings(max_examples=800, deadline=None)
def test_as_the_model_says(layers: list[list[Item]]) -> None:
    smallest, discovered, inefficient = _model(layers)
    found = dive_figures([layer_of(*items) for items in layers])
    assert {f"/{each.path.decode()}": (each.leaves, each.bytes) for each in found.inefficient} == inefficient
    assert found.wasted_bytes == sum(size for _, size in inefficient.values())
    assert found.efficiency == (smallest / discovered if discovered else 1.0)
