"""Extraction: what is written, what is refused, and that nothing ever lands outside."""

from __future__ import annotations

import gzip
import hashlib
import os
import resource
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from counting import counted
from making import Item, device, directory, file, hardlink, simple_layout, symlink, tar_of, whiteout

from layerscope.content.capture import Capture
from layerscope.content.contents import Contents
from layerscope.content.destination import Destination, Refused
from layerscope.content.extract import Extracted, extract, leads_out
from layerscope.content.plan import plan
from layerscope.errors import DamagedLayer, NotFound, UsageError
from layerscope.layers.cache import IndexCache
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image

Tree = dict[str, tuple[object, ...]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def extracted(
    layout: Path, out: Path, *paths: str, layer: int | None = None, force: bool = False, cache: Path | None = None
) -> Extracted:
    reader = LayerReader(cache=IndexCache(cache) if cache else None)
    with open_image(str(layout)) as image, Capture(()) as capture, Destination(out, force=force) as destination:
        contents = Contents(image, reader, capture)
        return extract(contents, plan(contents, [os.fsencode(path) for path in paths or ("/",)], layer), destination)


def made(tmp_path: Path, *layers: list[Item]) -> Path:
    return simple_layout(tmp_path / "layout", *(tar_of(*items) for items in layers))


def tree(root: Path) -> Tree:
    """Everything below a directory: kind, mode, time, content or target; and which names are one file."""
    found: Tree = {}
    inodes: dict[int, str] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        name = str(path.relative_to(root))
        content: object = None
        if stat.S_ISLNK(status.st_mode):
            content = str(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest(), inodes.setdefault(status.st_ino, name)
        mode = stat.S_IMODE(status.st_mode)
        found[name] = stat.S_IFMT(status.st_mode), mode, status.st_mtime_ns, content
    return found


def refusals(done: Extracted) -> dict[str, str]:
    return {os.fsdecode(item.path): item.reason for item in done.not_written}


SAFE = [
    directory("etc", 0o755, mtime=1_000_000),
    file("etc/passwd", b"root", 0o644, mtime=1_600_000_000.25),
    file("etc/shadow", b"!", 0o600, mtime=1_600_000_000),
    directory("etc/locked", 0o555, mtime=5),
    file("etc/locked/in", b"x" * 100_000, 0o444),
    hardlink("etc/again", "etc/passwd"),
    symlink("etc/link", "locked/in"),
    symlink("up", "etc/../etc/passwd"),
    directory("usr"),
    directory("usr/lib"),
    symlink("usr/lib/to", "../../etc"),
    file("usr/empty", mtime=7),
    file("usr/zeros", bytes(1 << 20) + b"end" + bytes(1 << 17)),
]


def test_a_safe_tree_is_what_tar_extracts(tmp_path: Path, out: Path) -> None:
    items = [item for item in SAFE if item.info.name != "up"]
    done = extracted(made(tmp_path, items), out)
    archive, expected = tmp_path / "layer.tar", tmp_path / "expected"
    archive.write_bytes(tar_of(*items))
    expected.mkdir()
    subprocess.run(["tar", "-xpf", archive, "-C", expected], check=True)
    assert tree(out) == tree(expected)
    assert refusals(done) == {}
    sizes = {path.stat().st_ino: path.stat().st_size for path in expected.rglob("*") if path.is_file()}
    assert done.bytes == sum(sizes.values())
    assert (done.files, done.directories, done.symlinks) == (6, 4, 2)


def test_paths_alone_and_below(tmp_path: Path, out: Path) -> None:
    layout = made(tmp_path, SAFE)
    done = extracted(layout, out, "/etc/passwd", "usr/lib")
    assert sorted(tree(out)) == ["etc", "etc/passwd", "usr", "usr/lib", "usr/lib/to"]
    assert (done.files, done.directories, done.symlinks) == (1, 1, 1)
    assert stat.S_IMODE((out / "etc").stat().st_mode) == 0o777 & ~_umask(), "not asked for: made as mkdir makes it"
    with pytest.raises(NotFound, match="/nowhere"):
        extracted(layout, out, "/nowhere")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_links_on_the_way_are_followed_and_at_the_end_with_a_slash(tmp_path: Path, out: Path) -> None:
    layout = made(
        tmp_path, [symlink("lib", "usr/lib"), directory("usr"), directory("usr/lib"), file("usr/lib/so", b"1")]
    )
    extracted(layout, out, "/lib/so")
    assert (out / "usr/lib/so").read_bytes() == b"1"
    assert not (out / "lib").exists()
    extracted(layout, out, "/lib")
    assert (out / "lib").readlink() == Path("usr/lib")
    other = out.with_name("other")
    extracted(layout, other, "/lib/")
    assert sorted(tree(other)) == ["usr", "usr/lib", "usr/lib/so"]


def test_a_layer_with_what_is_gone_since(tmp_path: Path, out: Path) -> None:
    layout = made(
        tmp_path,
        [directory("d"), file("d/kept", b"k"), file("d/gone", b"g"), file("other", b"o")],
        [directory("d"), whiteout("d/gone"), hardlink("d/far", "other"), file("d/new", b"n")],
        [directory("d"), file("d/new", b"newer")],
    )
    extracted(layout, out)
    assert sorted(tree(out)) == ["d", "d/far", "d/kept", "d/new", "other"]
    assert (out / "other").stat().st_ino == (out / "d/far").stat().st_ino
    below = out.with_name("below")
    extracted(layout, below, "/d", layer=0)
    assert {name: (below / name).read_bytes() for name in ("d/gone", "d/kept")} == {"d/gone": b"g", "d/kept": b"k"}
    above = out.with_name("above")
    extracted(layout, above, layer=1)
    assert sorted(tree(above)) == ["d", "d/far", "d/new"]
    assert (above / "d/far").read_bytes() == b"o", "a link into a lower layer has its content"
    assert (above / "d/new").read_bytes() == b"n"
    with pytest.raises(NotFound, match="layer 2 does not bring /d/kept"):
        extracted(layout, above, "/d/kept", layer=2)


def test_each_blob_is_read_once_and_no_further_than_its_last_file(tmp_path: Path, out: Path) -> None:
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(100_000))
    layout = made(
        tmp_path,
        [directory("a"), file("a/1", b"1"), file("a/2", b"2"), file("noise", noise)],
        [directory("b"), file("b/noise", noise)],
    )
    cache = tmp_path / "cache"
    with open_image(str(layout)) as image:
        LayerReader(cache=IndexCache(cache)).read_all(image.layers)
        read = counted(image)
        with Capture(()) as capture, Destination(out, force=False) as destination:
            contents = Contents(image, LayerReader(cache=IndexCache(cache)), capture)
            extract(contents, plan(contents, [b"a"]), destination)
    assert dict(read) == {0: 256 << 10}
    assert sorted(tree(out)) == ["a", "a/1", "a/2"]


def test_devices_fifos_and_special_bits(tmp_path: Path, out: Path) -> None:
    fifo = file("fifo")
    fifo.info.type = tarfile.FIFOTYPE
    items = [device("null", 1, 3), fifo, file("elevate", b"#!", 0o6755), directory("tmp", 0o1777), file("ok", b"1")]
    done = extracted(made(tmp_path, items), out)
    assert sorted(tree(out)) == ["elevate", "ok", "tmp"]
    assert stat.S_IMODE((out / "elevate").stat().st_mode) == 0o755
    assert stat.S_IMODE((out / "tmp").stat().st_mode) == 0o777
    assert done.bits == 2
    assert refusals(done) == {"null": "character-devices are not made", "fifo": "fifos are not made"}


def test_names_that_climb_or_are_absolute_stay_inside(tmp_path: Path, out: Path) -> None:
    items = [
        file("../../escaped", b"1"),
        file("/absolute", b"2"),
        file("a/../../b", b"3"),
        hardlink("h", "../../../etc/passwd"),
    ]
    done = extracted(made(tmp_path, items), out)
    assert sorted(tree(out)) == ["absolute", "b", "escaped"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["layout", "out"]
    assert refusals(done) == {}, "the merge has no dangling link"
    assert refusals(extracted(made(tmp_path / "again", items), out, layer=0, force=True)) == {
        "h": "a hard link that leads nowhere"
    }


@pytest.mark.parametrize(
    ("path", "target", "reason"),
    [
        (b"a", b"b", ""),
        (b"d/a", b"../b", ""),
        (b"d/e/a", b"../../b/c", ""),
        (b"d/a", b"..", ""),
        (b"a", b"..", "leads out"),
        (b"d/a", b"../../b", "leads out"),
        (b"a", b"./../b", "leads out"),
        (b"a", b"/etc/passwd", "absolute"),
        (b"a", b"b/../c", "goes up again"),
        (b"a", b"b/../../c", "goes up again"),
    ],
)
def test_which_symlinks_may_lead_out(path: bytes, target: bytes, reason: str) -> None:
    assert reason in leads_out(path, target)
    assert bool(reason) == bool(leads_out(path, target))


def test_links_that_lead_out_together(tmp_path: Path, out: Path) -> None:
    """Each looks harmless by its text alone: q is the root, so q/.. is outside."""
    done = extracted(made(tmp_path, [directory("p"), symlink("p/q", ".."), symlink("z", "p/q/../../etc")]), out)
    assert sorted(tree(out)) == ["p", "p/q"]
    assert "goes up again" in refusals(done)["z"]


def test_nothing_is_written_through_a_link_that_was_there(tmp_path: Path, out: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out.mkdir()
    (out / "etc").symlink_to(outside)
    (out / "file").symlink_to(outside / "target")
    layout = made(
        tmp_path, [directory("etc"), file("etc/passwd", b"evil"), directory("etc/x"), file("file", b"evil"), file("ok")]
    )
    for force in (False, True):
        done = extracted(layout, out, force=force)
        assert list(outside.iterdir()) == []
        assert "is a symlink" in refusals(done)["etc"]
        assert all(item.in_the_way for item in done.not_written)
    assert not (out / "file").is_symlink(), "force replaced the link, not what it leads to"
    assert (out / "file").read_bytes() == b"evil"


def test_a_directory_that_becomes_a_link_meanwhile(tmp_path: Path, out: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    def content() -> Iterator[bytes]:
        yield b"half"
        (out / "d").rename(out / "moved")
        (out / "d").symlink_to(outside)
        yield b"done"

    with Destination(out, force=True) as destination:
        destination.directory(b"d")
        destination.file(b"d/one", content(), 0o644, None)
        with pytest.raises(Refused, match="is a symlink"):
            destination.file(b"d/e/two", [b"2"], 0o644, None)
    assert list(outside.iterdir()) == []
    assert (out / "moved/one").read_bytes() == b"halfdone"


def test_what_is_there_stays_unless_forced(tmp_path: Path, out: Path) -> None:
    layout = made(
        tmp_path, [file("a", b"new"), directory("d"), file("d/b", b"new"), file("dir", b"f"), symlink("s", "a")]
    )
    (out / "dir").mkdir(parents=True)
    (out / "a").write_bytes(b"old")
    (out / "s").write_bytes(b"old")
    done = extracted(layout, out)
    assert set(refusals(done)) == {"a", "dir", "s"}
    assert "--force" in refusals(done)["a"]
    assert (out / "a").read_bytes() == b"old"
    assert (out / "d/b").read_bytes() == b"new"
    done = extracted(layout, out, force=True)
    assert refusals(done) == {"dir": f"a directory of this name is in {out}"}
    assert (out / "a").read_bytes() == b"new"
    assert (out / "s").readlink() == Path("a")


def test_damage_leaves_nothing_of_the_file(tmp_path: Path, out: Path) -> None:
    cache = tmp_path / "cache"
    big = b"right" * 100_000
    layout = made(tmp_path, [file("a", b"fine"), file("b", big)])
    with open_image(str(layout)) as image:
        LayerReader(cache=IndexCache(cache)).read_all(image.layers)
        (blob,) = image.layers
    assert blob.digest is not None
    wrong = gzip.compress(tar_of(file("a", b"fine"), file("b", big[:-1] + b"!")), mtime=0)
    (layout / "blobs/sha256" / blob.digest.hex).write_bytes(wrong)
    with pytest.raises(DamagedLayer, match="/b in layer 0"):
        extracted(layout, out, cache=cache)
    assert [path.name for path in out.iterdir()] == ["a"]
    cut = (layout / "blobs/sha256" / blob.digest.hex).read_bytes()[:400]
    (layout / "blobs/sha256" / blob.digest.hex).write_bytes(cut)
    with pytest.raises(DamagedLayer):
        extracted(layout, out.with_name("cut"), "/b", cache=cache)
    assert list(out.with_name("cut").iterdir()) == []


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path, out: Path) -> None:
    layout = made(tmp_path, [file("big", b"x" * 200_000), file("small", b"1")])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        done = extracted(layout, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refusals(done) == {"big": "File too large"}
    assert [path.name for path in out.iterdir()] == ["small"]


def test_names_not_utf8_too_long_and_deep(tmp_path: Path, out: Path) -> None:
    deep = "/".join(["d"] * 1500)
    items = [file("caf\udce9", b"1"), file("n" * 300, b"2"), file(deep + "/f", b"3"), file("new\nline\x1b[2J", b"4")]
    done = extracted(made(tmp_path, items), out)
    assert refusals(done) == {"n" * 300: "File name too long"}
    assert {os.fsencode(path.name) for path in out.iterdir()} == {b"caf\xe9", b"d", b"new\nline\x1b[2J"}
    subprocess.run(["rm", "-rf", out], check=True)


def test_the_destination_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="there is no"):
        Destination(tmp_path / "no/where", force=False)
    with pytest.raises(UsageError, match="--to names|cannot write"):
        Destination(tmp_path / "file", force=False)


def test_holes_are_not_stored(tmp_path: Path, out: Path) -> None:
    extracted(made(tmp_path, [file("zeros", bytes(8 << 20) + b"end")]), out)
    status = (out / "zeros").stat()
    assert status.st_size == (8 << 20) + 3
    assert status.st_blocks * 512 < 1 << 20
    assert (out / "zeros").read_bytes() == bytes(8 << 20) + b"end"


@pytest.mark.parametrize("force", [False, True])
def test_names_that_a_file_system_takes_for_one(out: Path, force: bool) -> None:
    """Where A and a are one name, looking up the second finds the first: as a second link to it does here."""
    with Destination(out, force=force) as destination:
        destination.file(b"A", [b"first"], 0o644, None)
        (out / "a").hardlink_to(out / "A")
        with pytest.raises(Refused, match="takes its name for that of /A") as refused:
            destination.file(b"a", [b"second"], 0o644, None)
    assert refused.value.in_the_way
    assert (out / "A").read_bytes() == b"first"
