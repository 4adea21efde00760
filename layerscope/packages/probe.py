"""The probe: package databases, read while the layer streams past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.layers.entry import EntryKind, is_marker
from layerscope.packages import apk, dpkg, gobinary, npm, python, rpm
from layerscope.packages.content import Unreadable
from layerscope.packages.record import Failed, LayerRecords, Record, pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from layerscope.layers.member import Member
    from layerscope.packages.content import Content

    ReaderOf = Callable[[Member], tuple[str, Content] | None]

_NAMES: dict[bytes, ReaderOf] = {
    b"status": dpkg.reader_of,
    b"diversions": dpkg.reader_of,
    b"installed": apk.reader_of,
    b"rpmdb.sqlite": rpm.reader_of,
    b"rpmdb.sqlite-wal": rpm.reader_of,
    b"Packages.db": rpm.reader_of,
    b"Packages": rpm.reader_of,
    b"METADATA": python.reader_of,
    b"RECORD": python.reader_of,
    b"PKG-INFO": python.reader_of,
    b"installed-files.txt": python.reader_of,
    b"SOURCES.txt": python.reader_of,
    b"package.json": npm.reader_of,
}
_ENDS: dict[bytes, ReaderOf] = {b".list": dpkg.reader_of, b".egg-info": python.reader_of}
_MAX_TEXT = 64 << 20
"""Bytes of text that are kept of one layer: a file that says more than is left is told as one that cannot be read."""


class PackageProbe:
    """Keeps what package databases of a layer say. See ``layers.probe.Probe``."""

    id = "packages"
    version = 2
    portable = True

    def run(self) -> _Run:
        """Begin on a layer."""
        return _Run()


PACKAGES = PackageProbe()


class _Run:
    def __init__(self) -> None:
        self._position = -1
        self._records: list[Record] = []
        self._by_path: dict[bytes, int] = {}
        self._failed: list[Failed] = []
        self._notes: list[str] = []
        self._text = 0
        self._at: Member | None = None
        self._reader = ""
        self._content: Content | None = None

    def wants(self, member: Member) -> bool:
        """Whether it is a file of a package manager's, by its name."""
        self._position += 1
        path = member.path
        name = path[path.rfind(b"/") + 1 :]
        reader_of = _NAMES.get(name)
        if reader_of is None:
            reader_of = _ENDS.get(name[name.rfind(b".") :])
        if reader_of is None:
            if b"/status.d/" in path:
                reader_of = dpkg.reader_of
            elif member.mode & 0o111 and member.size >= gobinary.LEAST:
                reader_of = gobinary.reader_of
            else:
                return False
        if is_marker(path):
            return False
        if member.kind is EntryKind.HARDLINK and reader_of is not gobinary.reader_of and reader_of(member) is not None:
            self._again(member)
        found = reader_of(member) if member.kind is EntryKind.FILE else None
        if found is None:
            return False
        self._at = member
        self._reader, self._content = found
        return True

    def feed(self, chunk: memoryview) -> None:
        """The next bytes of the file."""
        if self._content is not None:
            self._content.feed(chunk)

    def end(self) -> None:
        """The file is whole."""
        member, content = self._at, self._content
        assert member is not None and content is not None
        self._at = self._content = None
        try:
            said = content.end()
        except Unreadable as error:
            self._failed.append(Failed(member.path, str(error)))
            return
        if said is None:
            return
        if said.remark:
            self._notes.append(f"/{member.path.decode('utf-8', 'backslashreplace')}: {said.remark}")
        self._keep(Record(self._reader, self._position, member.path, said.data))

    def result(self) -> bytes:
        """Everything that was kept."""
        return pack(LayerRecords(tuple(self._records), tuple(self._failed), tuple(self._notes)))

    def _again(self, member: Member) -> None:
        """A hard link to a file of this layer that was taken in under another name."""
        position = self._by_path.get(member.link)
        if position is not None:
            self._keep(self._records[position]._replace(path=member.path))

    def _keep(self, record: Record) -> None:
        self._text += _length(record.data)
        if self._text > _MAX_TEXT:
            self._failed.append(Failed(record.path, f"the layer's package databases say more than {_MAX_TEXT} bytes"))
            return
        self._by_path[record.path] = len(self._records)
        self._records.append(record)


def _length(data: object) -> int:
    if isinstance(data, str):
        return len(data)
    return 8 + sum(map(_length, data)) if isinstance(data, list) else 8
