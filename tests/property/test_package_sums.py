"""Whatever layers and databases say, every byte has one owner or none, and the sums hold."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from making import Item, directory, file, hardlink, opaque, symlink, tar_of, whiteout
from packaged import apk, dist, dpkg

from layerscope.filesystem.stack import Filesystem, Stack
from layerscope.layers.entry import is_marker
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob
from layerscope.packages.package import SYSTEM, UNOWNED, Packages
from layerscope.packages.probe import PACKAGES
from layerscope.packages.stack import PackageStack

_NAMES = st.sampled_from(["a", "b", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_LISTED = st.lists(_PATHS | st.sampled_from(["..", "a/../b", "c/./a", "a//b", "node_modules/a/x"]), max_size=4)
_VERSIONS = st.sampled_from(["1", "2"])
_PACKAGE = st.tuples(st.sampled_from(["p", "q", "r"]), _VERSIONS, _LISTED)
_CONTENT = st.binary(max_size=4)
_FILES = st.one_of(
    st.builds(file, _PATHS, _CONTENT),
    st.builds(directory, _PATHS),
    st.builds(symlink, _PATHS, _PATHS | st.sampled_from(["../a", "/b/c", "c", "/"])),
    st.builds(hardlink, _PATHS, _PATHS),
    st.builds(whiteout, _PATHS | st.sampled_from(["var", "var/lib/dpkg/status", "var/lib/dpkg/info/p.list", "lib"])),
    st.builds(opaque, _PATHS | st.sampled_from(["", "var/lib"])),
    st.builds(
        lambda name, version: file(
            f"node_modules/{name}/package.json", f'{{"name":"{name}","version":"{version}"}}'.encode()
        ),
        _NAMES,
        _VERSIONS,
    ),
    st.builds(file, st.sampled_from(["node_modules/a/x", "node_modules/b/c/x"]), _CONTENT),
).map(lambda item: [item])
_DATABASES = st.one_of(
    st.lists(_PACKAGE, max_size=3).map(lambda packages: dpkg(*packages)),
    st.lists(_PACKAGE, max_size=3).map(lambda packages: [apk(*packages)]),
    st.builds(dist, st.sampled_from(["p", "s"]), _VERSIONS, _LISTED, st.sampled_from(["a", "lib/b"])),
)
_LAYERS = st.lists(
    st.lists(_FILES | _DATABASES, max_size=5).map(lambda parts: [item for part in parts for item in part]),
    min_size=1,
    max_size=5,
)


def _analysed(layers: list[list[Item]]) -> tuple[Packages, Filesystem]:
    stack, packages = Stack(), PackageStack()
    for items in layers:
        read = read_blob(iter([tar_of(*items)]), "layer", limits=Limits(), probes=(PACKAGES,))
        stack.push(read.index)
        packages.push(read.index, read.probes[PACKAGES.id, PACKAGES.version], stack.tree.root)
    filesystem = stack.finish()
    return packages.finish(filesystem.squashed_bytes), filesystem


@settings(max_examples=200, deadline=None)
@given(_LAYERS)
def test_sums(layers: list[list[Item]]) -> None:
    packages, filesystem = _analysed(layers)
    for number, (layer, index, owners) in enumerate(
        zip(packages.layers, filesystem.tree.indexes, packages.owners, strict=True)
    ):
        assert layer.file_bytes == index.file_bytes
        assert layer.file_bytes == layer.unowned_bytes + sum(each.bytes_in(number) for each in packages.all)
        sums: dict[int, int] = {}
        for path, size, owner in zip(index.paths, index.sizes, owners, strict=True):
            if not is_marker(path):
                sums[owner] = sums.get(owner, 0) + size
        assert sums.pop(UNOWNED, 0) == layer.unowned_bytes
        shipped = {each.number: each.bytes_in(number) for each in packages.all}
        assert {owner: size for owner, size in sums.items() if size} == {
            package: size for package, size in shipped.items() if size
        }
    squashed = sum(each.squashed_bytes for each in packages.all)
    assert squashed + packages.squashed_unowned_bytes == filesystem.squashed_bytes
    assert packages.squashed_unowned_bytes >= 0


@settings(max_examples=200, deadline=None)
@given(_LAYERS)
def test_stays_follow_the_changes(layers: list[list[Item]]) -> None:
    """What a layer is said to have brought and removed adds up to what is installed in the end."""
    packages, _ = _analysed(layers)
    for number, layer in enumerate(packages.layers):
        came = {each.number for each in packages.all if any(stay.since == number for stay in each.stays)}
        went = {each.number for each in packages.all if any(stay.removed_by == number for stay in each.stays)}
        assert came == {*layer.added, *layer.changed}
        assert {*layer.removed} <= went
    for number, each in enumerate(packages.all):
        assert each.number == number
        for stay, following in zip(each.stays, each.stays[1:], strict=False):
            assert stay.removed_by is not None
            assert stay.since < stay.removed_by <= following.since
        assert each.first_seen <= each.stays[0].since
        assert each.squashed_bytes == 0 or each.removed_by is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(_FILES, max_size=12),
    st.lists(st.tuples(st.sampled_from(["p", "q"]), _VERSIONS, _LISTED), max_size=2, unique_by=lambda each: each[0]),
)
@example([[file("b", b"x"), symlink("a", "../a")]], [("p", "1", ["a/../b"])])  # up again from a loop
@example([[file("b", b"x")]], [("p", "1", ["a/../b"])])  # and from what is not there
def test_one_databases_paths_are_looked_up_as_the_tree_has_them(
    parts: list[list[Item]], listed: list[tuple[str, str, list[str]]]
) -> None:
    """Against the slow way: find every listed path in the final tree, and take each inode once."""
    plain = [item for part in parts for item in part if "node_modules" not in item.info.name]
    packages, filesystem = _analysed([plain, dpkg(*listed)])
    seen: set[tuple[int, int]] = set()
    for name, _, paths in sorted(listed):
        expected = 0
        for path, after in zip(paths, [*paths[1:], ""], strict=False):
            if after.startswith(path + "/"):
                continue  # the list has it as a directory
            node = filesystem.tree.find(path.encode(), follow=False)
            if node is not None and node.children is None and (node.layer, node.entry) not in seen:
                seen.add((node.layer, node.entry))
                expected += filesystem.tree.size(node)
        (package,) = [each for each in packages.installed if each.name == name]
        assert package.kind in SYSTEM
        assert package.squashed_bytes == expected
