"""Layers that are cut, corrupt, lying or made to hurt: each is one clear error, never a wrong figure."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from making import OCI_LAYER, Item, Layout, directory, file, tar_of

from layerscope.errors import DamagedLayer, InvalidImage, LayerscopeError, UnsafeImage, UnsupportedImage
from layerscope.inspection import Inspection, inspect_image
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = tar_of(directory("etc"), file("etc/passwd", b"root:x:0:0\n" * 400), file("etc/empty"))


def read(data: bytes, limits: Limits | None = None) -> None:
    read_blob((data[at : at + 4096] for at in range(0, len(data), 4096)), "layer 0", limits=limits or Limits())


def header(**fields: object) -> bytes:
    info = tarfile.TarInfo("x")
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.GNU_FORMAT)


def patched(block: bytes, at: int, field: bytes) -> bytes:
    """A header block with a field replaced and its checksum made right again."""
    block = block[:at] + field + block[at + len(field) :]
    checksum = 256 + sum(block[:148]) + sum(block[156:])
    return block[:148] + b"%06o\0 " % checksum + block[156:]


def pax(records: bytes, entry: bytes = b"") -> bytes:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(records)
    padded = records + bytes(-len(records) % 512)
    return info.tobuf(tarfile.USTAR_FORMAT) + padded + (entry or header()) + bytes(1024)


def record(key: bytes, value: bytes) -> bytes:
    """One PAX record, its length counted as the standard demands."""
    length = len(key) + len(value) + 3
    while len(b"%d" % length) + len(key) + len(value) + 3 != length:
        length += 1
    return b"%d %s=%s\n" % (length, key, value)


def base256(value: int) -> bytes:
    return b"\x80" + value.to_bytes(11, "big")


END = bytes(1024)
SPARSE = record(b"GNU.sparse.major", b"1") + record(b"GNU.sparse.minor", b"0")
CASES: dict[str, tuple[bytes, type[LayerscopeError], str]] = {
    "cut inside a header": (PLAIN[:700], DamagedLayer, "cut inside a header"),
    "cut inside content": (PLAIN[:2000], DamagedLayer, "cut inside"),
    "bad checksum": (PLAIN[:520] + b"Z" + PLAIN[521:], DamagedLayer, "checksum is wrong"),
    "checksum no number": (
        patched(header(), 0, b"x")[:148] + b"zzzzzzzz" + header()[156:] + END,
        DamagedLayer,
        "checksum",
    ),
    "negative size": (patched(header(), 124, b"\xff" * 12) + END, DamagedLayer, "impossible size"),
    "size 2^60": (patched(header(), 124, base256(1 << 60)) + END, UnsafeImage, "claims"),
    "size 2^90": (patched(header(), 124, base256(1 << 86)) + END, DamagedLayer, "impossible size"),
    "size with letters": (patched(header(), 124, b"00000000zzz\0") + END, DamagedLayer, "malformed"),
    "endless PAX record": (
        patched(header(type=tarfile.XHDTYPE), 124, base256(1 << 40)) + END,
        UnsafeImage,
        "extended header",
    ),
    "PAX size 2^70": (pax(record(b"size", b"1180591620717411303424")), DamagedLayer, "not a number|impossible"),
    "PAX without length": (pax(b"path=x\n"), DamagedLayer, "without a length"),
    "PAX length too long": (pax(b"99 path=x\n"), DamagedLayer, "malformed record"),
    "PAX negative size": (pax(record(b"size", b"-70")), DamagedLayer, "not a number"),
    "PAX bad time": (pax(record(b"mtime", b"x1")), DamagedLayer, "not a time"),
    "PAX huge time": (pax(record(b"mtime", b"9e999")), DamagedLayer, "not a time|impossible"),
    "PAX NUL in path": (pax(record(b"path", b"a\0b")), DamagedLayer, "NUL"),
    "PAX header, then nothing": (pax(b"10 path=x\n")[:1024] + END, DamagedLayer, "ends after an extended header"),
    "sparse 2^60": (
        pax(
            SPARSE + record(b"GNU.sparse.realsize", b"%d" % (1 << 60)),
            header(size=512) + b"1\n0\n0\n".ljust(512, b"\0"),
        ),
        UnsafeImage,
        "claims",
    ),
    "sparse runs overlap": (
        pax(
            SPARSE + record(b"GNU.sparse.realsize", b"4096"),
            header(size=512) + b"2\n0\n10\n5\n10\n".ljust(512, b"\0"),
        ),
        DamagedLayer,
        "sparse map is impossible",
    ),
    "sparse map without end": (
        pax(
            SPARSE + record(b"GNU.sparse.realsize", b"4096"),
            header(size=512) + b"9" * 512,
        ),
        DamagedLayer,
        "sparse map",
    ),
    "lone zero block": (header() + bytes(512) + header() + END, DamagedLayer, "lone zero block"),
    "path of 5000 bytes": (tar_of(file("d/" * 2500 + "x")), UnsafeImage, "path is longer"),
    "gzip cut": (gzip.compress(PLAIN)[:-20], DamagedLayer, "cut|missing"),
    "gzip corrupt": (
        gzip.compress(PLAIN)[:40] + b"\xff\xff\xff" + gzip.compress(PLAIN)[43:],
        DamagedLayer,
        "corrupt|cut",
    ),
    "gzip wrong checksum": (
        gzip.compress(PLAIN)[:-8] + b"\0\0\0\0" + gzip.compress(PLAIN)[-4:],
        DamagedLayer,
        "corrupt",
    ),
    "gzip, then garbage": (gzip.compress(PLAIN) + b"garbage that is no gzip", DamagedLayer, "corrupt"),
    "zstd cut": (zstd.compress(PLAIN)[:-10], DamagedLayer, "cut|missing"),
    "zstd corrupt": (zstd.compress(PLAIN)[:12] + b"\xff" * 8 + zstd.compress(PLAIN)[20:], DamagedLayer, "corrupt|cut"),
    "xz": (b"\xfd7zXZ\x00" + bytes(600), UnsupportedImage, "compressed with xz"),
    "bzip2": (b"BZh91AY&SY" + bytes(600), UnsupportedImage, "compressed with bzip2"),
    "noise": (hashlib.sha256(b"noise").digest() * 40, UnsupportedImage, "neither tar, gzip nor zstd"),
    "a web page": (b"<!DOCTYPE html><html>" * 50, UnsupportedImage, "neither tar"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_layer_is_one_clear_error(name: str) -> None:
    data, kind, message = CASES[name]
    started = time.monotonic()
    with pytest.raises(kind, match=message) as caught:
        read(data)
    assert caught.value.message.startswith("layer 0: ")
    assert "\n" not in caught.value.message
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("data", [PLAIN, gzip.compress(PLAIN), zstd.compress(PLAIN)], ids=["tar", "gzip", "zstd"])
def test_cut_anywhere_is_never_a_shorter_layer(data: bytes) -> None:
    """A cut fails; of a plain stream it may fall behind a whole entry, which is noted and left to size and digest."""
    for at in range(1, len(data), 97):
        try:
            found = read_blob(iter([data[:at]]), "cut", limits=Limits())
        except LayerscopeError:
            continue
        assert data is PLAIN  # no compressed stream is taken for whole
        assert found.index.notes or len(found.index) == 3, at


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_decompression_bomb(compress: Callable[[bytes], bytes]) -> None:
    bomb = compress(tar_of(file("zeros", bytes(20 << 20))))
    with pytest.raises(UnsafeImage, match="decompression bomb"):
        read(bomb, Limits(ratio_applies_from=1 << 20))
    many = compress(tar_of(*(file(f"zeros{number}", bytes(1 << 20)) for number in range(20))))
    with pytest.raises(UnsafeImage, match="unpacks to more than"):
        read(many, Limits(max_uncompressed_bytes=2 << 20))
    with pytest.raises(UnsafeImage, match="claims"):
        read(bomb, Limits(max_file_bytes=1 << 20))
    read(bomb)  # below the limits it is a layer like any other


def test_too_many_entries_and_too_many_names() -> None:
    layer = tar_of(*(file(f"{'n' * 90}{number}") for number in range(50)))
    with pytest.raises(UnsafeImage, match="more than 49 entries"):
        read(layer, Limits(max_entries=49))
    with pytest.raises(UnsafeImage, match="paths and attributes"):
        read(layer, Limits(max_names_bytes=1000))


def test_zstd_window_beyond_the_limit() -> None:
    options = {zstd.CompressionParameter.window_log: 28, zstd.CompressionParameter.enable_long_distance_matching: 1}
    wide = zstd.compress(tar_of(file("big", bytes(300 << 20))), options=options)
    with pytest.raises(DamagedLayer, match="zstd data is corrupt"):
        read(wide)


# -- claims: what manifest and config say of a blob, against what it is ---------------------------------------------


def _layout(path: Path, tars: list[bytes], **more: object) -> Layout:
    layout = Layout(path)
    layout.index(layout.image(tars, **more))  # type: ignore[arg-type]
    return layout


def inspect(path: Path) -> Inspection:
    reader = LayerReader()
    with open_image(f"oci-dir:{path}", reader=reader) as image:
        return inspect_image(image, reader)


def test_wrong_digest_diff_id_size_and_missing_blob(tmp_path: Path) -> None:
    other = tar_of(file("other", b"x" * 4999))
    assert len(other) == len(PLAIN)

    blob = _layout(tmp_path / "digest", [PLAIN]).blob(PLAIN)
    blob.write_bytes(other)
    with pytest.raises(DamagedLayer, match="digest is wrong: expected sha256:[0-9a-f]{64}, found sha256:"):
        inspect(tmp_path / "digest")

    blob = _layout(tmp_path / "long", [PLAIN]).blob(PLAIN)
    blob.write_bytes(PLAIN + b"\0")
    with pytest.raises(DamagedLayer, match=f"longer than the {len(PLAIN)} bytes promised"):
        inspect(tmp_path / "long")

    blob = _layout(tmp_path / "short", [PLAIN]).blob(PLAIN)
    blob.write_bytes(PLAIN[:-512])
    with pytest.raises(DamagedLayer, match=f"has {len(PLAIN) - 512} bytes; {len(PLAIN)} were promised"):
        inspect(tmp_path / "short")

    _layout(tmp_path / "diffid", [other], blobs=[PLAIN])
    with pytest.raises(DamagedLayer, match="DiffID is wrong: expected sha256:[0-9a-f]{64}, found"):
        inspect(tmp_path / "diffid")

    _layout(tmp_path / "missing", [PLAIN]).blob(PLAIN).unlink()
    with pytest.raises(InvalidImage, match="blob is missing"):
        inspect(tmp_path / "missing")


def test_symlinked_blob_is_not_followed(tmp_path: Path) -> None:
    layout = _layout(tmp_path / "layout", [PLAIN])
    secret = tmp_path / "secret"
    secret.write_bytes(PLAIN)
    blob = layout.blob(PLAIN)
    blob.unlink()
    blob.symlink_to(secret)
    with pytest.raises(InvalidImage, match="symbolic link"):
        inspect(layout.path)


def test_encrypted_and_foreign_layers_are_skipped_and_figures_that_need_them_are_null(tmp_path: Path) -> None:
    foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar"
    layout = _layout(
        tmp_path / "layout",
        [PLAIN, tar_of(file("hidden", b"1")), tar_of(file("etc/passwd", b"2")), tar_of(file("far", b"3"))],
        media_types=[OCI_LAYER, OCI_LAYER + "+encrypted", OCI_LAYER, foreign],
    )
    layout.blob(tar_of(file("far", b"3"))).unlink()
    found = inspect(layout.path)
    assert not found.complete
    assert [(skipped.layer, skipped.path) for skipped in found.skipped] == [(1, None), (3, None)]
    assert "encrypted" in found.skipped[0].reason
    assert "foreign" in found.skipped[1].reason
    assert [layer.entries for layer in found.layers] == [3, None, 1, None]
    assert all(layer.changes is None and layer.reclaimable_bytes is None for layer in found.layers)
    totals = found.totals
    assert (totals.entries, totals.file_bytes, totals.squashed_bytes, totals.reclaimable_bytes) == (None,) * 4
    assert totals.compressed_bytes == sum(layer.compressed_bytes or 0 for layer in found.layers) > 0
    assert found.reclaimable is None


def test_foreign_layer_whose_blob_is_there_is_read(tmp_path: Path) -> None:
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    layout = _layout(tmp_path / "layout", [PLAIN], blobs=[gzip.compress(PLAIN)], media_types=[foreign])
    assert inspect(layout.path).complete


# -- odd but legal: noted, and read ----------------------------------------------------------------------------------


def _entries(data: bytes) -> tuple[list[bytes], tuple[str, ...]]:
    found = read_blob(iter([data]), "odd", limits=Limits()).index
    return found.paths, found.notes


def test_odd_but_legal_streams() -> None:
    whole = tar_of(file("a", b"content"))
    entry = whole[:1024]
    assert _entries(b"") == ([], ("no end-of-archive blocks",))
    assert _entries(bytes(1024)) == ([], ())
    assert _entries(entry) == ([b"a"], ("no end-of-archive blocks",))
    assert _entries(entry[: 512 + 7]) == ([b"a"], ("no end-of-archive blocks",))
    assert _entries(entry + bytes(512)) == ([b"a"], ("end-of-archive is one block instead of two",))
    assert _entries(entry + bytes(1024) + b"after") == (
        [b"a"],
        ("bytes after the end-of-archive blocks (hashed, not parsed)",),
    )
    assert _entries(whole + bytes(1 << 20)) == ([b"a"], ())


def test_members_of_gzip_and_frames_of_zstd_in_a_row() -> None:
    half = len(PLAIN) // 2
    parts = [PLAIN[:half], PLAIN[half : half + 1], PLAIN[half + 1 :]]
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    for data in (
        b"".join(gzip.compress(part) for part in parts),
        gzip.compress(PLAIN) + bytes(700),
        b"".join(zstd.compress(part) for part in parts),
        skippable + zstd.compress(PLAIN) + skippable,
    ):
        for size in (1, 7, 4096):
            chunks = (data[at : at + size] for at in range(0, len(data), size))
            found = read_blob(chunks, "row", limits=Limits())
            assert found.diff_id.hex == hashlib.sha256(PLAIN).hexdigest()
            assert found.stored_digest.hex == hashlib.sha256(data).hexdigest()


def test_a_first_member_named_like_another_format() -> None:
    for name in ("]", "BZh91AY", "\x04\x22M\x18"):
        assert _entries(tar_of(file(name)))[0] == [name.encode()]


def test_names_as_tools_write_them() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        for name in ("./", "./a/", "/b", "c//d", "./e/../f", "../g", "h/./i", "caf\xe9"):
            item: Item = directory(name) if name.endswith("/") else file(name)
            archive.addfile(item.info)
    paths, _ = _entries(out.getvalue())
    assert paths == [b"", b"a", b"b", b"c/d", b"f", b"g", b"h/i", b"caf\xe9"]
