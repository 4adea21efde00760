"""apk: ``lib/apk/db/installed``, in which each package is a paragraph of one-letter fields.

Format: Alpine's "Apk spec" and apk-tools' ``apk_db_write_fdb``: ``F:`` a directory, ``R:`` a file in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.packages.content import MAX_PATH_BYTES, MAX_TEXT_BYTES, Content, Said, Unreadable, Whole, plausible
from layerscope.packages.installed import FileList, Installed, Key, Live, below
from layerscope.packages.record import shown, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.layers.member import Member

DATABASES = (b"usr/lib/apk/db/installed", b"lib/apk/db/installed")


def reader_of(member: Member) -> tuple[str, Content] | None:
    """How to take in apk's database; None for any other file."""
    if member.path.endswith(b"lib/apk/db/installed"):
        return "apk-installed", Whole(read_installed)
    return None


def read_installed(content: bytes) -> Said:
    """[name, version, architecture, paths one a line] of every package."""
    packages = []
    odd = size = 0
    for paragraph in content.split(b"\n\n"):
        fields = {b"P": b"", b"V": b"", b"A": b""}
        files: list[bytes] = []
        directory = b""
        for line in paragraph.split(b"\n"):
            letter, colon, value = line[:1], line[1:2], line[2:]
            if colon != b":":
                continue
            if letter == b"R":
                if len(directory) + len(value) <= MAX_PATH_BYTES:
                    files.append(directory + value)
                    size += len(files[-1])
            elif letter == b"F":
                directory = value + b"/" if value else b""
            elif letter in fields:
                fields[letter] = value
            if size > MAX_TEXT_BYTES:
                raise Unreadable("it lists too many paths")
        if plausible(fields[b"P"], fields[b"V"]):
            named = [shown(fields[letter][:1000]) for letter in (b"P", b"V", b"A")]
            packages.append([*named, text(b"\n".join(path for path in files if path[:1] != b"/"))])
        elif paragraph.strip():
            odd += 1
    return Said(packages, f"{odd} of its paragraphs are no package" if odd else "")


def installed(live: Iterable[Live]) -> Iterator[Installed]:
    """What the live databases say."""
    for file in live:
        root = below(file.path, DATABASES) or b""
        for name, version, architecture, lines in file.data:
            key = Key("apk", name, version, architecture, file.path)
            yield Installed(key, (FileList(root, root, lines),), proof=file.real)
