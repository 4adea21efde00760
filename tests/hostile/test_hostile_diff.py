"""Images made to make a comparison slow, wrong or fall over."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from making import Item, directory, docker_archive, file, hardlink, layer_of, simple_layout, symlink, tar_of, whiteout

import layerscope
from layerscope.compare.aspects import Aspect, FileChange, Ignore
from layerscope.compare.comparison import Comparison, Kind, compare
from layerscope.compare.files import FilesCompared, compare_files
from layerscope.filesystem.stack import stack
from layerscope.report.diff import render_diff
from layerscope.report.diffmarkdown import render_diff_markdown
from layerscope.report.json import render_comparison
from layerscope.report.page import Page

EVERYTHING = frozenset(Kind)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Processor time: ten times what it takes, and a tenth of what anything quadratic would."""
    started = time.process_time()
    yield
    assert time.process_time() - started < seconds


def compared(one: list[Item], other: list[Item]) -> FilesCompared:
    before, after = stack([layer_of(*one)]), stack([layer_of(*other)])
    with within(5):
        found = compare_files(before, after, Ignore())
    assert sum(tally.bytes for tally in found.tallies.values()) == found.bytes
    return found


def rendered(comparison: Comparison) -> str:
    """Every format; returns the JSON."""
    for lines in (
        render_diff(comparison, Page(80), kinds=EVERYTHING, top=20),
        render_diff_markdown(comparison, kinds=EVERYTHING, top=20),
    ):
        text = "".join(lines).replace("\n", "").replace("\ufe0f", "")
        assert text.isprintable()
    text = "".join(render_comparison(comparison, EVERYTHING))
    json.loads(text)
    return text


def test_twenty_thousand_files_of_one_content_in_another_directory() -> None:
    names = [f"{number:05}" for number in range(20_000)]
    found = compared([file(f"a/{name}", b"same") for name in names], [file(f"b/{name}", b"same") for name in names])
    assert found.tallies[FileChange.MOVED].count == 20_000
    assert all(changed.old_path[2:] == changed.path[2:] for changed in found.changes if changed.path[2:])


def test_twenty_thousand_names_of_one_file_that_became_copies() -> None:
    names = [f"{number:05}" for number in range(20_000)]
    linked = [file("0", b"12345"), *(hardlink(name, "0") for name in names)]
    found = compared(linked, [file("0", b"12345"), *(file(name, b"12345", mtime=0) for name in names)])
    assert found.bytes == 20_000 * 5
    assert {changed.differences for changed in found.changes} == {(Aspect.LINKS,)}


def test_nothing_in_common() -> None:
    one = [file(f"{number % 7}/{number}/a", b"%d" % number) for number in range(10_000)]
    other = [file(f"{number % 7}/{number}/b", b"-%d" % number) for number in range(10_000)]
    assert len(compared(one, other).changes) == 20_000


def test_a_thousand_directories_deep() -> None:
    path = "/".join("d" * 1000)
    found = compared([file(f"{path}/f", b"x")], [file("d", b"y")])
    assert [changed.change for changed in found.changes[:2]] == [FileChange.KIND, FileChange.REMOVED]
    assert len(found.changes) == 1001


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path: Path) -> None:
    one, other = (
        tar_of(file(f"{name}\udcff\x1b[2J", b"moved"), file("m\udcfe", content), symlink("l", f"{name}\udcfd"))
        for name, content in (("a", b"1"), ("b", b"2"))
    )
    before, after = (
        layerscope.inspect(f"oci-dir:{simple_layout(tmp_path / name, tar)}", cache=False)
        for name, tar in (("one", one), ("other", other))
    )
    document = json.loads(rendered(compare(before, after)))
    changes = {change["change"]: change for change in document["files"]["changes"]}
    assert changes["moved"]["pathBytes"] == "L2L/G1sySg=="  # /b\xff\x1b[2J
    assert changes["moved"]["before"]["pathBytes"] == "L2H/G1sySg=="
    assert changes["modified"]["path"] == "/m\ufffd" and changes["modified"]["pathBytes"] == "L23+"
    assert changes["metadata"]["after"]["linkBytes"] == "Yv0="


def test_no_history_no_layers_no_config(tmp_path: Path) -> None:
    empty = layerscope.inspect(f"oci-dir:{simple_layout(tmp_path / 'empty')}", cache=False)
    full = layerscope.inspect(str(docker_archive(tmp_path / "a.tar", tar_of(file("a", b"1")))), cache=False)
    for pair in ((empty, full), (full, empty), (empty, empty)):
        rendered(compare(*pair))
    assert not compare(empty, empty).differs()
    found = compare(empty, full)
    assert found.files is not None and found.files.bytes == 1
    assert [pair.status.value for pair in found.layers.pairs] == ["added"]


def test_labels_as_long_as_books(tmp_path: Path) -> None:
    def labelled(name: str, value: str) -> layerscope.Inspection:
        config = {"Labels": {"book": value}, "Env": [f"BOOK={value}"], "Cmd": [value]}
        layout = simple_layout(tmp_path / name, config=config, history=[{"created_by": value, "empty_layer": True}])
        return layerscope.inspect(f"oci-dir:{layout}", cache=False)

    comparison = compare(labelled("one", "x" * 1_000_000), labelled("other", "y " * 500_000))
    with within(10):
        rendered(comparison)
    assert sum(len(line) for line in render_diff(comparison, Page(80), kinds=EVERYTHING, top=20)) < 5_000


def test_twenty_thousand_whiteouts() -> None:
    lower = layer_of(*(file(f"{number % 20}/{number}", b"x") for number in range(20_000)))
    upper = layer_of(*(whiteout(f"{number % 20}/{number}") for number in range(20_000)), directory("0"))
    before, after = stack([lower]), stack([lower, upper])
    with within(5):
        found = compare_files(before, after, Ignore())
    assert (found.tallies[FileChange.REMOVED].count, found.bytes) == (20_000, -20_000)
