from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import Cli
from making import OCI_LAYER, Layout, file, simple_layout, symlink, tar_of


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    home = tmp_path / "home"
    home.mkdir()
    return Cli(home)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image whose every text tries something."""
    trick = (
        "\x1b[2J\x1b]0;title\x07 \u202e|</details><script>alert(1)</script> @someone `` [x](http://evil) #1\r\n| x |"
    )
    tar = tar_of(
        file(f"dir/{trick}".replace("/details", "details").replace("/script", "script").replace("//", "")),
        file("gone", b"12345"),
        symlink("link", trick),
    )
    return simple_layout(
        tmp_path_factory.mktemp("hostile") / "layout",
        tar,
        tar_of(file(".wh.gone")),
        author=trick,
        created=trick,
        config={
            "User": trick,
            "Entrypoint": [trick],
            "Cmd": [trick],
            "Env": [f"A={trick}"],
            "WorkingDir": trick,
            "ExposedPorts": {trick: {}},
            "Volumes": {trick: {}, "/\ud800": {}},
            "Labels": {trick: trick},
        },
        history=[
            {"created": trick, "created_by": f"RUN {trick}", "comment": trick, "author": trick},
            {"created_by": "x"},
        ],
    )


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of more files than a pipe holds lines of."""
    tar = tar_of(*(file(f"usr/share/some/where/file-{number:05}") for number in range(4000)))
    return simple_layout(tmp_path_factory.mktemp("large") / "layout", tar)


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image whose middle layer cannot be read."""
    tars = [tar_of(file("a", b"1")), tar_of(file("b", b"22")), tar_of(file("c", b"333"))]
    layout = Layout(tmp_path_factory.mktemp("foreign") / "layout")
    kinds = [OCI_LAYER, OCI_LAYER.replace("layer.v1", "layer.nondistributable.v1"), OCI_LAYER]
    path = layout.index(layout.image(tars, media_types=kinds))
    layout.blob(tars[1]).unlink()
    return path
