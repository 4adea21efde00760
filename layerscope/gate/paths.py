"""Rules on paths: gitignore patterns over the merged filesystem, or over everything that layers ship."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.gate.subject import Finding, indexes, missing_layers, shown_path, unknown
from layerscope.gate.verdict import Offender
from layerscope.layers.entry import EntryKind, is_marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pathspec

    from layerscope.gate.check import Check
    from layerscope.gate.subject import Subject
    from layerscope.inspection import Inspection

Found = tuple[bytes, bool, int, int]
"""A path, whether it is a directory, the content it ships, the layer that brought it."""


def gitignore(patterns: Iterable[str], what: str) -> pathspec.GitIgnoreSpec:
    """Patterns as git reads them; UsageError for what is none."""
    import pathspec

    try:
        return pathspec.GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise UsageError(
            f"{what}: not a pattern: {error}", hint="paths are gitignore patterns, such as '*.pyc'"
        ) from error


def forbidden(subject: Subject, check: Check) -> Finding:
    """Paths that must not be there. A directory that matches stands for what is below it."""
    lacking = missing_layers(subject.inspection)
    offenders = tuple(_offenders(_paths(subject.inspection, check.everywhere), check))
    if lacking and (check.everywhere is False or not offenders):
        return unknown(f"not every path is known: {lacking}", "paths")
    return Finding(bool(offenders), len(offenders), "paths", offenders, lacking, at_least=bool(lacking))


def required(subject: Subject, check: Check) -> Finding:
    """Patterns each of which some path of the merged filesystem must match."""
    if lacking := missing_layers(subject.inspection):
        return unknown(f"not every path is known: {lacking}", "patterns")
    wanted = {pattern: gitignore([pattern], check.rule.name) for pattern in check.patterns}
    for path, is_directory, _, _ in _paths(subject.inspection, everywhere=False):
        text = _text(path, is_directory)
        for pattern in [pattern for pattern, spec in wanted.items() if spec.match_file(text)]:
            del wanted[pattern]
        if not wanted:
            break
    offenders = tuple(Offender(pattern, detail="no path matches it") for pattern in wanted)
    return Finding(bool(offenders), len(offenders), "patterns", offenders)


def _offenders(paths: Iterable[Found], check: Check) -> Iterator[Offender]:
    """What matches; below a directory that does, nothing more is listed unless a pattern takes something out again."""
    spec = gitignore(check.patterns, check.rule.name)
    folds = not any(pattern.startswith("!") for pattern in check.patterns)
    folded: _Folded | None = None
    for path, is_directory, size, layer in paths:
        if folded is not None and folded.takes(path, size, layer):
            continue
        if folded is not None:
            yield folded.offender()
            folded = None
        if not spec.match_file(_text(path, is_directory)):
            continue
        if is_directory and folds:
            folded = _Folded(path, layer)
        elif not is_directory:
            yield Offender(shown_path(path), layer, path=path, bytes=size)
    if folded is not None:
        yield folded.offender()


class _Folded:
    """A directory that matches, and what lies below it: one offender, of the layer that brought most of its bytes."""

    def __init__(self, path: bytes, layer: int) -> None:
        self._path = path
        self._layers = {layer: 0}

    def takes(self, path: bytes, size: int, layer: int) -> bool:
        below = path.startswith(self._path + b"/")
        if below:
            self._layers[layer] = self._layers.get(layer, 0) + size
        return below

    def offender(self) -> Offender:
        most = max(sorted(self._layers), key=self._layers.__getitem__)
        return Offender(shown_path(self._path) + "/", most, path=self._path, bytes=sum(self._layers.values()))


def _paths(inspection: Inspection, everywhere: bool) -> Iterator[Found]:
    """Parents before what is below them, and that before anything else."""
    filesystem = inspection.filesystem
    if filesystem is None:
        return
    if not everywhere:
        tree = filesystem.tree
        seen: set[tuple[int, int]] = set()
        for path, node in tree.walk():
            inode = (node.layer, node.entry)
            size = 0 if inode in seen else tree.size(node)
            if size:
                seen.add(inode)
            yield path, node.children is not None, size, node.brought
        return
    for number, index in indexes(inspection):
        order = sorted(range(len(index)), key=lambda position: index.paths[position].split(b"/"))
        for position in order:
            path = index.paths[position]
            if path and not is_marker(path):
                yield path, index.kinds[position] == EntryKind.DIRECTORY, index.sizes[position], number


def _text(path: bytes, is_directory: bool) -> str:
    text = path.decode("utf-8", "surrogateescape")
    return text + "/" if is_directory else text
