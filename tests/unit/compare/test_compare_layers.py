from __future__ import annotations

from pathlib import Path

import pytest
from making import OCI_LAYER, Layout, docker_archive, file, simple_layout, tar_of

import layerscope
from layerscope.compare.comparison import compare
from layerscope.compare.layers import LayersCompared
from layerscope.inspection import Inspection

BASE, LIB, APP, APP2, DOCS = (
    tar_of(file(name, content))
    for name, content in (("base", b"b" * 100), ("lib", b"l" * 50), ("app", b"1"), ("app", b"22"), ("docs", b"ddd"))
)


def image(path: Path, *layers: tuple[bytes, str]) -> Inspection:
    history = [{"created_by": f"{instruction} # buildkit"} for _, instruction in layers]
    return layerscope.inspect(
        f"oci-dir:{simple_layout(path, *(tar for tar, _ in layers), history=history)}", cache=False
    )


def compared(tmp_path: Path, one: list[tuple[bytes, str]], other: list[tuple[bytes, str]]) -> LayersCompared:
    return compare(image(tmp_path / "one", *one), image(tmp_path / "other", *other)).layers


def rows(layers: LayersCompared) -> list[tuple[str, int | None, int | None]]:
    return [
        (pair.status.value, pair.before and pair.before.index, pair.after and pair.after.index) for pair in layers.pairs
    ]


def test_shared_replaced_added(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        [(BASE, "ADD rootfs /"), (LIB, "RUN make lib"), (APP, "COPY app /")],
        [(BASE, "ADD rootfs /"), (LIB, "RUN make lib"), (APP2, "COPY app /"), (DOCS, "COPY docs /")],
    )
    assert rows(found) == [("shared", 0, 0), ("shared", 1, 1), ("replaced", 2, 2), ("added", None, 3)]
    assert [pair.same_chain for pair in found.pairs] == [True, True, False, False]
    assert [pair.file_bytes for pair in found.pairs] == [0, 0, 1, 3]


def test_what_stands_on_another_base_is_shared_with_another_chain(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        [(BASE, "ADD rootfs /"), (APP, "COPY app /")],
        [(LIB, "ADD rootfs /"), (APP, "COPY app /")],
    )
    assert rows(found) == [("replaced", 0, 0), ("shared", 1, 1)]
    assert not found.pairs[1].same_chain


def test_a_layer_in_another_order_has_moved(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        [(BASE, "a"), (LIB, "b"), (APP, "c"), (DOCS, "d")],
        [(BASE, "a"), (DOCS, "d"), (LIB, "b"), (APP, "c")],
    )
    assert rows(found) == [("shared", 0, 0), ("moved", 3, 1), ("shared", 1, 2), ("shared", 2, 3)]
    assert found.tallies[found.pairs[1].status].file_bytes == 0


def test_the_same_instruction_is_replaced_before_one_of_its_kind(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        [(BASE, "ADD rootfs /"), (LIB, "COPY lib /"), (APP, "COPY app /")],
        [(BASE, "ADD rootfs /"), (APP2, "COPY app /")],
    )
    assert rows(found) == [("shared", 0, 0), ("removed", 1, None), ("replaced", 2, 1)]


def test_without_a_history_layers_are_replaced_in_their_order(tmp_path: Path) -> None:
    one = layerscope.inspect(f"oci-dir:{simple_layout(tmp_path / 'a', BASE, APP, LIB)}", cache=False)
    other = layerscope.inspect(f"oci-dir:{simple_layout(tmp_path / 'b', BASE, APP2)}", cache=False)
    assert rows(compare(one, other).layers) == [("shared", 0, 0), ("replaced", 1, 1), ("removed", 2, None)]


def test_an_image_without_layers(tmp_path: Path) -> None:
    found = compared(tmp_path, [], [(APP, "COPY app /")])
    assert rows(found) == [("added", None, 0)]
    assert rows(compared(tmp_path / "again", [], [])) == []


@pytest.mark.parametrize("size", ["file_bytes", "uncompressed_bytes", "compressed_bytes"])
def test_tallies_add_up_to_the_difference_of_the_totals(tmp_path: Path, size: str) -> None:
    before = image(tmp_path / "one", (BASE, "a"), (LIB, "RUN b"), (APP, "COPY c"), (DOCS, "d"))
    after = image(tmp_path / "other", (BASE, "a"), (DOCS, "d"), (APP2, "COPY c"), (LIB, "b"), (APP, "e"))
    found = compare(before, after).layers
    total = getattr(after.totals, size) - getattr(before.totals, size)
    assert sum(getattr(tally, size) for tally in found.tallies.values()) == total
    assert sum(getattr(pair, size) for pair in found.pairs) == total


def test_every_layer_stands_once(tmp_path: Path) -> None:
    before = image(tmp_path / "one", (BASE, "a"), (APP, "x"), (APP, "x"), (LIB, "RUN b"), (DOCS, "d"))
    after = image(tmp_path / "other", (DOCS, "d"), (APP, "x"), (LIB, "b"), (APP, "x"), (APP, "x"), (BASE, "a"))
    there, back = compare(before, after).layers, compare(after, before).layers
    assert sorted(pair.before.index for pair in there.pairs if pair.before) == list(range(5))
    assert sorted(pair.after.index for pair in there.pairs if pair.after) == list(range(6))
    mirror = {"added": "removed", "removed": "added"}
    assert sorted(map(str, ((mirror.get(s, s), b, a) for s, a, b in rows(back)))) == sorted(map(str, rows(there)))


def test_what_a_host_with_the_first_would_pull(tmp_path: Path) -> None:
    before = image(tmp_path / "one", (BASE, "a"), (LIB, "b"))
    after = image(tmp_path / "other", (BASE, "a"), (APP, "c"), (APP, "c"))
    assert compare(before, after).layers.transfer_bytes == after.layers[1].compressed_bytes
    archive = layerscope.inspect(str(docker_archive(tmp_path / "a.tar", BASE, APP)), cache=False)
    found = compare(before, archive).layers
    assert found.transfer_bytes is None
    assert [pair.compressed_bytes for pair in found.pairs] == [None, None]
    assert found.pairs[0].file_bytes == 0


def test_a_skipped_layer_leaves_unknown_what_depends_on_it(tmp_path: Path) -> None:
    def foreign(path: Path, *tars: bytes) -> Inspection:
        layout = Layout(path)
        kinds = [OCI_LAYER.replace("layer.v1", "layer.nondistributable.v1"), *[OCI_LAYER] * (len(tars) - 1)]
        root = layout.index(layout.image(list(tars), media_types=kinds))
        layout.blob(tars[0]).unlink()
        return layerscope.inspect(f"oci-dir:{root}", cache=False)

    before, after = foreign(tmp_path / "one", BASE, APP), foreign(tmp_path / "other", BASE, APP2)
    found = compare(before, after)
    assert [pair.file_bytes for pair in found.layers.pairs] == [0, 1]  # the skipped one is shared, and so the same
    assert found.files is None and found.differs()
    same = compare(before, foreign(tmp_path / "same", BASE, APP))
    assert same.files is not None and same.files.changes == () and not same.differs()
    replaced = compare(before, foreign(tmp_path / "third", LIB, APP))
    assert [pair.file_bytes for pair in replaced.layers.pairs] == [None, 0]
