"""The shortcut for plain members says what the long way says: of whole streams and damaged ones, in any chunks."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import LayerscopeError
from layerscope.layers.indexfile import pack
from layerscope.layers.limits import Limits
from layerscope.layers.plain import PlainMembers
from layerscope.layers.read import read_blob

if TYPE_CHECKING:
    from layerscope.layers.member import Member

# Names, times and owners as images have them, and what is next to them.
NAMES = st.sampled_from(
    [
        "usr/bin/x",
        "./etc/passwd",
        "etc/.wh.gone",
        "a//b",
        "/root",
        ".",
        "./",
        "a/./b",
        "../up",
        ".hidden",
        "d/.wh..wh..opq",
    ]
) | st.text("abé/.\n ", min_size=1, max_size=300)
TIMES = st.integers(0, 2**33) | st.sampled_from([1700000000.25, 1.5, 0.1, -3, 2**34])
RECORDS = st.sampled_from(
    [{}, {"atime": "1.5", "ctime": "17.25"}, {"mtime": "12.000000001"}, {"SCHILY.xattr.user.a": "b"}, {"comment": "x"}]
)
DAMAGE = st.lists(st.tuples(st.integers(0, 1 << 16), st.sampled_from(b"\0 078xg9\xff./+_-")), max_size=3)
FIELDS = st.builds(lambda block, at: 512 * block + at, st.integers(0, 6), st.integers(100, 160))
DAMAGE_TO_FIELDS = st.lists(st.tuples(FIELDS, st.sampled_from(b"\0 0789+_-x\xff")), min_size=1, max_size=3)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    out = io.BytesIO()
    form = draw(st.sampled_from([tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for _ in range(draw(st.integers(0, 8))):
            info = tarfile.TarInfo(draw(NAMES))
            info.type = draw(
                st.sampled_from([tarfile.REGTYPE] * 4 + [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
            )
            info.mode = draw(st.sampled_from([0o644, 0o755, 0o4755, 0o100644]))
            info.uid = draw(st.sampled_from([0, 33, 1000, 2**22]))
            info.mtime = draw(TIMES) if form != tarfile.USTAR_FORMAT else draw(st.integers(0, 2**33 - 1))
            content = b""
            if info.type == tarfile.REGTYPE:
                content = draw(st.binary(max_size=1200))
            elif info.type != tarfile.DIRTYPE:
                info.linkname = draw(NAMES)
            info.size = len(content)
            if form == tarfile.PAX_FORMAT:
                info.pax_headers = draw(RECORDS)
            try:
                archive.addfile(info, io.BytesIO(content))
            except (ValueError, UnicodeEncodeError):  # ustar cannot say it
                continue
    data = bytearray(out.getvalue()[: archive.offset])  # without what fills up the last record
    for at, byte in draw(DAMAGE | DAMAGE_TO_FIELDS):
        data[at % len(data)] = byte
    if draw(st.booleans()):
        mend_checksums(data)  # else damage to a header is seen in its sum alone
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


def mend_checksums(data: bytearray) -> None:
    for at in range(0, len(data) - 511, 512):
        block = data[at : at + 512]
        if block[257:262] == b"ustar":
            data[at + 148 : at + 156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:]))


class Probe:
    """Wants some files and keeps what it was shown."""

    id, version = "probe", 1

    def run(self) -> Probe:
        self.seen: list[object] = []
        return self

    def wants(self, member: Member) -> bool:
        self.seen.append((member.path, member.kind, member.mode, member.size, member.mtime, member.link))
        return member.size % 2 == 0

    def feed(self, chunk: memoryview) -> None:
        self.seen.append(bytes(chunk))

    def end(self) -> None:
        self.seen.append("end")

    def result(self) -> bytes:
        return repr(self.seen).encode()


def outcome(data: bytes, chunk: int, limits: Limits, *, probed: bool) -> object:
    chunks = (data[at : at + chunk] for at in range(0, len(data), chunk))
    try:
        read = read_blob(chunks, "made", limits=limits, probes=(Probe(),) if probed else ())
    except LayerscopeError as error:
        return type(error), error.message
    return pack(read.index), read.diff_id, read.index.notes, read.probes


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    archives(),
    st.integers(1, 8192),
    st.sampled_from([Limits(), Limits(max_entries=3), Limits(max_names_bytes=40), Limits(max_file_bytes=700)]),
    st.booleans(),
)
def test_the_shortcut_is_only_shorter(data: bytes, chunk: int, limits: Limits, probed: bool) -> None:
    short = outcome(data, chunk, limits, probed=probed)
    with mock.patch.object(PlainMembers, "take", lambda self, most: 0):
        assert short == outcome(data, chunk, limits, probed=probed)


def test_it_takes_what_images_are_made_of() -> None:
    """Else the property above would hold for a shortcut that takes nothing."""
    taken = []
    take = PlainMembers.take

    def counted(self: PlainMembers, most: int) -> int:
        before = len(self._index)
        names = take(self, most)
        taken.append(len(self._index) - before)
        return names

    for form in (tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            for number in range(100):
                info = tarfile.TarInfo(f"usr/share/doc/{number}")
                info.size, info.mtime = 3, number + (0.5 if form == tarfile.PAX_FORMAT else 0)
                archive.addfile(info, io.BytesIO(b"abc"))
        with mock.patch.object(PlainMembers, "take", counted):
            assert len(read_blob(iter([out.getvalue()]), "made", limits=Limits()).index) == 100
        assert sum(taken) == 99  # the first chunk comes with the first member
        taken.clear()
