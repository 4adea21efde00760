"""Finding a file and reading it: what is read for it, what it is held against, what is said where it is not."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from counting import counted
from making import (
    OCI_LAYER,
    Item,
    Layout,
    device,
    directory,
    docker_archive,
    file,
    hardlink,
    opaque,
    simple_layout,
    symlink,
    tar_of,
    whiteout,
)

import layerscope
from layerscope.content import verified
from layerscope.content.capture import Capture
from layerscope.content.contents import Contents
from layerscope.errors import DamagedLayer, LayerscopeError, NotFound, UsageError
from layerscope.layers.cache import IndexCache
from layerscope.layers.reader import LayerReader
from layerscope.sources.image import Image
from layerscope.sources.open import open_image


@contextmanager
def contents_of(path: Path, *wanted: bytes, cache: Path | None = None) -> Iterator[tuple[Contents, Image]]:
    reader = LayerReader(cache=IndexCache(cache) if cache else None)
    with open_image(str(path)) as image, Capture(wanted) as capture:
        yield Contents(image, reader, capture), image


@pytest.fixture
def stacked(tmp_path: Path) -> Path:
    noise = hashlib.sha256(b"noise").digest() * 40_000
    return simple_layout(
        tmp_path / "layout",
        tar_of(
            directory("bin"),
            symlink("lib", "usr/lib"),
            directory("usr"),
            directory("usr/lib"),
            file("usr/lib/so", b"library"),
            file("usr/noise", noise),
            directory("etc"),
            file("etc/conf", b"first"),
            file("etc/gone", b"secret"),
        ),
        tar_of(directory("etc"), file("etc/conf", b"second"), whiteout("etc/gone")),
        tar_of(
            directory("opt"),
            file("opt/tool", b"tool"),
            hardlink("opt/again", "opt/tool"),
            hardlink("opt/far", "usr/lib/so"),
        ),
        tar_of(
            directory("srv"),
            symlink("srv/loop", "loop"),
            symlink("srv/so", "../lib/so"),
            symlink("srv/up", "../../../etc/conf"),
        ),
    )


@pytest.mark.parametrize(
    ("path", "layer", "content"),
    [
        (b"/etc/conf", None, b"second"),
        (b"etc/conf", 0, b"first"),
        (b"/etc/../etc//./conf", None, b"second"),
        (b"/etc/gone", 0, b"secret"),
        (b"/lib/so", None, b"library"),
        (b"/srv/so", None, b"library"),
        (b"/srv/so", 3, b"library"),
        (b"/srv/up", None, b"second"),
        (b"/opt/again", None, b"tool"),
        (b"/opt/again", 2, b"tool"),
        (b"/opt/far", None, b"library"),
        (b"/lib/so", 0, b"library"),
    ],
)
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_content(path: bytes, layer: int | None, content: bytes, warm: bool, stacked: Path, tmp_path: Path) -> None:
    if warm:
        with open_image(str(stacked)) as image:
            LayerReader(cache=IndexCache(tmp_path / "cache")).read_all(image.layers)
    with contents_of(stacked, path, cache=tmp_path / "cache") as (contents, _):
        assert b"".join(contents.chunks(contents.file(path, layer))) == content


@pytest.mark.parametrize(
    ("path", "layer", "kind", "said"),
    [
        (b"/etc/gone", None, NotFound, "layer 1 took /etc/gone away"),
        (b"/etc/cnf", None, NotFound, "is it /etc/conf?"),
        (b"/srv/loop", None, NotFound, "go in circles"),
        (b"/etc", None, UsageError, "is a directory"),
        (b"/", None, UsageError, "is a directory"),
        (b"/etc/conf/x", None, NotFound, "/etc/conf is a file"),
        (b"/etc/conf", 3, NotFound, "--layer 1 gives that one"),
        (b"/etc/conf", 4, UsageError, "layers are 0 to 3"),
        (b"/etc/.wh.gone", None, NotFound, "whiteout"),
        (b"/etc/.wh.gone", 1, NotFound, "whiteout"),
        (b"/nowhere/at/all", None, NotFound, "there is no /nowhere"),
    ],
)
def test_what_is_said(path: bytes, layer: int | None, kind: type[LayerscopeError], said: str, stacked: Path) -> None:
    with contents_of(stacked, path) as (contents, _), pytest.raises(kind) as error:
        contents.file(path, layer)
    assert said in f"{error.value.message} {error.value.hint}"


def test_a_deleted_file_is_offered_from_the_layer_that_has_it(stacked: Path, tmp_path: Path) -> None:
    with open_image(str(stacked)) as image:
        LayerReader(cache=IndexCache(tmp_path / "cache")).read_all(image.layers)
    with contents_of(stacked, cache=tmp_path / "cache") as (contents, image):
        read = counted(image)
        with pytest.raises(NotFound) as error:
            contents.file(b"/etc/gone")
    assert error.value.hint == "--layer 0 has it"
    assert not read


def test_cold_no_layer_below_the_one_that_decides_is_read(stacked: Path) -> None:
    with contents_of(stacked, b"etc/conf") as (contents, image):
        read = counted(image)
        assert b"".join(contents.chunks(contents.file(b"etc/conf"))) == b"second"
        sizes = {blob.position: blob.size for blob in image.layers}
    assert read == {layer: sizes[layer] for layer in (3, 2, 1)}, "each once, and nothing of the bottom"


def test_cold_a_whiteout_decides_too(stacked: Path) -> None:
    with contents_of(stacked, b"etc/gone") as (contents, image):
        read = counted(image)
        with pytest.raises(NotFound):
            contents.file(b"etc/gone")
    assert set(read) == {3, 2, 1}


def test_warm_one_blob_is_opened_and_left_after_the_entry(tmp_path: Path) -> None:
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(200_000))
    layout = simple_layout(
        tmp_path / "layout",
        tar_of(directory("d"), file("d/early", b"early"), file("d/noise", noise), file("d/late", b"late")),
        tar_of(directory("e"), file("e/other", noise)),
    )
    cache = tmp_path / "cache"
    with open_image(str(layout)) as image:
        LayerReader(cache=IndexCache(cache)).read_all(image.layers)
    with contents_of(layout, b"d/early", cache=cache) as (contents, image):
        read = counted(image)
        assert b"".join(contents.chunks(contents.file(b"d/early"))) == b"early"
    assert set(read) == {0}
    assert read[0] <= 256 << 10 < len(noise) // 2, "one chunk of the blob"


def test_reading_one_layer_reads_no_other(stacked: Path) -> None:
    with contents_of(stacked, b"etc/gone") as (contents, image):
        read = counted(image)
        assert b"".join(contents.chunks(contents.file(b"etc/gone", 0))) == b"secret"
    assert set(read) == {0}


def test_a_layer_that_lists_no_parents_needs_those_below(tmp_path: Path) -> None:
    """Only the bottom knows that /etc is a link, and so where the entry of the layer above it lands."""
    bottom = tar_of(symlink("etc", "conf"), directory("conf"), file("conf/a", b"below"))
    layout = simple_layout(tmp_path / "layout", bottom, tar_of(file("etc/a", b"above")))
    with contents_of(layout, b"conf/a") as (contents, _):
        assert b"".join(contents.chunks(contents.file(b"conf/a"))) == b"above"


def test_a_blob_that_changed_since_is_refused_before_a_byte_is_out(tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(file("a", b"right")))
    cache = tmp_path / "cache"
    with open_image(str(layout)) as image:
        LayerReader(cache=IndexCache(cache)).read_all(image.layers)
        (blob,) = image.layers
    assert blob.digest is not None
    (layout / "blobs/sha256" / blob.digest.hex).write_bytes(gzip.compress(tar_of(file("a", b"wrong")), mtime=0))
    with contents_of(layout, cache=cache) as (contents, _):
        chunks = contents.chunks(contents.file(b"a"))
        with pytest.raises(DamagedLayer, match="/a in layer 0 is not what was verified before"):
            next(chunks)


def test_of_a_large_file_that_is_wrong_the_end_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "HELD", 10)
    given = b""
    with pytest.raises(DamagedLayer, match="the 20 bytes already handed over are not to be trusted"):
        for chunk in verified.verified([b"x" * 5] * 6, 30, b"\0" * 32, "it"):
            given += chunk
    assert given == b"x" * 20


def test_right_content_comes_whole_in_any_pieces() -> None:
    data = b"".join(b"%d" % n for n in range(1000))
    for step in (1, 7, len(data)):
        pieces = [data[at : at + step] for at in range(0, len(data), step)]
        assert b"".join(verified.verified(pieces, len(data), hashlib.sha256(data).digest(), "it")) == data


def test_devices_have_no_content(tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(device("null", 1, 3)))
    with contents_of(layout) as (contents, _), pytest.raises(UsageError, match="character-device: it has no content"):
        contents.file(b"/null")


def test_an_opaque_directory_hides_and_the_layer_still_gives(tmp_path: Path) -> None:
    layout = simple_layout(
        tmp_path / "layout",
        tar_of(directory("d"), file("d/old", b"old")),
        tar_of(directory("d"), opaque("d"), file("d/new", b"new")),
    )
    with contents_of(layout, b"d") as (contents, _):
        with pytest.raises(NotFound, match="layer 1 took /d/old away"):
            contents.file(b"d/old")
        assert b"".join(contents.chunks(contents.file(b"d/old", 0))) == b"old"
        assert b"".join(contents.chunks(contents.file(b"d/new"))) == b"new"


def test_a_skipped_layer_in_the_way_is_said(tmp_path: Path) -> None:
    tars = [tar_of(directory("d"), file("d/a", b"a")), tar_of(file("x")), tar_of(directory("e"), file("e/b", b"b"))]
    kinds = [OCI_LAYER, OCI_LAYER.replace("layer.v1", "layer.nondistributable.v1"), OCI_LAYER]
    layout = Layout(tmp_path / "layout")
    path = layout.index(layout.image(tars, media_types=kinds))
    layout.blob(tars[1]).unlink()
    with contents_of(path) as (contents, _):
        assert b"".join(contents.chunks(contents.file(b"e/b"))) == b"b", "above it nothing is in doubt"
        with pytest.raises(NotFound, match="layer 1 .* cannot be read: foreign layer"):
            contents.file(b"d/a")
        assert b"".join(contents.chunks(contents.file(b"d/a", 0))) == b"a"


def sparse(path: str, size: int, parts: dict[int, bytes]) -> Item:
    """A PAX 0.1 sparse member: holes are not in the archive."""
    info = tarfile.TarInfo(path)
    stored = b"".join(parts.values())
    info.size = len(stored)
    runs = ",".join(f"{offset},{len(data)}" for offset, data in parts.items())
    info.pax_headers = {"GNU.sparse.size": str(size), "GNU.sparse.map": runs, "GNU.sparse.name": path}
    return Item(info, stored)


def test_a_sparse_file(tmp_path: Path) -> None:
    layout = simple_layout(tmp_path / "layout", tar_of(sparse("s", 5_000_000, {100: b"here", 4_000_000: b"there"})))
    expected = io.BytesIO(bytes(5_000_000))
    for offset, data in ((100, b"here"), (4_000_000, b"there")):
        expected.seek(offset)
        expected.write(data)
    for wanted in (b"s", b"elsewhere"):  # kept while the layer is read, and read again
        with contents_of(layout, wanted) as (contents, _):
            assert b"".join(contents.chunks(contents.file(b"s"))) == expected.getvalue()


def test_the_library_reads_files_too(tmp_path: Path) -> None:
    tar = tar_of(directory("a"), file("a/f", b"content"), hardlink("b", "a/f"))
    layout = simple_layout(tmp_path / "layout", tar, tar_of(whiteout("b"), file("caf\udce9", b"1")))
    assert layerscope.read_file(str(layout), "/a/f", cache=tmp_path / "cache") == b"content"
    assert layerscope.read_file(str(layout), "b", layer=0, cache=False) == b"content"
    assert layerscope.read_file(str(layout), b"caf\xe9", cache=False) == b"1"
    archive = docker_archive(tmp_path / "a.tar", tar)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(archive.read_bytes()))
    assert layerscope.read_file(str(tmp_path / "a.tar.gz"), "/b", cache=False) == b"content", "on a second pass"
    with pytest.raises(NotFound):
        layerscope.read_file(str(layout), "/b", cache=False)
