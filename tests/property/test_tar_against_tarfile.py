"""Whatever the standard library writes, our reader and its reader see the same members and the same bytes."""

from __future__ import annotations

import hashlib
import io
import tarfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import LayerscopeError
from layerscope.layers.entry import EntryKind
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob
from layerscope.layers.tarstream import clean_path

_NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60).filter(
        lambda part: part not in (".", "..")
    ),
    min_size=1,
    max_size=6,
).map("/".join)
_KINDS = st.sampled_from(
    [
        tarfile.REGTYPE,
        tarfile.DIRTYPE,
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
    ]
)


@st.composite
def _members(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(draw(_NAMES))
    info.type = draw(_KINDS)
    info.mode = draw(st.integers(0, 0o7777))
    info.uid = draw(st.integers(0, 2**31))
    info.gid = draw(st.integers(0, 2**21))
    info.mtime = draw(st.integers(-(2**33), 2**33) | st.floats(0, 2**32))
    content = b""
    if info.type == tarfile.REGTYPE:
        content = draw(st.binary(max_size=1500))
        info.size = len(content)
    elif info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = draw(_NAMES)
    elif info.type in (tarfile.CHRTYPE, tarfile.BLKTYPE):
        info.devmajor, info.devminor = draw(st.integers(0, 2**20)), draw(st.integers(0, 2**20))
    return info, content


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(_members(), max_size=6), st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]), st.integers(1, 4096)
)
def test_same_members_and_content(members: list[tuple[tarfile.TarInfo, bytes]], form: int, chunk: int) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    data = out.getvalue()
    read = read_blob((data[at : at + chunk] for at in range(0, len(data), chunk)), "made", limits=Limits())
    assert read.diff_id.hex == hashlib.sha256(data).hexdigest()
    assert read.index.uncompressed_bytes == len(data)
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape", encoding="utf-8") as archive:
        expected = archive.getmembers()
        assert len(read.index) == len(expected)
        for entry, info in zip(read.index, expected, strict=True):
            assert entry.path == clean_path(info.name.encode("utf-8", "surrogateescape"))
            assert entry.mode == info.mode
            assert (entry.uid, entry.gid) == (info.uid, info.gid)
            assert entry.mtime == info.mtime // 1
            if info.isreg():
                assert entry.kind is EntryKind.FILE
                content = archive.extractfile(info)
                assert content is not None
                assert entry.digest == hashlib.sha256(content.read()).digest()
                assert entry.size == info.size
            elif info.issym():
                assert entry.link == info.linkname.encode("utf-8", "surrogateescape")
            elif info.islnk():
                assert entry.link == clean_path(info.linkname.encode("utf-8", "surrogateescape"))
            elif info.ischr() or info.isblk():
                assert entry.device == (info.devmajor, info.devminor)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_an_error_or_the_same_members(data: st.DataObject) -> None:
    """One flipped byte or a cut never ends in another exception, and never in fewer members without a word."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number in range(4):
            info = tarfile.TarInfo("d/" + "n" * (60 * number) + str(number))
            info.size = 700 * number
            info.pax_headers = {"SCHILY.xattr.user.x": "y" * number} if number else {}
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    whole = bytearray(out.getvalue())
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[at] ^= data.draw(st.integers(1, 255))
        cut = False
    else:
        del whole[at:]
        cut = True
    try:
        read = read_blob(iter([bytes(whole)]), "damaged", limits=Limits())
    except LayerscopeError:
        return
    if cut:
        assert len(read.index) == 4 or "no end-of-archive blocks" in read.index.notes or not whole


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=4096))
def test_any_bytes_end_in_a_layer_or_in_our_error(data: bytes) -> None:
    try:
        read_blob(iter([data]), "noise", limits=Limits())
    except LayerscopeError:
        pass
