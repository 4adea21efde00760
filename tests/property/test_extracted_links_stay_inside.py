"""Whatever links an image holds, none of those that are extracted leads out of the directory."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from making import directory, file, hardlink, simple_layout, symlink, tar_of

from layerscope.content.capture import Capture
from layerscope.content.contents import Contents
from layerscope.content.destination import Destination
from layerscope.content.extract import extract
from layerscope.content.plan import plan
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image

_NAMES = st.sampled_from(["a", "b", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_TARGETS = st.lists(st.sampled_from(["a", "b", "c", "..", ".", ""]), min_size=1, max_size=5).map("/".join)
_ITEMS = st.one_of(
    st.builds(file, _PATHS, st.sampled_from([b"", b"x"])),
    st.builds(directory, _PATHS),
    st.builds(symlink, _PATHS, _TARGETS.filter(bool)),
    st.builds(hardlink, _PATHS, _PATHS),
)


def _leads_somewhere(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(_ITEMS, max_size=6), min_size=1, max_size=2), st.booleans())
def test_no_link_leads_out(layers: list[list[object]], twice: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch).resolve()
        out = base / "deep/er/out"
        out.mkdir(parents=True)
        for outside in (base, base / "deep", base / "deep/er"):  # where a link that leads out would arrive
            for name in ("a/a", "a/b", "b/c", "c/a"):
                (outside / name).mkdir(parents=True)
        layout = simple_layout(base / "layout", *(tar_of(*items) for items in layers))  # type: ignore[arg-type]
        before = {path for path in base.rglob("*") if not path.is_relative_to(out)}
        with open_image(str(layout)) as image, Capture(()) as capture:
            contents = Contents(image, LayerReader(), capture)
            for layer in (None, 0) if twice else (None,):
                with Destination(out, force=True) as destination:
                    extract(contents, plan(contents, [b"/"], layer), destination)
        for path in out.rglob("*"):
            if path.is_symlink() and _leads_somewhere(path):
                assert path.resolve().is_relative_to(out), (path, path.readlink())
        assert {path for path in base.rglob("*") if not path.is_relative_to(out)} == before
        assert not any(path.name.startswith(".layerscope") for path in out.rglob("*"))
