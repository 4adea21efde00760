"""A path of an image, and the bytes behind it."""

from __future__ import annotations

import difflib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.content.layers import ImageLayers
from layerscope.content.verified import verified
from layerscope.content.view import Place, View
from layerscope.errors import NotFound, UsageError
from layerscope.filesystem.tree import MAX_LINKS, split
from layerscope.layers.entry import EntryKind, is_marker
from layerscope.layers.partial import read_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.content.capture import Capture
    from layerscope.layers.reader import LayerReader
    from layerscope.sources.image import Image

_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Found:
    """What a path leads to."""

    path: bytes
    """Where it stands, symlinks followed; relative to the root."""
    kind: EntryKind
    layer: int
    """The layer that holds content and attributes."""
    entry: int
    """Position in that layer's tar."""
    brought: int
    """The layer whose entry put the path there; another one for a hard link into a lower layer."""


class NotKept(Exception):
    """The bytes have passed in a stream and were not kept: ``paths`` must be wanted from the start."""

    def __init__(self, paths: tuple[bytes, ...]) -> None:
        super().__init__(paths)
        self.paths = paths


class Contents:
    """The files of one image."""

    def __init__(self, image: Image, reader: LayerReader, capture: Capture) -> None:
        self.image = image
        self.layers = ImageLayers(image, reader, capture)

    def require_layer(self, layer: int) -> None:
        """UsageError where the image has no such layer."""
        count = len(self.layers)
        if layer >= count:
            raise UsageError(
                f"there is no layer {layer}: {self.image.reference} has {count}",
                hint=f"layers are 0 to {count - 1}, 0 is the bottom",
            )

    def file(self, path: bytes, layer: int | None = None) -> Found:
        """The regular file at ``path``, links followed inside the image: of the merged tree, or as ``layer`` brings it.

        NotFound where there is none, with what comes close; UsageError for what has no content.
        """
        found = self.find(path, layer)
        if found.kind is EntryKind.FILE:
            return found
        if found.kind is EntryKind.DIRECTORY:
            hint = "layerscope files lists it; layerscope extract writes it to a directory"
            raise UsageError(f"{shown(found.path)} is a directory", hint=hint)
        raise UsageError(f"{shown(found.path)} is a {found.kind.label}: it has no content")

    def find(self, path: bytes, layer: int | None = None, *, follow: bool = True) -> Found:
        """What stands at ``path``; a symlink at its very end is followed only with ``follow``."""
        if layer is None:
            return self._resolve(View(self.layers, len(self.layers) - 1), path, follow)
        self.require_layer(layer)
        view = View(self.layers, layer)
        own = self._own(view, path, layer, follow)
        if own is not None:
            return own
        found = self._resolve(view, path, follow=False)
        if found.brought != layer:
            raise NotFound(
                f"layer {layer} does not bring {shown(path)}: it is there from layer {found.brought}",
                hint=f"--layer {found.brought} gives that one",
            )
        return self._resolve(view, path, follow)

    def size(self, found: Found) -> int:
        """Bytes of a regular file."""
        return self.layers.index(found.layer).sizes[found.entry]

    def chunks(self, found: Found) -> Iterator[bytes]:
        """The verified content of a regular file, see ``verified``. NotKept where a stream has passed."""
        index = self.layers.index(found.layer)
        return verified(
            self._raw(found),
            index.sizes[found.entry],
            index.digest(found.entry),
            f"{shown(found.path)} in layer {found.layer}",
        )

    def _raw(self, found: Found) -> Iterator[bytes | memoryview]:
        index = self.layers.index(found.layer)
        if not index.sizes[found.entry]:
            return
        kept = self.layers.captured(found.layer, found.entry)
        if kept is not None:
            yield from kept
            return
        blob = self.image.layers[found.layer]
        if blob.open is None:
            raise NotKept((index.paths[found.entry],))
        reader = self.layers.reader
        with closing(read_entries(blob, [found.entry], limits=reader.limits, progress=reader.progress)) as entries:
            for _, _, content in entries:
                yield from content

    # -- paths ---------------------------------------------------------------------------------------------------

    def _own(self, view: View, path: bytes, layer: int, follow: bool) -> Found | None:
        """What ``layer`` itself lists at exactly this path; no other layer is read for it."""
        wanted = b"/".join(split(path))
        if is_marker(wanted):
            raise NotFound(f"{shown(path)} is the name of a whiteout, not of a file")
        if b".." in split(path) or not wanted:
            return None
        index = self.layers.index(layer)
        position = next((at for at in range(len(index) - 1, -1, -1) if index.paths[at] == wanted), None)
        if position is None:
            return None
        kind = EntryKind(index.kinds[position])
        if kind is EntryKind.HARDLINK or (kind is EntryKind.SYMLINK and follow):
            return None
        return Found(wanted, kind, layer, position, layer)

    def _resolve(self, view: View, path: bytes, follow: bool) -> Found:
        """Go down component by component, following symlinks; ``..`` stops at the root."""
        budget = MAX_LINKS
        real: list[bytes] = []
        parts = split(path)
        parts.reverse()
        place: Place | None = view.at(b"")
        trail = [place]
        while parts:
            name = parts.pop()
            if name == b"..":
                del real[-1:], trail[1:][-1:]
                continue
            here = b"/".join([*real, name])
            place = view.at(here)
            if place is None:
                raise self._missing(view, path, here, b"/".join([here, *reversed(parts)]))
            if place.kind is EntryKind.SYMLINK and (parts or follow):
                budget -= 1
                if budget < 0:
                    raise NotFound(
                        f"{shown(path)}: more than {MAX_LINKS} links to follow",
                        hint=f"its links go in circles; the last one was {shown(here)}",
                    )
                target = view.link(place)
                if target.startswith(b"/"):
                    real.clear()
                    del trail[1:]
                parts.extend(reversed(split(target)))
                continue
            if parts and place.kind is not EntryKind.DIRECTORY:
                raise NotFound(f"{shown(path)} is not in {self.image.reference}: {shown(here)} is a {place.kind.label}")
            real.append(name)
            trail.append(place)
        last = trail[-1]
        assert last is not None
        return Found(b"/".join(real), last.kind, last.layer, last.entry, last.brought)

    # -- what to say of a path that is not there -----------------------------------------------------------------

    def _missing(self, view: View, asked: bytes, missing: bytes, whole: bytes) -> NotFound:
        """``missing`` is where the way to ``whole`` ends; both are real paths, ``asked`` is what somebody wrote."""
        where = self.image.reference if view.top == len(self.layers) - 1 else f"the image after layer {view.top}"
        message = f"{shown(asked)} is not in {where}"
        if is_marker(whole):
            return NotFound(message, hint="names that start with .wh. are whiteouts; no image can have such a file")
        gone = view.decided_by
        if gone is not None:
            message += f": layer {gone} took {shown(missing)} away"
            holders = [n for n, index in self.layers.at_hand() if n < gone and whole in index.paths]
            if holders:
                return NotFound(message, hint=f"--layer {holders[-1]} has it")
        elif b"/".join(split(asked)) != missing:
            message += f": there is no {shown(missing)}"
        near = self._nearest(missing)
        if near is not None:
            return NotFound(message, hint=f"is it {shown(near)}?")
        if gone is not None:
            return NotFound(message, hint="layerscope files IMAGE --deleted lists what is gone, and which layer has it")
        return NotFound(message, hint="layerscope files IMAGE lists what there is")

    def _nearest(self, missing: bytes) -> bytes | None:
        """A path of the layers at hand that differs in its last name alone, if one looks alike."""
        directory, slash, name = missing.rpartition(b"/")
        beside: dict[str, bytes] = {}
        for _, index in self.layers.at_hand():
            for path in index.paths:
                parent, _, other = path.rpartition(b"/")
                if parent == directory and not is_marker(path):
                    beside[other.decode("utf-8", "backslashreplace")] = directory + slash + other
        close = difflib.get_close_matches(name.decode("utf-8", "backslashreplace"), beside, n=1, cutoff=_ALIKE)
        return beside[close[0]] if close else None


def shown(path: bytes) -> str:
    """A path of the image as messages have it."""
    text = b"/".join(split(path)).decode("utf-8", "backslashreplace")
    return f"/{text}"
