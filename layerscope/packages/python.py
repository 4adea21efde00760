"""Python: ``.dist-info`` and ``.egg-info``, wherever they lie.

Formats: packaging.python.org, "Core metadata" and "Recording installed projects"; setuptools' ``.egg-info``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.packages.content import Content, Head, Said, Whole, plausible
from layerscope.packages.installed import FileList, Installed, Key, Live
from layerscope.packages.record import shown, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.layers.member import Member

_DIST = b".dist-info"
_EGG = b".egg-info"
_HEAD = 64 << 10
"""Bytes of metadata to look for the name and version in: they come first, a description last."""
_FIELD = re.compile(rb"^(Name|Version):[ \t]*(.*)$", re.MULTILINE | re.IGNORECASE)
_LISTS = {b"RECORD": _DIST, b"installed-files.txt": _EGG, b"SOURCES.txt": _EGG}


def reader_of(member: Member) -> tuple[str, Content] | None:
    """How to take in a file of Python's metadata; None for any other."""
    directory, _, name = member.path.rpartition(b"/")
    if name.endswith(_EGG):  # the old form: one file
        return "python-metadata", Head(read_metadata, _HEAD)
    if directory.endswith(_DIST):
        if name == b"METADATA":
            return "python-metadata", Head(read_metadata, _HEAD)
        if name == b"RECORD":
            return "python-list", Whole(read_record)
    elif directory.endswith(_EGG):
        if name == b"PKG-INFO":
            return "python-metadata", Head(read_metadata, _HEAD)
        if name in _LISTS:
            return "python-list", Whole(read_lines)
    return None


def read_metadata(content: bytes) -> Said | None:
    """[name, version], of the headers that stand before the first blank line."""
    fields = {key.lower(): value.rstrip() for key, value in _FIELD.findall(content.partition(b"\n\n")[0])}
    name, version = fields.get(b"name", b""), fields.get(b"version", b"")
    return Said([shown(name), shown(version)]) if plausible(name, version) else None


def read_record(content: bytes) -> Said:
    """The first column of a RECORD (comma-separated values), one path a line."""
    paths = []
    for line in content.splitlines():
        if line.startswith(b'"'):
            path = line[1:].rpartition(b'",')[0].replace(b'""', b'"')
        else:
            path = line.rsplit(b",", 2)[0]
        if path:
            paths.append(path)
    return Said(text(b"\n".join(paths)))


def read_lines(content: bytes) -> Said:
    """One path a line."""
    return Said(text(b"\n".join(line for line in content.splitlines() if line)))


def installed(live: Iterable[Live]) -> Iterator[Installed]:
    """What live metadata says. Files are those recorded, and the metadata itself."""
    metadata: dict[bytes, Live] = {}
    lists: dict[bytes, list[Live]] = {}
    for file in live:
        directory, _, name = file.path.rpartition(b"/")
        place = file.path if name.endswith(_EGG) else directory
        if file.reader == "python-metadata":
            metadata[place] = file
        else:
            lists.setdefault(place, []).append(file)
    for place, file in metadata.items():
        name, version = file.data
        parent = place.rpartition(b"/")[0]
        recorded = [
            # A RECORD and SOURCES.txt are relative to where the metadata lies, installed-files.txt to the metadata.
            FileList(b"", place if each.path.endswith(b"/installed-files.txt") else parent, each.data)
            for each in lists.get(place, ())
        ]
        own = FileList(b"", b"", text(b"\n".join([file.path, *(each.path for each in lists.get(place, ()))])))
        key = Key("python", name, version, "", place)
        yield Installed(key, (*recorded, own), proof=file.real)
