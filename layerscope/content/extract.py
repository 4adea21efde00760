"""Writing a plan into a directory: regular files, directories and links that stay inside, and nothing else.

No device, no owner, no extended attribute, no setuid, setgid or sticky bit. What cannot be made safely is told of, path
by path.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.content.contents import NotKept, shown
from layerscope.content.destination import Refused
from layerscope.content.verified import verified
from layerscope.filesystem.tree import IMPLIED
from layerscope.layers.entry import EntryKind
from layerscope.layers.partial import read_entries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.content.contents import Contents
    from layerscope.content.destination import Destination
    from layerscope.content.plan import Item, Plan

_SPECIAL_BITS = 0o7000


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A path of the image that is not in the directory now."""

    path: bytes
    reason: str
    in_the_way: bool
    """Whether something in the directory was the reason, not the image."""


@dataclass(slots=True)
class Extracted:
    """What became of a plan."""

    files: int = 0
    """Regular files, every name counted."""
    bytes: int = 0
    """Their content, each inode once."""
    directories: int = 0
    symlinks: int = 0
    bits: int = 0
    """Files and directories written without their setuid, setgid or sticky bit."""
    not_written: list[NotWritten] = field(default_factory=list)


def extract(contents: Contents, plan: Plan, destination: Destination) -> Extracted:
    """Write everything in ``plan`` below ``destination``.

    Each file is verified before it is in its place. DamagedLayer and what reading raises; UsageError where the
    destination takes no more. What was written by then is whole.
    """
    return _Extraction(contents, destination).run(plan)


def require_kept(contents: Contents, plan: Plan) -> None:
    """NotKept where content that ``plan`` needs has passed in a stream: to be asked before anything is written."""
    missing = []
    for item in plan.items:
        blob = contents.image.layers[item.layer]
        if item.kind is not EntryKind.FILE or blob.open is not None:
            continue
        index = contents.layers.index(item.layer)
        if index.sizes[item.entry] and contents.layers.captured(item.layer, item.entry) is None:
            missing.append(index.paths[item.entry])
    if missing:
        raise NotKept(tuple(missing))


class _Extraction:
    def __init__(self, contents: Contents, destination: Destination) -> None:
        self._contents = contents
        self._destination = destination
        self._done = Extracted()
        self._written: dict[tuple[int, int], bytes] = {}
        self._closed: set[bytes] = set()
        """Directories that were refused: nothing goes below them."""

    def run(self, plan: Plan) -> Extracted:
        for path in plan.dangling:
            self._refuse(path, "a hard link that leads nowhere")
        for item in plan.items:
            if item.kind is EntryKind.DIRECTORY:
                self._directory(item)
            elif item.kind not in (EntryKind.FILE, EntryKind.SYMLINK):
                self._refuse(item.path, f"{item.kind.label}s are not made")
        self._files([item for item in plan.items if item.kind is EntryKind.FILE])
        for item in plan.items:  # after every file, so that none could be written through one
            if item.kind is EntryKind.SYMLINK:
                self._symlink(item)
        for item in reversed(plan.items):
            if item.kind is EntryKind.DIRECTORY and item.path and item.path not in self._closed:
                self._settle(item)
        return self._done

    def _directory(self, item: Item) -> None:
        if self._is_closed(item.path):
            self._closed.add(item.path)
            return
        try:
            self._destination.directory(item.path)
        except Refused as refused:
            self._closed.add(item.path)
            self._refuse(item.path, refused.reason, in_the_way=refused.in_the_way)
            return
        self._done.directories += bool(item.path)

    def _settle(self, item: Item) -> None:
        mode, mtime = 0o755, None
        if item.entry != IMPLIED:
            mode, mtime = self._attributes(item)
            self._done.bits += bool(mode & _SPECIAL_BITS)
        try:
            self._destination.settle(item.path, mode, mtime)
        except Refused as refused:
            self._refuse(item.path, refused.reason, in_the_way=refused.in_the_way)

    def _files(self, items: list[Item]) -> None:
        """Layer by layer, each blob once and no further than its last file; more names of a file after its content."""
        names: dict[tuple[int, int], list[Item]] = defaultdict(list)
        for item in items:
            if not self._is_closed(item.path):
                names[item.layer, item.entry].append(item)
        again: dict[int, list[int]] = defaultdict(list)
        for layer, entry in names:
            index = self._contents.layers.index(layer)
            kept = self._contents.layers.captured(layer, entry)
            if not index.sizes[entry]:
                self._file(names[layer, entry], ())
            elif kept is not None:
                self._file(names[layer, entry], kept)
            else:
                again[layer].append(entry)
        reader = self._contents.layers.reader
        for layer in sorted(again):
            blob = self._contents.image.layers[layer]
            entries = read_entries(blob, again[layer], limits=reader.limits, progress=reader.progress)
            with closing(entries):
                for entry, _, content in entries:
                    self._file(names[layer, entry], content)

    def _file(self, items: list[Item], content: Iterable[bytes | memoryview]) -> None:
        """One inode: its content under the first name that takes it, links to that under the others."""
        mode, mtime = self._attributes(items[0])
        index = self._contents.layers.index(items[0].layer)
        size, digest = index.sizes[items[0].entry], index.digest(items[0].entry)
        written: bytes | None = None
        for item in items:
            try:
                if written is None:
                    what = f"{shown(item.path)} in layer {item.layer}"
                    self._destination.file(item.path, verified(content, size, digest, what), mode, mtime)
                    written = item.path
                    self._done.bytes += size
                    self._done.bits += bool(mode & _SPECIAL_BITS)
                else:
                    self._destination.link(written, item.path)
                self._done.files += 1
            except Refused as refused:
                self._refuse(item.path, refused.reason, in_the_way=refused.in_the_way)

    def _symlink(self, item: Item) -> None:
        if self._is_closed(item.path):
            return
        index = self._contents.layers.index(item.layer)
        target = index.link(item.entry)
        reason = leads_out(item.path, target)
        if reason:
            self._refuse(item.path, reason)
            return
        try:
            self._destination.symlink(item.path, target, self._attributes(item)[1])
            self._done.symlinks += 1
        except Refused as refused:
            self._refuse(item.path, refused.reason, in_the_way=refused.in_the_way)

    def _attributes(self, item: Item) -> tuple[int, tuple[int, int]]:
        index = self._contents.layers.index(item.layer)
        return index.modes[item.entry], (index.mtimes[item.entry], index.mtimes_ns[item.entry])

    def _is_closed(self, path: bytes) -> bool:
        if not self._closed:
            return False
        parts = path.split(b"/")
        return any(b"/".join(parts[:count]) in self._closed for count in range(1, len(parts)))

    def _refuse(self, path: bytes, reason: str, *, in_the_way: bool = False) -> None:
        self._done.not_written.append(NotWritten(path, reason, in_the_way))


def leads_out(path: bytes, target: bytes) -> str:
    """Why a symlink at ``path`` with this target may lead out of the directory that is written to; empty if it cannot.

    It goes up only at its beginning, and no further than there are directories above it, which are real ones. After
    that it only goes down, through links that are held to the same rule.
    """
    text = target.decode("utf-8", "backslashreplace")
    if target.startswith(b"/"):
        return f"a symlink to {text}, which is absolute"
    parts = [part for part in target.split(b"/") if part not in (b"", b".")]
    ups = next((count for count, part in enumerate(parts) if part != b".."), len(parts))
    if ups > path.count(b"/"):
        return f"a symlink to {text}, which leads out"
    if b".." in parts[ups:]:
        return f"a symlink to {text}, which goes up again behind a name"
    return ""
