"""dpkg: ``var/lib/dpkg/status`` with ``info/*.list``, or the ``status.d`` of images without dpkg (distroless).

Formats: deb-control(5), dpkg-query(1), dpkg-divert(1); for ``status.d``, rules_distroless and rules_docker.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.packages.content import Content, Said, Whole, plausible
from layerscope.packages.installed import FileList, Installed, Key, Live
from layerscope.packages.record import shown, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.layers.member import Member

DATABASE = b"var/lib/dpkg"
_FIELD = re.compile(rb"^(Package|Status|Version|Architecture):[ \t]*(.*)$", re.MULTILINE)
_STANZAS = re.compile(rb"\n[ \t\r]*\n")
_ABSENT = frozenset((b"not-installed", b"config-files"))
"""Last words of a Status that leave no files but configuration."""
_FEW = 16
"""Diversions that are looked for in a list before it is taken apart."""
_SUM = re.compile(rb"^[0-9a-f]{32}[ *]+(?:\./|/)?(.+)$", re.MULTILINE)


def reader_of(member: Member) -> tuple[str, Content] | None:
    """How to take in a file of dpkg's; None for any other."""
    directory, _, name = member.path.rpartition(b"/")
    if directory.endswith(DATABASE):
        if name == b"status":
            return "dpkg-status", Whole(read_status)
        if name == b"diversions":
            return "dpkg-diversions", Whole(_read_diversions)
    elif directory.endswith(DATABASE + b"/info"):
        if name.endswith(b".list"):
            return "dpkg-list", Whole(read_list)
    elif directory.endswith(DATABASE + b"/status.d"):
        if name.endswith(b".md5sums"):
            return "dpkg-sums", Whole(_read_sums)
        return "dpkg-status", Whole(read_status)
    return None


def read_status(content: bytes) -> Said | None:
    """[name, version, architecture] of every package that is installed, or at least unpacked."""
    packages = []
    odd = 0
    for stanza in _STANZAS.split(content):
        fields = {field: value.rstrip() for field, value in _FIELD.findall(stanza)}
        if not fields:
            odd += bool(stanza.strip())
            continue
        if fields.get(b"Status", b"").rpartition(b" ")[2] in _ABSENT:
            continue
        name, version = fields.get(b"Package", b""), fields.get(b"Version", b"")
        architecture = fields.get(b"Architecture", b"")
        if plausible(name, version) and len(architecture) <= len(name) + 100:
            packages.append([shown(name), shown(version), shown(architecture)])
        else:
            odd += 1
    return Said(packages, f"{odd} of its paragraphs are no package" if odd else "")


def read_list(content: bytes) -> Said:
    """The paths, one a line and without their leading slash; directories that the next line lies below are left out."""
    lines = content.split(b"\n")
    kept = [
        line[1:]
        for line, after in zip(lines, [*lines[1:], b""], strict=True)
        if line.startswith(b"/") and not after.startswith(line + b"/") and line != b"/."
    ]
    return Said(text(b"\n".join(kept)))


def _read_sums(content: bytes) -> Said:
    return Said(text(b"\n".join(_SUM.findall(content))))


def _read_diversions(content: bytes) -> Said:
    """[from, to, by] of each diversion, paths without their leading slash."""
    lines = content.split(b"\n")
    triples = zip(lines[0::3], lines[1::3], lines[2::3], strict=False)
    return Said([[text(line.lstrip(b"/")) for line in triple] for triple in triples])


def installed(live: Iterable[Live]) -> Iterator[Installed]:
    """What the live files of dpkg say: a package's files are those its list names, diverted ones where they are."""
    systems: dict[bytes, _System] = {}
    for file in live:
        root, _, rest = file.path.rpartition(DATABASE)
        systems.setdefault(root.rstrip(b"/"), _System(root.rstrip(b"/"))).add(file, rest)
    for system in systems.values():
        yield from system.installed()


class _System:
    """One dpkg database."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.location = root + b"/" + DATABASE if root else DATABASE
        self.states: list[Live] = []
        self.lists: dict[str, str] = {}
        self.diversions: list[list[str]] = []
        self._moved: dict[str, tuple[str, str]] | None = None

    def add(self, file: Live, rest: bytes) -> None:
        name = shown(rest.rpartition(b"/")[2])
        if file.reader == "dpkg-status":
            self.states.append(file)
        elif file.reader == "dpkg-diversions":
            self.diversions = file.data
        else:
            self.lists[name.rpartition(".")[0]] = file.data

    def installed(self) -> Iterator[Installed]:
        for state in self.states:
            single = shown(state.path.rpartition(b"/")[2])  # status.d has a file a package, named as it likes
            for name, version, architecture in state.data:
                lines = self.lists.get(name)
                if lines is None:
                    lines = self.lists.get(f"{name}:{architecture}", self.lists.get(single, ""))
                key = Key("dpkg", name, version, architecture, self.location)
                files = FileList(self.root, self.root, self._diverted(name, lines))
                yield Installed(key, (files,), proof=state.real)

    def _diverted(self, name: str, lines: str) -> str:
        if len(self.diversions) <= _FEW and not any(source in lines for source, _, _ in self.diversions):
            return lines
        moved = self._moved
        if moved is None:
            moved = self._moved = {source: (target, by) for source, target, by in self.diversions}
        found = ((line, *moved.get(line, (line, name))) for line in lines.split("\n"))
        return "\n".join(line if by == name else target for line, target, by in found)
