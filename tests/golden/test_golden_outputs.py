"""Outputs as they were looked at and found good.

LAYERSCOPE_REWRITE=1 pytest tests/golden      writes what comes out now; read the diff before you keep it
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from making import file, simple_layout, symlink, tar_of

from layerscope.compare.comparison import Comparison, Kind, compare
from layerscope.filesystem.listing import change_rows, layer_rows, merged_rows
from layerscope.history.dockerfile.reconstruct import reconstruct
from layerscope.inspection import Inspection, inspect_image, inspect_metadata
from layerscope.layers.reader import LayerReader
from layerscope.oci.platform import Platform
from layerscope.packages.probe import PACKAGES
from layerscope.report.diff import render_diff
from layerscope.report.diffmarkdown import render_diff_markdown
from layerscope.report.dockerfile import render_dockerfile
from layerscope.report.dockerfilefound import DockerfileFound
from layerscope.report.dockerfilemarkdown import render_dockerfile_markdown
from layerscope.report.dockerfiletable import render_dockerfile_table
from layerscope.report.json import render_comparison, render_files, render_history, render_inspection
from layerscope.report.listing import render_listing
from layerscope.report.markdown import render_history_markdown, render_markdown
from layerscope.report.page import ASCII, Page
from layerscope.report.table import render_table
from layerscope.report.timeline import render_timeline
from layerscope.sources.open import open_image

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = Path(__file__).parent / "expected"
IMAGES = [
    "classic.docker-archive.tar",
    "buildkit.oci-archive.tar",
    "handmade.oci-dir",
    "oddities.oci-dir",
    "platforms.oci-dir",
]
AMD64 = Platform("linux", "amd64")
NARROW, WIDE = Page(80), Page(200)
COLOURED, PLAIN = Page(80, colour=True), Page(80, glyphs=ASCII)


def reconstructed(found: Inspection) -> DockerfileFound:
    return DockerfileFound(found, reconstruct(found.image.config, found.history, len(found.layers), found.base))


INSPECTIONS: dict[str, Callable[[Inspection], Iterable[str]]] = {
    "inspect-80.txt": lambda found: render_table(found, NARROW, top=10),
    "inspect-200.txt": lambda found: render_table(found, WIDE, top=10),
    "inspect.json": render_inspection,
    "inspect.md": lambda found: render_markdown(found, top=10),
    "dockerfile": lambda found: render_dockerfile(reconstructed(found)),
    "dockerfile-80.txt": lambda found: render_dockerfile_table(reconstructed(found), NARROW),
    "dockerfile.md": lambda found: render_dockerfile_markdown(reconstructed(found)),
    "history-80.txt": lambda found: render_timeline(found, NARROW),
    "history.json": render_history,
    "history.md": render_history_markdown,
}

COMPARISONS: dict[str, Callable[[Comparison], Iterable[str]]] = {
    "80.txt": lambda found: render_diff(found, NARROW, kinds=SHOWN, top=20),
    "200.txt": lambda found: render_diff(found, WIDE, kinds=SHOWN, top=5),
    "colour.txt": lambda found: render_diff(found, COLOURED, kinds=SHOWN, top=5),
    "ascii.txt": lambda found: render_diff(found, PLAIN, kinds=SHOWN, top=5),
    "diff.json": lambda found: render_comparison(found, SHOWN),
    "diff.md": lambda found: render_diff_markdown(found, kinds=SHOWN, top=20),
}
SHOWN = frozenset(Kind)


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """References name images as they are called from the repository."""
    monkeypatch.chdir(ROOT)


def check(name: str, chunks: Iterable[str]) -> None:
    text = "".join(chunks)
    path = EXPECTED / name
    if os.environ.get("LAYERSCOPE_REWRITE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def inspected(image: str, keep_changes_of: int | None = None) -> Inspection:
    with open_image(image, platform=AMD64) as opened:
        return inspect_image(opened, LayerReader(), keep_changes_of=keep_changes_of)


def with_packages(image: str) -> Inspection:
    reader = LayerReader(probes=(PACKAGES,))
    with open_image(image, platform=AMD64, reader=reader) as opened:
        return inspect_image(opened, reader)


def found_for(image: str, output: str) -> Inspection:
    if not output.startswith("history"):
        return inspected(image)
    with open_image(image, platform=AMD64) as opened:
        return inspect_metadata(opened)


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("output", INSPECTIONS)
def test_testdata(image: str, output: str) -> None:
    check(f"{image.partition('.')[0]}/{output}", INSPECTIONS[output](found_for(f"testdata/{image}", output)))


def test_colour() -> None:
    check("buildkit/inspect-colour.txt", render_table(inspected("testdata/buildkit.oci-archive.tar"), COLOURED, top=10))


def test_ascii() -> None:
    check("buildkit/inspect-ascii.txt", render_table(inspected("testdata/buildkit.oci-archive.tar"), PLAIN, top=10))


def test_files() -> None:
    found = inspected("testdata/handmade.oci-dir", keep_changes_of=4)
    assert found.filesystem is not None
    tree = found.filesystem
    check("handmade/files.txt", render_listing(merged_rows(tree), NARROW, changes=False))
    check("handmade/files-colour.txt", render_listing(merged_rows(tree), COLOURED, changes=False))
    check("handmade/layer.txt", render_listing(layer_rows(tree.tree.indexes[4], 4), NARROW, changes=False))
    changes = list(change_rows(tree, 4, tree.changed))
    check("handmade/changes.txt", render_listing(changes, NARROW, changes=True))
    listed = {"layer": None, "changes": False, "path": "/"}
    check("handmade/files.json", render_files(merged_rows(tree), found.image, listed=listed))


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("pair", ("pair.docker-archive.tar:pair:a", "pair.docker-archive.tar:pair:b")),
        ("builders", ("classic.docker-archive.tar", "buildkit.oci-archive.tar")),
        ("unlike", ("handmade.oci-dir", "oddities.oci-dir")),
    ],
)
@pytest.mark.parametrize("output", COMPARISONS)
def test_diff(name: str, pair: tuple[str, str], output: str) -> None:
    comparison = compare(*(with_packages(f"testdata/{image}") for image in pair))
    check(f"diff/{name}-{output}", COMPARISONS[output](comparison))


@pytest.mark.parametrize("output", COMPARISONS)
def test_hostile_diff(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hostile_image()
    plain = simple_layout(Path("plain"), tar_of(file("a", b"1")), config={"Env": ["A=1"]})
    comparison = compare(with_packages("./hostile"), with_packages(f"./{plain}"))
    check(f"diff/hostile-{output}", COMPARISONS[output](comparison))


@pytest.mark.parametrize("output", INSPECTIONS)
def test_hostile(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hostile_image()
    check(f"hostile/{output}", INSPECTIONS[output](found_for("./hostile", output)))


def hostile_image() -> None:
    """Names that try to move the cursor, break a table, become HTML, a link, a mention or another document."""
    tricks = [
        "\x1b[2J\x1b]0;title\x07",
        "\u202egnp.exe",
        "a|b\\|c`d``e",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:x) https://evil.example @someone #1",
        "new\nline\r\ttab",
        "\u200binvisible\ufeff",
        "</details></td>",
    ]
    names = [trick.replace("/", "_") for trick in tricks]
    first = tar_of(
        *(file(f"{number}{name}", b"x" * (100 - number)) for number, name in enumerate(names)),
        symlink("link", tricks[0]),
    )
    second = tar_of(*(file(f".wh.{number}{name}") for number, name in enumerate(names)))
    everything = " ".join(tricks)
    simple_layout(
        Path("hostile"),
        first,
        second,
        author=everything,
        created=tricks[0],
        config={
            "User": tricks[0],
            "Entrypoint": tricks,
            "Cmd": [everything],
            "WorkingDir": tricks[1],
            "ExposedPorts": {trick: {} for trick in tricks},
            "Volumes": {f"/{trick}": {} for trick in tricks},
            "Labels": dict.fromkeys(tricks, everything),
            "Env": tricks,
        },
        history=[
            {"created": tricks[1], "created_by": f"RUN {everything}", "comment": everything, "author": everything},
            {
                "created": "2024-01-01T00:00:00Z",
                "created_by": '/bin/sh -c #(nop) CMD ["' + "long " * 200 + '"]',
                "empty_layer": True,
            },
            {"created": "2024-01-01T01:02:03.5+02:00", "created_by": "RUN " + "x" * 500},
        ],
    )
